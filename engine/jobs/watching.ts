// Watching what serves: metrics for Prometheus, drift of each deployment against the rows its model was trained on
// (reference.ts), labels that come back, and training again with them (retraining.ts). Alerts are alerts.ts.
import { createMetrics, createWatch, type Metrics, saidOf, type Scraped, type Watch } from '../monitor/index.ts';
import { type DriftWindow, Fault, type Handlers, type PredictInput, type PredictOutput } from '../schema/index.ts';
import type { JobContext } from './context.ts';
import type { Deployments } from './deployments.ts';
import type { Live } from './lives.ts';
import { referenceOf } from './reference.ts';
import { retrain } from './retraining.ts';
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
      void referenceOf(store, stable.model.id, stable.set.manifest, stable.set).then(
        (reference) => watched.get(live.id)?.made === wanted && own.compareWith(reference),
        (error: unknown) => log.warn({ deployment: live.id, err: error }, 'no reference for drift'),
      );
    }
    return found;
  }

  /** What is noted of answers once they are on their way: nobody should wait for figures. Whoever reads figures asks for it first. */
  const notes: (() => void)[] = [];
  const noteAll = () => {
    for (const note of notes.splice(0)) {
      try {
        note();
      } catch (error) {
        log.error({ err: error }, 'an answer was not noted');
      }
    }
  };
  const noteSoon = (note: () => void) => {
    if (notes.push(note) === 1) setImmediate(noteAll);
  };

  const monitorOf = (name: string) => {
    noteAll();
    const live = parts.deployments().live(name);
    if (!live)
      throw new Fault(
        'unavailable',
        `Deployment ${name} is saved; nothing watches it until an appliance stays up: neutrino start`,
      );
    return { live, ...of(live) };
  };

  return {
    answered(live, said, { queueMs, computeMs }) {
      noteSoon(() => {
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
      });
    },
    ran(live, { version, ms }, { queueMs, computeMs }) {
      noteSoon(() => {
        of(live).watch.answered({ id: '', model: '', version, inputs: [], outputs: [], ms });
        metrics.answered(live.name, String(version), {
          whole: ms / 1000,
          queue: queueMs / 1000,
          compute: computeMs / 1000,
        });
      });
    },
    failed(live, code, ms) {
      of(live).watch.failed(ms, code);
      metrics.failed(live.name, code, ms / 1000);
    },
    batch: (deployment, rows) => metrics.ran(deployment, rows),
    watch(live) {
      noteAll();
      return of(live).watch;
    },
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
        noteAll();
        const { id } = store.deployments.find(params.name);
        const samples = watched.get(id)?.samples ?? openSamples(store.settings, id);
        return { erased: samples.erase() };
      },
      'deployments.retrain'({ params }, call) {
        const { live, samples } = monitorOf(params.name);
        return retrain(context, parts.sources(), live, samples.labelled(), call);
      },
      async 'metrics.show'(_input, call) {
        noteAll();
        const { type, text } = await metrics.text();
        call.reply({ 'content-type': type }, [text]);
        return undefined;
      },
    },
    close() {
      clearInterval(flushing);
      noteAll();
      for (const { samples } of watched.values()) samples.flush();
    },
  };
}
