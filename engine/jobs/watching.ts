// Watching what serves: metrics for Prometheus, drift of each deployment against the rows its model was trained on, labels
// that come back, and training again with them. Alerts are alerts.ts.
import { Readable } from 'node:stream';
import { csvCell, exportDataset, openDataset } from '../data/index.ts';
import {
  createComparer,
  createMetrics,
  createWatch,
  figuresComparer,
  type Metrics,
  predictionName,
  read,
  type Reference,
  saidOf,
  type Scraped,
  type Subject,
  type Values,
  type Watch,
} from '../monitor/index.ts';
import {
  type Call,
  type Column,
  type Dataset,
  type DriftWindow,
  Fault,
  type Handlers,
  type Manifest,
  type PredictInput,
  type PredictOutput,
} from '../schema/index.ts';
import type { ReplicaSet } from '../serve/index.ts';
import type { JobContext } from './context.ts';
import type { Deployments, Live } from './deployments.ts';
import { openSamples, type Samples } from './samples.ts';

type Names = `deployments.${'feedback' | 'forget' | 'monitor' | 'retrain'}` | 'metrics.show';

/** What a request cost. */
interface Cost {
  queueMs: number;
  computeMs: number;
}

export interface Said {
  id: string;
  model: string;
  version: number;
  inputs: readonly PredictInput[];
  outputs: readonly PredictOutput[];
  ms: number;
}

/** Who else wants to hear of answers and windows. */
export interface Listeners {
  answered(deployment: string, outputs: readonly PredictOutput[]): void;
  window(deployment: string, window: DriftWindow): void;
}

export interface Watching {
  handlers: Pick<Handlers, Names>;
  answered(live: Live, said: Said, cost: Cost): void;
  /** Tensors were answered, which are compared with nothing. */
  ran(live: Live, answer: { version: number; ms: number }, cost: Cost): void;
  failed(live: Live, code: string, ms: number): void;
  batch(deployment: string, rows: number): void;
  /** The watch of a deployment that serves. */
  watch(live: Live): Watch;
  listen(listeners: Listeners): void;
  close(): void;
}

/** Training rows that a reference holds, read in stripes over the whole dataset. */
const referenceRows = 2000;
const stripes = 20;
const predictedRows = 500;
const flushMs = 10_000;

interface Watched {
  watch: Watch;
  samples: Samples;
  /** Model and settings for which the reference was made. */
  made: string;
}

/** Watches all deployments. `sources` are the handlers that training again goes through. */
export function createWatching(
  context: JobContext,
  parts: { deployments: () => Deployments; sources: () => Pick<Handlers, 'datasets.upload' | 'runs.create'> },
): Watching {
  const { store, log, leases } = context;
  const watched = new Map<string, Watched>();
  const listeners: Listeners[] = [];
  const metrics: Metrics = createMetrics(scrape, () => {
    const devices = new Map<string, { id: string; leases: number; threads: number }>();
    for (const { device, threads } of leases.list()) {
      const held = devices.get(device) ?? { id: device, leases: 0, threads: 0 };
      devices.set(device, { id: device, leases: held.leases + 1, threads: held.threads + threads });
    }
    return [...devices.values()];
  });
  const flushing = setInterval(() => {
    for (const { samples } of watched.values()) samples.flush();
  }, flushMs).unref();

  function scrape(): Scraped[] {
    return parts
      .deployments()
      .all()
      .flatMap(({ name, traffic }) =>
        traffic.status().map(({ model, role, replicas, waiting, crashes }) => ({
          deployment: name,
          version: String(model.version),
          role,
          ready: replicas.filter(({ state }) => state === 'ready').length,
          waiting,
          inFlight: replicas.reduce((sum, { inFlight }) => sum + inFlight, 0),
          memory: replicas.reduce((sum, { rss }) => sum + rss, 0),
          crashes,
        })),
      );
  }

  function of(live: Live): Watched {
    let found = watched.get(live.id);
    if (!found) {
      const watch = createWatch({
        window: live.options.watching.window,
        onWindow(window) {
          metrics.drift(live.name, window.figures);
          if (window.drifted) log.warn({ deployment: live.id, window: window.window }, 'drift');
          for (const listener of listeners) listener.window(live.name, window);
        },
      });
      found = { watch, samples: openSamples(store.settings, live.id), made: '' };
      watched.set(live.id, found);
    }
    const { stable } = live.traffic;
    const { window } = live.options.watching;
    const wanted = `${stable?.model.id} ${window}`;
    if (stable?.set.manifest && found.made !== wanted) {
      found.made = wanted;
      const own = found.watch;
      own.resize(window);
      own.compareWith({ is: 'none', comparers: [] });
      void referenceOf(stable.model.id, stable.set.manifest, stable.set).then(
        (reference) => watched.get(live.id)?.made === wanted && own.compareWith(reference),
        (error: unknown) => log.warn({ deployment: live.id, err: error }, 'no reference for drift'),
      );
    }
    return found;
  }

  async function referenceOf(modelId: string, manifest: Manifest, set: ReplicaSet): Promise<Reference> {
    const model = store.models.look(modelId);
    const dataset = model && model.dataset !== '' ? store.datasets.look(model.dataset) : undefined;
    const subjects = subjectsOf(manifest);
    if (!dataset?.object || dataset.state !== 'ready') return fromFigures(manifest, subjects);
    const rows = await sampleRows(dataset, subjects);
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

  async function sampleRows(dataset: Dataset, subjects: readonly Subject[]): Promise<Record<string, unknown>[]> {
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

  const monitorOf = (name: string) => {
    const live = parts.deployments().live(name);
    if (!live)
      throw new Fault(
        'unavailable',
        `Deployment ${name} is saved; nothing watches it until an appliance stays up: neutrino start`,
      );
    return { live, ...of(live) };
  };

  async function retrain(name: string, call: Call) {
    const { live, samples } = monitorOf(name);
    const rows = samples.labelled();
    if (rows.length === 0) {
      throw new Fault(
        'conflict',
        `No row of ${name} is kept with its right answer. Set watching.sample above 0 and send labels to its feedback first.`,
      );
    }
    const { stable } = live.traffic;
    const model = store.models.get(stable?.model.id ?? '');
    const run = model.parentId === undefined ? undefined : store.runs.look(model.parentId);
    if (!run)
      throw new Fault(
        'conflict',
        `${model.name}@${model.version} was not trained here, so that its training cannot be repeated.`,
      );
    const dataset = store.datasets.look(model.dataset);
    const source = dataset?.state === 'ready' ? dataset : undefined;
    const columns = source?.shape?.columns.map((column) => column.name) ?? [
      ...new Set([...(stable?.set.manifest?.features.map(({ column }) => column) ?? []), model.target]),
    ];
    const only = stable?.set.manifest?.features[0]?.column ?? '';
    const lines = rows.map(({ input, label }) => {
      const row = { ...(typeof input === 'string' ? { [only]: input } : input), [model.target]: label };
      return `${columns.map((column) => cellOf((row as Record<string, unknown>)[column])).join(',')}\n`;
    });
    async function* bytes(): AsyncGenerator<Uint8Array> {
      if (source?.object) {
        const reader = openDataset(store.objects.open(source.object));
        try {
          yield* exportDataset(reader, 'csv');
        } finally {
          reader.close();
        }
      } else yield Buffer.from(`${columns.map(cellOf).join(',')}\n`);
      yield Buffer.from(lines.join(''));
    }
    const base = (source?.name ?? model.name).replace(/ with feedback.*$/, '');
    const title = `${base} with feedback ${new Date(context.now()).toISOString().slice(0, 19).replace('T', ' ')}`;
    const types = Object.fromEntries(
      (source?.shape?.columns ?? []).map((column: Column) => [column.name, column.type]),
    );
    const { 'datasets.upload': upload, 'runs.create': create } = parts.sources();
    const made = await upload(
      {
        params: undefined,
        query: { filename: `${base}.csv`, name: title, options: JSON.stringify({ format: 'csv', types }) },
        body: undefined,
      },
      { ...call, upload: { stream: Readable.from(bytes(), { objectMode: false }) } },
    );
    return create({ params: undefined, query: undefined, body: { ...run.request, dataset: made.id } }, call);
  }

  return {
    answered(live, said, { queueMs, computeMs }) {
      const { watch, samples } = of(live);
      watch.answered(said);
      metrics.answered(live.name, String(said.version), {
        whole: said.ms / 1000,
        queue: queueMs / 1000,
        compute: computeMs / 1000,
      });
      const { watching } = live.options;
      if (watching.sample > 0) {
        samples.take(
          { id: said.id, at: context.now(), inputs: [...said.inputs], said: said.outputs.map(saidOf) },
          watching,
        );
      }
      for (const listener of listeners) listener.answered(live.name, said.outputs);
    },
    ran(live, { version, ms }, { queueMs, computeMs }) {
      of(live).watch.answered({ id: '', model: '', version, inputs: [], outputs: [], ms });
      metrics.answered(live.name, String(version), {
        whole: ms / 1000,
        queue: queueMs / 1000,
        compute: computeMs / 1000,
      });
    },
    failed(live, code, ms) {
      of(live).watch.failed(ms, code);
      metrics.failed(live.name, code, ms / 1000);
    },
    batch: (deployment, rows) => metrics.ran(deployment, rows),
    watch: (live) => of(live).watch,
    listen: (given) => void listeners.push(given),
    handlers: {
      'deployments.feedback'({ params, body }) {
        const { watch, samples } = monitorOf(params.name);
        let taken = 0;
        for (const { id, index, label } of body.items) {
          samples.label(id, index, label);
          if (watch.label(id, index, label)) taken++;
        }
        return { taken, unknown: body.items.length - taken };
      },
      'deployments.monitor'({ params }) {
        const { watch, samples } = monitorOf(params.name);
        const { reference, windows, filling, quality } = watch;
        return { reference, windows: [...windows], filling, quality, samples: samples.count };
      },
      'deployments.forget'({ params }) {
        const { id } = store.deployments.find(params.name);
        const samples = watched.get(id)?.samples ?? openSamples(store.settings, id);
        return { erased: samples.erase() };
      },
      'deployments.retrain': ({ params }, call) => retrain(params.name, call),
      async 'metrics.show'(_input, call) {
        const { type, text } = await metrics.text();
        call.reply({ 'content-type': type }, [text]);
        return undefined;
      },
    },
    close() {
      clearInterval(flushing);
      for (const { samples } of watched.values()) samples.flush();
    },
  };
}

/** What is compared of a model's inputs. Pictures and sound are not. */
function subjectsOf(manifest: Manifest): Subject[] {
  const kinds: Partial<Record<Manifest['features'][number]['as'], Subject['kind']>> = {
    numeric: 'number',
    category: 'category',
    text: 'text',
  };
  return manifest.features.flatMap(({ column, as }) => {
    const kind = kinds[as];
    return kind ? [{ name: column, kind }] : [];
  });
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

const cellOf = (value: unknown): string =>
  value === null || value === undefined ? '' : csvCell(typeof value === 'string' ? value : JSON.stringify(value), true);
