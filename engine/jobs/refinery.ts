// Data quality as the appliance keeps it going: children profile, look for what identifies people and run recipes; here stands
// what they are given and what becomes of their answers. A new version is registered in one transaction or not at all.
import { randomBytes } from 'node:crypto';
import { openDataset, sayStep } from '../data/index.ts';
import {
  type Dataset,
  type DatasetVersion,
  Fault,
  type Handlers,
  type PackGrant,
  type Profile,
  type RecipeStep,
  type RecipeView,
  type RefineWork,
} from '../schema/index.ts';
import { type JobContext, needDisk } from './context.ts';
import { refineInChild } from './refining.ts';
import {
  baseOf,
  needReady,
  numbered,
  pendingOf,
  presentOf,
  type Ready,
  sameSteps,
  stepsOf,
  versionsOf,
} from './versions.ts';

type Names =
  | 'profile'
  | 'sensitive'
  | 'split'
  | `recipe.${'show' | 'add' | 'preview' | 'undo' | 'apply'}`
  | `versions.${'use' | 'forget'}`;

export interface Refinery {
  handlers: Pick<Handlers, `datasets.${Names}`>;
  /** Makes a version with these steps after those of the present one. */
  extend(dataset: Ready, steps: RecipeStep[]): Promise<Dataset>;
  /** Throws `conflict` while a change of it is under way, which would not know of another one. */
  needQuiet(dataset: Dataset): void;
}

/** Key of hashes and stand-ins, kept sealed; the same for the life of the appliance, so that pseudonyms stay. */
export function maskSecret({ store }: Pick<JobContext, 'store'>): Uint8Array {
  const name = 'mask-secret';
  const known = store.settings.get(name);
  if (typeof known === 'string') return Buffer.from(known, 'base64');
  const made = randomBytes(32);
  store.settings.set(name, made.toString('base64'));
  return made;
}

/** Profiles kept; the one used longest ago goes. */
const mostProfiles = 50;

/** Datasets refined. `labels` gives the steps of labels that were set and are not in a version yet, and marks them done. */
export function createRefinery(
  context: JobContext,
  labels: { steps: (dataset: Ready) => RecipeStep[]; applied: (dataset: Ready) => void },
): Refinery {
  const { config, store, events, log } = context;
  const { datasets, objects } = store;
  const profiles = new Map<string, Promise<Profile>>();
  const busy = new Set<string>();

  const readyOf = (idOrName: string): Ready => needReady(datasets.find(idOrName));

  const run = <K extends RefineWork['do']>(id: string, work: Extract<RefineWork, { do: K }>, signal: AbortSignal) =>
    refineInChild(context, id, work, signal);

  function profile(dataset: Ready, target: string | undefined, test: string | undefined): Promise<Profile> {
    const other = test === undefined ? undefined : readyOf(test);
    const key = [dataset.id, dataset.sha256, target ?? dataset.shape?.target, other?.sha256].join(' ');
    const known = profiles.get(key);
    if (known) {
      profiles.delete(key);
      profiles.set(key, known);
      return known;
    }
    // Whoever asks first may leave; the next one finds it done.
    const made = run(
      dataset.id,
      {
        do: 'profile',
        dataset: objects.grant(dataset.object),
        ...(target === undefined ? {} : { target }),
        ...(other ? { test: objects.grant(other.object) } : {}),
        version: dataset.version ?? 1,
        sha256: dataset.sha256 ?? '',
      },
      context.closing,
    ).then(({ profile }) => profile);
    profiles.set(key, made);
    made.catch(() => profiles.delete(key));
    for (const old of profiles.keys()) {
      if (profiles.size <= mostProfiles) break;
      profiles.delete(old);
    }
    return made;
  }

  /** What a recipe needs of the store. */
  function recipe(dataset: Ready, steps: RecipeStep[]) {
    const others: Record<string, PackGrant> = {};
    for (const step of steps) {
      if (step.op !== 'join' || step.sha256 === undefined) continue;
      const other = readyOf(step.dataset);
      const version = versionsOf(other).find(({ sha256 }) => sha256 === step.sha256);
      if (!version)
        throw new Fault(
          'conflict',
          `Dataset ${other.name} no longer has the version that the recipe joins. Take that step back and add it again.`,
        );
      others[step.sha256] = objects.grant(version.object);
    }
    return {
      base: objects.grant(baseOf(dataset).object),
      steps,
      others,
      secret: maskSecret(context),
      seconds: Math.min(600, config.limits.importSeconds),
    };
  }

  /** Steps as they are kept: a join names the content that is there now. */
  function pinned(steps: readonly RecipeStep[], self: Ready): RecipeStep[] {
    return steps.map((step) => {
      if (step.op !== 'join' || step.sha256 !== undefined) return step;
      const other = readyOf(step.dataset);
      if (other.id === self.id) throw new Fault('bad_request', 'A dataset cannot be joined with itself.');
      return { ...step, dataset: other.id, ...(other.sha256 === undefined ? {} : { sha256: other.sha256 }) };
    });
  }

  const view = (dataset: Ready): RecipeView => {
    const steps = stepsOf(dataset);
    const pending = pendingOf(dataset);
    return {
      version: presentOf(dataset).version,
      base: baseOf(dataset).version,
      steps,
      says: steps.map(sayStep),
      clean: pending !== undefined && pending.length === 0,
      versions: versionsOf(dataset),
    };
  };

  function needQuiet({ id, name }: Dataset): void {
    if (busy.has(id)) throw new Fault('conflict', `Dataset ${name} is being changed already. Wait until that is done.`);
  }

  /** One change of a dataset at a time. */
  async function alone<T>(dataset: Ready, work: () => Promise<T>): Promise<T> {
    needQuiet(dataset);
    busy.add(dataset.id);
    try {
      return await work();
    } finally {
      busy.delete(dataset.id);
    }
  }

  const announce = (dataset: Dataset): Dataset => {
    events.emit('dataset.changed', dataset.id, dataset);
    return dataset;
  };

  /** Makes the outcome of the steps the present version; one that was made before is taken up again. */
  async function derive(dataset: Ready, steps: RecipeStep[], signal: AbortSignal): Promise<Dataset> {
    const base = baseOf(dataset);
    const versions = versionsOf(dataset);
    const known = versions.find((one) =>
      steps.length === 0 ? one.version === base.version : one.from === base.version && sameSteps(one.steps, steps),
    );
    if (known) return announce(take(dataset, known, steps));
    await needDisk(context, `A new version of ${dataset.name}`);
    const pack = objects.create('dataset');
    try {
      const { shape, sha256, stored } = await run(
        dataset.id,
        { do: 'derive', pack, ...recipe(dataset, steps) },
        signal,
      );
      const made = store.transaction(() => {
        objects.register(pack.id, { refs: [dataset.id] });
        // What changed in the meantime stays.
        const now = readyOf(dataset.id);
        const version: DatasetVersion = {
          version: Math.max(...versionsOf(now).map((one) => one.version)) + 1,
          sha256,
          object: pack.id,
          rows: shape.rows,
          columns: shape.columns.length,
          from: base.version,
          steps,
          at: context.now(),
        };
        return datasets.update(dataset.id, {
          versions: [...versionsOf(now), version],
          version: version.version,
          object: pack.id,
          sha256,
          shape,
          recipe: steps,
          bytes: { source: dataset.bytes?.source ?? 0, stored },
        });
      });
      log.info({ dataset: dataset.id, version: made.version, rows: shape.rows }, 'version made');
      return announce(made);
    } catch (error) {
      objects.erase(pack.id);
      throw error;
    }
  }

  function take(dataset: Ready, version: DatasetVersion, steps: RecipeStep[]): Dataset {
    const reader = openDataset(objects.open(version.object));
    try {
      const { shape } = reader;
      return datasets.update(dataset.id, {
        versions: versionsOf(dataset),
        version: version.version,
        object: version.object,
        sha256: version.sha256,
        shape,
        recipe: steps,
        base: dataset.base ?? 1,
      });
    } finally {
      reader.close();
    }
  }

  function apply(dataset: Ready, signal: AbortSignal): Promise<Dataset> {
    return alone(dataset, async () => {
      const open = labels.steps(dataset);
      const pending = pendingOf(dataset);
      if (open.length > 0 && !pending) {
        throw new Fault(
          'conflict',
          'Labels were set on the present version, whose steps were taken back. Apply the labels first: neutrino datasets label apply.',
        );
      }
      const held = stepsOf(dataset);
      const steps =
        open.length > 0 && pending ? [...held.slice(0, held.length - pending.length), ...open, ...pending] : held;
      const made = await derive(dataset, steps, signal);
      if (open.length > 0) labels.applied(dataset);
      return made;
    });
  }

  return {
    handlers: {
      'datasets.profile': ({ params, query }) => profile(readyOf(params.id), query.target, query.test),
      async 'datasets.sensitive'({ params, body }, { signal }) {
        const dataset = readyOf(params.id);
        const { sample, ...options } = body;
        const missing = options.columns?.find((name) => !dataset.shape?.columns.some((column) => column.name === name));
        if (missing !== undefined)
          throw new Fault('bad_request', `Dataset ${dataset.name} has no column ${JSON.stringify(missing)}.`);
        const grant = objects.grant(dataset.object);
        const { report } = await run(
          dataset.id,
          { do: 'sensitive', dataset: grant, sample, options, secret: maskSecret(context) },
          signal,
        );
        return report;
      },
      async 'datasets.split'({ params, query }, { signal }) {
        const dataset = readyOf(params.id);
        const work = { do: 'split' as const, dataset: objects.grant(dataset.object), ask: query };
        return (await refineInChild(context, dataset.id, work, signal, true)).split;
      },
      'datasets.recipe.show': ({ params }) => view(readyOf(params.id)),
      async 'datasets.recipe.preview'({ params, body }, { signal }) {
        const dataset = readyOf(params.id);
        const steps = [...stepsOf(dataset), ...pinned(body.steps, dataset)];
        const { preview } = await run(dataset.id, { do: 'preview', ...recipe(dataset, steps) }, signal);
        return preview;
      },
      async 'datasets.recipe.add'({ params, body }, { signal }) {
        const dataset = readyOf(params.id);
        return alone(dataset, async () => {
          const steps = [...stepsOf(dataset), ...pinned(body.steps, dataset)];
          await run(dataset.id, { do: 'preview', ...recipe(dataset, steps) }, signal);
          return view(changed(datasets.update(dataset.id, { recipe: steps, versions: versionsOf(dataset) })));
        });
      },
      'datasets.recipe.undo': ({ params }) => {
        const dataset = readyOf(params.id);
        needQuiet(dataset);
        const steps = stepsOf(dataset);
        if (steps.length === 0) throw new Fault('conflict', `The recipe of ${dataset.name} has no step to take back.`);
        return view(
          changed(datasets.update(dataset.id, { recipe: steps.slice(0, -1), versions: versionsOf(dataset) })),
        );
      },
      'datasets.recipe.apply': ({ params }, { signal }) => apply(readyOf(params.id), signal),
      'datasets.versions.use'({ params }) {
        const dataset = readyOf(params.id);
        needQuiet(dataset);
        if (labels.steps(dataset).length > 0)
          throw new Fault(
            'conflict',
            'Labels were set on the present version. Apply them first: neutrino datasets label apply.',
          );
        const version = numbered(dataset, params.version);
        const base = version.from ?? version.version;
        const based = changed(datasets.update(dataset.id, { base, versions: versionsOf(dataset) }));
        return announce(take(based, version, version.from === undefined ? [] : version.steps));
      },
      'datasets.versions.forget'({ params }) {
        const dataset = readyOf(params.id);
        needQuiet(dataset);
        const present = presentOf(dataset);
        const gone = versionsOf(dataset).filter(({ version }) => version !== present.version);
        const user = store.runs.list({
          where: (run) =>
            ['queued', 'preparing', 'running', 'waiting', 'stopping'].includes(run.state) &&
            run.dataset.id === dataset.id,
        }).items[0];
        if (user)
          throw new Fault(
            'conflict',
            `Run ${user.id} is using dataset ${dataset.name}. Stop it first: neutrino runs stop ${user.id}`,
          );
        const { from: _from, ...kept } = present;
        const made = store.transaction(() => {
          const updated = datasets.update(dataset.id, {
            versions: [kept],
            base: kept.version,
            version: kept.version,
            recipe: [],
          });
          for (const { object } of gone) if (object !== kept.object) objects.erase(object);
          return updated;
        });
        return announce(made);
      },
    },
    needQuiet,
    extend: (dataset, steps) => alone(dataset, () => derive(dataset, [...stepsOf(dataset), ...steps], context.closing)),
  };

  function changed(dataset: Dataset): Ready {
    announce(dataset);
    return readyOf(dataset.id);
  }
}
