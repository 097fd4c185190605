// The versions of a dataset: which there are, which one a name or a hash means. Pure over the record.
import { type Dataset, type DatasetVersion, Fault, faultFrom, type RecipeStep } from '../schema/index.ts';

/** A dataset with rows. */
export type Ready = Dataset & { object: string };

/** The dataset when it has rows; throws why it has none: its import's fault, or `conflict` while that goes on. */
export function needReady(dataset: Dataset): Ready {
  if (dataset.state === 'ready' && dataset.object) return { ...dataset, object: dataset.object };
  if (dataset.error) throw faultFrom(dataset.error as Parameters<typeof faultFrom>[0]);
  throw new Fault('conflict', `Dataset ${dataset.name} is ${dataset.state}. Wait until it is ready.`);
}

/** Every version there is, oldest first; a dataset that was never changed has the one that was imported. */
export function versionsOf(dataset: Ready): DatasetVersion[] {
  if (dataset.versions && dataset.versions.length > 0) return dataset.versions;
  const { object, sha256 = '', shape, createdAt } = dataset;
  return [
    {
      version: 1,
      sha256,
      object,
      rows: shape?.rows ?? 0,
      columns: shape?.columns.length ?? 0,
      steps: [],
      at: createdAt,
    },
  ];
}

/** The present version. */
export function presentOf(dataset: Ready): DatasetVersion {
  const versions = versionsOf(dataset);
  return versions.find(({ version }) => version === (dataset.version ?? 1)) ?? versions[versions.length - 1];
}

/** The version that the recipe begins from. */
export function baseOf(dataset: Ready): DatasetVersion {
  return numbered(dataset, dataset.base ?? 1);
}

/** The version of this number; `not_found` when there is none any more. */
export function numbered(dataset: Ready, version: number): DatasetVersion {
  const versions = versionsOf(dataset);
  const found = versions.find((one) => one.version === version);
  if (found) return found;
  throw new Fault(
    'not_found',
    `Dataset ${dataset.name} has no version ${version}. It has: ${versions.map((one) => one.version).join(', ')}.`,
  );
}

/** Steps of the recipe as it stands. */
export const stepsOf = (dataset: Ready): RecipeStep[] => dataset.recipe ?? presentOf(dataset).steps;

/** Whether two lists of steps are the same. */
export const sameSteps = (a: readonly RecipeStep[], b: readonly RecipeStep[]): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** Steps that no version holds yet, or undefined where steps of the present version were taken back. */
export function pendingOf(dataset: Ready): RecipeStep[] | undefined {
  const [steps, held] = [stepsOf(dataset), presentOf(dataset)];
  const made = held.version === (dataset.base ?? 1) ? [] : held.steps;
  return sameSteps(steps.slice(0, made.length), made) ? steps.slice(made.length) : undefined;
}

/** Objects of all versions. */
export const objectsOf = (dataset: Dataset): string[] => [
  ...new Set([...(dataset.object ? [dataset.object] : []), ...(dataset.versions ?? []).map(({ object }) => object)]),
];
