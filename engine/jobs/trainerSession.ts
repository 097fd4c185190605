// One trainer process working on one run: what it says becomes the run's record, its journal, its checkpoints and, at the
// end, its model. It decides nothing about queues: that is runs.ts.
import { deathFault, spawnChild } from '../children/index.ts';
import {
  type ChildExit,
  type DatasetGrant,
  Fault,
  type FaultBody,
  faultBody,
  type FromTrainer,
  type MetricPoint,
  type PackGrant,
  type Progress,
  type Run,
  type ToTrainer,
} from '../schema/index.ts';
import { type JobContext, throttle } from './context.ts';
import type { HeldLease } from './leases.ts';
import type { Models } from './models.ts';
import type { LeadSession } from './roomLead.ts';

/** What is known of a run beyond its record while it trains. */
export interface LiveRun {
  progress: Progress | undefined;
  /** Last value of each metric. */
  metrics: Record<string, number>;
}

export interface SessionParts {
  run: Run;
  dataset: DatasetGrant;
  test: DatasetGrant | undefined;
  base: PackGrant | undefined;
  /** The finished search that this one begins from. */
  prior: Extract<ToTrainer, { type: 'train' }>['prior'] | undefined;
  lease: HeldLease;
  models: Models;
  live: LiveRun;
  /** Other machines that train along. */
  room: LeadSession | undefined;
  /** Tells the world that the run's record changed. */
  announce: (run: Run) => void;
}

export interface TrainerSession {
  /** Asks for the best state so far; the trainer is ended when it does not come in time. */
  stop(): void;
  kill(): void;
  /** Whether the others of its room go on without it. */
  readonly goesOn: boolean;
  /** Resolves when the process is gone and the record says how the run ended. */
  readonly ended: Promise<void>;
}

/** A ring that waits so long does not only change its members, ms. */
const waitingMs = 5000;
/** Time for a stopping trainer to finish its step, evaluate and write its bundle, ms. */
const stopMs = 180_000;

/** Starts the trainer of a run that is `preparing`. Throws when the process cannot be started. */
export function startTrainer(context: JobContext, parts: SessionParts): TrainerSession {
  const { config, store, events, log } = context;
  const { runs, objects, journal } = store;
  const { lease, models, live, announce } = parts;
  const { id, request } = parts.run;
  const name = request.name ?? parts.run.dataset.name;
  const place = models.reserve(name);
  /** Objects that the trainer may be writing; whatever is not registered when it ends is erased. */
  const writing = new Set<string>();
  const create = (is: 'bundle' | 'checkpoint') => {
    const grant = objects.create(is);
    writing.add(grant.id);
    return grant;
  };
  let over = false;
  let goesOn = false;
  /** Since when its ring has waited. */
  let waits: number | undefined;
  let fault: FaultBody | undefined;
  let stopTimer: NodeJS.Timeout | undefined;

  const { checkpoint } = parts.run;
  journal.cut(id, checkpoint?.step ?? 0);
  const bundle = create('bundle');
  const child = spawnChild('trainer', { log, memory: lease.memory });
  child.send({
    type: 'train',
    runId: id,
    publish: { name, version: place.version },
    request,
    dataset: parts.dataset,
    ...(parts.test ? { test: parts.test } : {}),
    ...(parts.base ? { base: parts.base } : {}),
    lease,
    checkpointSeconds: config.checkpointSeconds,
    ...(parts.prior ? { prior: parts.prior } : {}),
    ...(checkpoint ? { resume: objects.grant(checkpoint.object) } : {}),
    bundle,
    spentMs: checkpoint?.spentMs ?? 0,
    ...(parts.room ? { room: parts.room.order } : {}),
  });

  const tellProgress = throttle(100, (progress: Progress) => events.emit('run.progress', id, progress));

  function onMetrics(points: MetricPoint[]): void {
    journal.append(id, points);
    for (const point of points) live.metrics[point.name] = point.value;
    events.metrics(id, points);
  }

  function onCheckpoint({ object, step, spentMs, sha256 }: Extract<FromTrainer, { type: 'checkpoint' }>): void {
    const run = store.transaction(() => {
      const before = runs.get(id).checkpoint?.object;
      // Points up to this step go with it: a resume starts its curve right after them.
      journal.flush();
      objects.register(object, { refs: [id], sha256 });
      if (before) objects.erase(before);
      return runs.update(id, {
        checkpoint: { object, step, at: context.now(), spentMs },
        metrics: { ...live.metrics },
      });
    });
    writing.delete(object);
    announce(run);
  }

  function onFinished({ report, manifest, bundle: made, stopped }: Extract<FromTrainer, { type: 'finished' }>): void {
    journal.flush();
    const done = store.transaction(() => {
      if (runs.get(id).state === 'waiting') runs.update(id, { state: 'running' });
      const run = runs.get(id);
      const model = models.publish({
        name,
        version: place.version,
        manifest,
        object: bundle.id,
        bundle: made,
        runId: id,
      });
      // A run that was stopped may go on later, from its last checkpoint; a search's trials serve others that begin from it.
      const isKept = stopped || run.search !== undefined;
      if (run.checkpoint && !isKept) objects.erase(run.checkpoint.object);
      const updated = runs.update(id, {
        state: stopped ? 'stopped' : 'finished',
        report,
        model: { id: model.id, name: model.name, version: model.version },
        metrics: { ...live.metrics },
        progress: live.progress,
        endedAt: context.now(),
        ...(parts.room ? { room: parts.room.end() } : {}),
        ...(isKept ? {} : { checkpoint: undefined }),
      });
      return { run: updated, model };
    });
    writing.delete(bundle.id);
    over = true;
    journal.compact(id);
    events.emit('model.changed', done.model.id, done.model);
    announce(done.run);
    log.info({ run: id, model: done.model.id, stopped, steps: report.steps }, 'run finished');
  }

  function onFailed(body: FaultBody): void {
    fault ??= body;
  }

  const handlers: { [T in FromTrainer['type']]: (message: Extract<FromTrainer, { type: T }>) => void } = {
    plan({ plan }) {
      const { state } = runs.get(id);
      announce(runs.update(id, { plan, ...(state === 'preparing' ? { state: 'running' } : {}) }));
    },
    progress({ progress }) {
      live.progress = progress;
      tellProgress(progress);
    },
    metrics: ({ points }) => onMetrics(points),
    search({ search }) {
      announce(runs.update(id, { search }));
    },
    roomOpen: ({ id: trainer, port }) => parts.room?.opened(trainer, port, (message) => void child.send(message)),
    roomFigures({ figures }) {
      parts.room?.figures(figures);
      const { state } = runs.get(id);
      // As a minority it can only wait for the others.
      if (state === 'running' && figures.ring === 'waiting') waits ??= context.now();
      else waits = undefined;
      if (waits !== undefined && context.now() - waits > waitingMs) announce(runs.update(id, { state: 'waiting' }));
      if (state === 'waiting' && figures.ring === 'working') announce(runs.update(id, { state: 'running' }));
    },
    wantCheckpoint() {
      child.send({ type: 'checkpointPack', pack: create('checkpoint') });
    },
    checkpoint: onCheckpoint,
    finished: onFinished,
    failed: (message) => onFailed(message.fault),
  };

  /** The record of a run whose trainer is gone without having finished. */
  function close(exit: ChildExit): void {
    if (over) return;
    const died = fault === undefined && exit.why !== 'memory';
    // Others that are a majority go on: this machine's part is found again with them.
    goesOn = died && (parts.room?.release() ?? false);
    const remedy = `Go on with: neutrino runs resume ${id}`;
    const memory = exit.why === 'memory';
    const body =
      fault ??
      (context.closing.aborted
        ? faultBody(new Fault('child_died', `The appliance was stopped during this run. ${remedy}`))
        : faultBody(
            deathFault(
              'trainer',
              exit,
              memory ? 'Use a smaller batch or model, or raise limits.trainerMemory.' : remedy,
            ),
          ));
    const failed = fault !== undefined || memory;
    const isBack = goesOn && context.lasting && !context.closing.aborted;
    if (isBack && runs.get(id).state === 'running') {
      announce(runs.update(id, { state: 'waiting', metrics: { ...live.metrics }, progress: live.progress }));
      log.warn({ run: id, ...exit }, 'the trainer is lost; others go on and it is joined to them');
      return;
    }
    announce(
      runs.update(id, {
        state: failed ? 'failed' : 'interrupted',
        error: body,
        metrics: { ...live.metrics },
        progress: live.progress,
        endedAt: context.now(),
        ...(parts.room && !goesOn ? { room: parts.room.end() } : {}),
      }),
    );
    log.warn({ run: id, fault: body.code, ...exit }, failed ? 'run failed' : 'run interrupted');
  }

  child.onMessage((message) => {
    if (over) return;
    try {
      (handlers[message.type] as (message: FromTrainer) => void)(message);
    } catch (error) {
      // What cannot be stored is not acknowledged: the run ends here, with the reason.
      log.error({ run: id, err: error }, 'trainer message not stored');
      onFailed(faultBody(error));
    }
    if (over || fault) child.kill();
  });
  const ended = new Promise<void>((resolve) => {
    child.onExit((exit) => {
      clearTimeout(stopTimer);
      place.done();
      try {
        journal.flush();
        store.transaction(() => {
          for (const object of writing) objects.erase(object);
          close(exit);
        });
      } catch (error) {
        log.error({ run: id, err: error }, 'the end of a run was not stored');
      }
      resolve();
    });
  });

  return {
    stop() {
      child.send({ type: 'stop' });
      stopTimer ??= setTimeout(() => child.kill(), stopMs).unref();
    },
    kill: () => child.kill(),
    get goesOn() {
      return goesOn;
    },
    ended,
  };
}
