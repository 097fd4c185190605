// What a deployment's traffic is compared with to find drift: training rows of its model, read in stripes over the whole
// dataset, and what the model says of some of them. Comparing is monitor/'s.
import { openDataset } from '../data/index.ts';
import {
  createComparer,
  figuresComparer,
  predictionName,
  read,
  type Reference,
  saidOf,
  type Subject,
  type Values,
} from '../monitor/index.ts';
import type { Dataset, Manifest } from '../schema/index.ts';
import type { ReplicaSet } from '../serve/index.ts';
import type { JobContext } from './context.ts';

/** Training rows that a reference holds, read in stripes over the whole dataset. */
const referenceRows = 2000;
const stripes = 20;
const predictedRows = 500;

/** What a model's inputs and answers are compared with: its training rows, else the figures that its bundle has of them. */
export async function referenceOf(
  store: JobContext['store'],
  modelId: string,
  manifest: Manifest,
  set: ReplicaSet,
): Promise<Reference> {
  const model = store.models.look(modelId);
  const dataset = model && model.dataset !== '' ? store.datasets.look(model.dataset) : undefined;
  const subjects = subjectsOf(manifest);
  if (!dataset?.object || dataset.state !== 'ready') return fromFigures(manifest, subjects);
  const rows = await sampleRows(store, dataset, subjects);
  if (rows.length === 0) return fromFigures(manifest, subjects);
  const comparers = subjects.map((subject) =>
    createComparer(
      subject,
      rows.map((row) => read(row[subject.name], subject.kind)),
    ),
  );
  const kind = manifest.task === 'regression' ? 'number' : 'category';
  const said = manifest.classes.length > 0 || manifest.task === 'regression' ? await predictions(rows, set) : [];
  if (said.length > 0) comparers.push(createComparer({ name: predictionName, kind }, said));
  return { is: 'rows', comparers };
}

async function sampleRows(
  store: JobContext['store'],
  dataset: Dataset,
  subjects: readonly Subject[],
): Promise<Record<string, unknown>[]> {
  const reader = openDataset(store.objects.open(dataset.object ?? ''));
  try {
    const each = Math.ceil(referenceRows / stripes);
    const rows: Record<string, unknown>[] = [];
    const step = Math.max(each, Math.floor(reader.rows / stripes));
    for (let from = 0; from < reader.rows && rows.length < referenceRows; from += step) {
      const { columns, rows: cells } = reader.preview(from, each);
      const places = subjects.map(({ name }) => [name, columns.indexOf(name)] as const);
      for (const row of cells) rows.push(Object.fromEntries(places.map(([name, i]) => [name, row[i] ?? null])));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return rows;
  } finally {
    reader.close();
  }
}

/** What the model says of training rows; nothing when it cannot take them as they are. */
async function predictions(rows: Record<string, unknown>[], set: ReplicaSet): Promise<Values> {
  const step = Math.max(1, Math.floor(rows.length / predictedRows));
  const chosen = rows.filter((_, i) => i % step === 0);
  try {
    const { outputs } = await set.predict(chosen, { priority: 'low' });
    return outputs.map(saidOf);
  } catch {
    return [];
  }
}

/** What is compared of a model's inputs. Pictures and sound are not. */
function subjectsOf(manifest: Manifest): Subject[] {
  const kinds: Partial<Record<Manifest['features'][number]['as'], Subject['kind']>> = {
    numeric: 'number',
    category: 'category',
    text: 'text',
  };
  // A date feeds several inputs and is one column.
  const columns = new Map(manifest.features.map(({ column, as }) => [column, kinds[as]]));
  return [...columns].flatMap(([name, kind]) => (kind ? [{ name, kind }] : []));
}

/** The figures in the bundle, for a model whose training rows are not here. */
function fromFigures(manifest: Manifest, subjects: readonly Subject[]): Reference {
  const columns = new Map(manifest.columns.map((column) => [column.name, column]));
  const comparers = subjects.flatMap((subject) => {
    const column = columns.get(subject.name);
    const comparer = column ? figuresComparer(subject, column, manifest.data.rows) : undefined;
    return comparer ? [comparer] : [];
  });
  return comparers.length > 0 ? { is: 'figures', comparers } : { is: 'none', comparers };
}
