// Runs: made, queued for a device, trained by a child, stopped, resumed. What a dead appliance left is `interrupted`.
import { forecastMeant, targetAsked } from '../data/index.ts';
import {
  type DatasetGrant,
  Fault,
  faultBody,
  type Handlers,
  isRunOver,
  mayBeSearched,
  type Run,
  taskAsked,
  type TrainRequest,
} from '../schema/index.ts';
import { compareRuns } from './compare.ts';
import { baseGrant, baseOfRequest } from './bases.ts';
import { type JobContext, needDisk, pageOf } from './context.ts';
import type { Datasets } from './datasets.ts';
import { checkModelName, type Models } from './models.ts';
import { checkPrior, priorOf } from './priors.ts';
import type { Wait } from './leases.ts';
import type { LeadSession, RoomLead } from './roomLead.ts';
import { groupRuns } from './runGroups.ts';
import { type LiveRun, startTrainer, type TrainerSession } from './trainerSession.ts';

type Names = 'list' | 'groups' | 'create' | 'show' | 'metrics' | 'stop' | 'resume' | 'compare';

export interface Runs {
  handlers: Pick<Handlers, `runs.${Names}` | 'experiments.list' | 'experiments.show'>;
  /** Marks what a dead appliance left behind, and queues again what was queued. */
  recover(): void;
  /** Interrupts the runs that are going on; resolves when their processes are gone. */
  close(): Promise<void>;
}

interface Job {
  live: LiveRun;
  /** Ends the wait for a device. */
  cancel: AbortController;
  session: TrainerSession | undefined;
  done: Promise<void>;
}

/** Rows times columns that are searched over when nobody asks for it. */
const mostCells = 30_000_000;

/** The runs of an appliance. */
export function createRuns(context: JobContext, datasets: Datasets, models: Models, lead: RoomLead): Runs {
  const { config, store, events, leases, log } = context;
  const { runs, experiments, journal } = store;
  const jobs = new Map<string, Job>();

  /** A run as it is this moment: its record, and what its trainer said since. */
  const view = (run: Run): Run => {
    const live = jobs.get(run.id)?.live;
    if (!live) return run;
    const wait = run.state === 'queued' ? leases.waitsFor(run.id) : undefined;
    if (wait) return { ...run, progress: { phase: waitWords(wait, nameOf), done: 0, total: 0 } };
    const metrics = { ...run.metrics, ...live.metrics };
    return { ...run, metrics, ...(live.progress ? { progress: live.progress } : {}) };
  };
  const announce = (run: Run): Run => {
    events.flush(run.id);
    const shown = view(run);
    events.emit('run.changed', run.id, shown);
    return shown;
  };

  /** What holds a lease, by its name. */
  function nameOf(holder: string): string {
    const found = runs.look(holder) ?? store.deployments.look(holder) ?? store.datasets.look(holder);
    return found?.name ?? 'another job';
  }
  const announceQueued = () => {
    for (const id of jobs.keys()) {
      const run = runs.get(id);
      if (run.state === 'queued') announce(run);
    }
  };

  /** Which runs a filter means. */
  function meant(filter: Record<'experiment' | 'dataset' | 'family', string | undefined>) {
    const { experiment, dataset, family } = filter;
    const isOf = (run: Run): boolean =>
      (dataset === undefined || run.dataset.id === dataset || run.dataset.name === dataset) &&
      (family === undefined || (run.plan?.family ?? run.request.model) === family);
    return {
      parentId: experiment === undefined ? undefined : experiments.find(experiment).id,
      where: dataset === undefined && family === undefined ? undefined : isOf,
    };
  }

  function experimentId(name: string): string {
    const found = experiments.look(name);
    return found?.state === 'open' ? found.id : experiments.insert({ state: 'open', name }).id;
  }

  function runName(base: string): string {
    const others = runs.list({ where: (run) => run.name.startsWith(`${base}-`) }).items;
    const numbers = others.map((run) => Number(run.name.slice(base.length + 1))).filter(Number.isInteger);
    return `${base}-${Math.max(0, ...numbers) + 1}`;
  }

  function create(asked: TrainRequest): Run {
    const dataset = datasets.grant(asked.dataset);
    const forecast = forecastMeant(dataset.shape, asked);
    const request = forecast ? { ...asked, task: 'forecasting' as const, forecast } : asked;
    const test = request.test === undefined ? undefined : datasets.grant(request.test);
    const target = targetAsked(dataset.shape, request);
    checkColumns(dataset, request, target);
    if (test && target !== undefined && !test.shape.columns.some(({ name }) => name === target)) {
      throw new Fault('bad_target', `The test dataset ${test.name} has no column ${JSON.stringify(target)}.`);
    }
    const base = baseOfRequest(context, request);
    checkPrior(store, request, dataset, target);
    if (request.space && !mayBeSearched(request, dataset.shape.columns)) {
      throw new Fault(
        'bad_request',
        'a space is for a search over families of a table or texts: leave --model, --set and --epochs out',
      );
    }
    if (request.split?.folds !== undefined && !mayBeSearched(request, dataset.shape.columns)) {
      throw new Fault(
        'bad_request',
        'folds are for a search over families of a table or texts: leave --model, --set and --epochs out',
      );
    }
    lead.check(request);
    const isFree = request.budget === undefined && request.trials === undefined && request.from?.as !== 'replay';
    const { rows, columns } = dataset.shape;
    // A search holds the rows in memory, once a trial; larger data is streamed through one network.
    const isHeld = rows * columns.length <= mostCells;
    const budget = isFree && isHeld && mayBeSearched(request, columns) ? config.searchBudget : request.budget;
    const name = request.name ?? dataset.name;
    checkModelName(name);
    const run = store.transaction(() =>
      runs.insert({
        state: 'queued',
        name: runName(name),
        parentId: experimentId(request.experiment),
        request: {
          ...request,
          ...(budget === undefined ? {} : { budget }),
          ...(target === undefined ? {} : { target }),
          name,
        },
        dataset: named(dataset),
        ...(test ? { test: named(test) } : {}),
        ...(base ? { base: { id: base.id, name: base.name, version: base.version } } : {}),
        metrics: {},
      }),
    );
    return enqueue(run);
  }

  function enqueue(run: Run): Run {
    const cancel = new AbortController();
    const job: Job = {
      live: { progress: undefined, metrics: { ...run.metrics } },
      cancel,
      session: undefined,
      done: Promise.resolve(),
    };
    jobs.set(run.id, job);
    job.done = drive(run.id, job)
      .catch((error: unknown) => log.error({ run: run.id, err: error }, 'run left the rails'))
      .finally(() => {
        // The run may have been resumed while its last process was still leaving.
        if (jobs.get(run.id) === job) jobs.delete(run.id);
      });
    return announce(run);
  }

  /** From the queue to the end. */
  async function drive(id: string, job: Job): Promise<void> {
    const { request } = runs.get(id);
    const memory = config.limits.trainerMemory;
    const wait = leases.wait({ kind: 'trainer', holder: id, device: request.device, memory }, job.cancel.signal);
    // Stopped, or closing, while in the queue: whoever aborted has said so in the record.
    const lease = await wait.catch(() => undefined);
    if (!lease) return;
    let room: LeadSession | undefined;
    let again = false;
    try {
      const now = context.now();
      const { startedAt = now, pausedMs, updatedAt } = runs.get(id);
      // Of a run that goes on: what it waited in the queue.
      const paused = startedAt === now ? {} : { pausedMs: (pausedMs ?? 0) + now - updatedAt };
      const run = announce(runs.update(id, { state: 'preparing', startedAt, ...paused }));
      await needDisk(context, 'Training');
      const parts = {
        run,
        dataset: sameData(run.dataset),
        test: run.test && sameData(run.test),
        base: run.base && baseGrant(context, run.base),
        prior: request.from && priorOf(store, request.from),
        lease,
        models,
        live: job.live,
        announce,
      };
      if (job.cancel.signal.aborted) throw job.cancel.signal.reason;
      if (request.peers) {
        await lead.reunite(run, job.cancel.signal);
        const { dataset, test, base } = parts;
        room = lead.open(run, { dataset, ...(test ? { test } : {}), ...(base ? { base } : {}) });
      }
      job.session = startTrainer(context, { ...parts, room });
      if (runs.get(id).state === 'stopping') job.session.stop();
      await job.session.ended;
      again = job.session.goesOn && runs.get(id).state === 'waiting';
    } catch (error) {
      if (isRunOver(runs.get(id).state)) throw error;
      room?.end();
      announce(runs.update(id, { state: 'failed', error: faultBody(error), endedAt: context.now() }));
    } finally {
      leases.release(lease.id);
      announceQueued();
    }
    if (again) enqueue(runs.update(id, { state: 'queued' }));
  }

  /** The dataset that a run began with; another one of the same name is not it. */
  function sameData({ id, name, sha256 }: Run['dataset']): DatasetGrant {
    const grant = datasets.grant(id, sha256);
    if (grant.sha256 === sha256) return grant;
    throw new Fault('conflict', `Dataset ${name} is not the one that this run began with.`);
  }

  function stop(run: Run): Run {
    const job = jobs.get(run.id);
    if (isRunOver(run.state)) {
      throw new Fault('conflict', `Run ${run.name} is ${run.state} already.`, { state: run.state });
    }
    if (run.state === 'queued') {
      const stopped = runs.update(run.id, { state: 'stopped', endedAt: context.now() });
      job?.cancel.abort(new Fault('cancelled', 'The run was stopped while it was queued.'));
      return announce(stopped);
    }
    if (run.state === 'stopping') return view(run);
    const stopping = announce(runs.update(run.id, { state: 'stopping' }));
    job?.session?.stop();
    return stopping;
  }

  function resume(run: Run): Run {
    if (run.state === 'finished')
      throw new Fault('conflict', `Run ${run.name} is finished. Start another one: neutrino train`);
    if (!isRunOver(run.state)) throw new Fault('conflict', `Run ${run.name} is ${run.state} already.`);
    sameData(run.dataset);
    if (run.test) sameData(run.test);
    return enqueue(
      runs.update(run.id, {
        state: 'queued',
        error: undefined,
        progress: undefined,
        pausedMs: (run.pausedMs ?? 0) + context.now() - (run.endedAt ?? context.now()),
        endedAt: undefined,
        report: undefined,
        ...(run.state === 'interrupted' ? {} : { room: undefined }),
        model: undefined,
      }),
    );
  }

  return {
    handlers: {
      'runs.list': ({ query }) => {
        const { experiment, dataset, family, ...rest } = query;
        const page = pageOf<'run'>(runs, { ...rest, ...meant({ experiment, dataset, family }) });
        return { ...page, items: page.items.map(view) };
      },
      'runs.groups': ({ query }) => {
        const { experiment, dataset, family, by, ...rest } = query;
        const { items } = runs.list({ ...rest, ...meant({ experiment, dataset, family }) });
        return { items: groupRuns(items, by, (id) => experiments.look(id)?.name ?? id) };
      },
      'runs.create': ({ body }) => create(body),
      'runs.show': ({ params }) => view(runs.find(params.id)),
      'runs.metrics': ({ params }) => ({ points: journal.read(runs.find(params.id).id) }),
      'runs.stop': ({ params }) => stop(runs.find(params.id)),
      'runs.resume': ({ params }) => resume(runs.find(params.id)),
      'runs.compare': ({ query }) => {
        const ids = query.ids.split(',').filter((id) => id !== '');
        if (ids.length < 2) throw new Fault('bad_request', 'Name at least two runs to compare');
        return compareRuns(ids.map((id) => view(runs.find(id))));
      },
      'experiments.list': ({ query }) => pageOf<'experiment'>(experiments, query),
      'experiments.show': ({ params }) => {
        const experiment = experiments.find(params.id);
        return { experiment, runs: runs.list({ parentId: experiment.id, limit: 1000 }).items.map(view) };
      },
    },
    recover() {
      const left = runs.list({ state: ['preparing', 'running', 'waiting', 'stopping'] }).items;
      for (const { id, updatedAt } of left) {
        const message = `The appliance ended during this run. Go on with: neutrino runs resume ${id}`;
        // Nobody saw when: its last figure is the last that is known of it.
        const endedAt = Math.max(updatedAt, journal.read(id).at(-1)?.at ?? 0);
        runs.update(id, { state: 'interrupted', error: { code: 'child_died', message }, endedAt });
      }
      if (!context.lasting) return;
      // Others may have gone on with it: it is joined, or begun anew once it is known that they have not.
      for (const { id, room } of left) if (room?.state === 'working') resume(runs.get(id));
      for (const run of runs.list({ state: 'queued', sort: 'updatedAt' }).items) if (!jobs.has(run.id)) enqueue(run);
    },
    async close() {
      for (const { cancel, session } of jobs.values()) {
        cancel.abort(new Fault('cancelled', 'The appliance was stopped.'));
        session?.kill();
      }
      await Promise.all([...jobs.values()].map(({ done }) => done));
    },
  };
}

const named = ({ id, name, sha256, version }: DatasetGrant): Run['dataset'] => ({
  id,
  name,
  sha256,
  ...(version === undefined ? {} : { version }),
});

/** Holders that are named at most. */
const mostNamed = 3;

/** What a queued run waits for. */
function waitWords({ for: what, holders }: Wait, nameOf: (holder: string) => string): string {
  const names = [...new Set(holders.map(nameOf))].slice(0, mostNamed).join(', ');
  if (what === 'turn') return `Its turn comes after ${names}.`;
  if (what === 'place') return `It begins when ${names} ends.`;
  if (what === 'device') return `It begins when ${names} gives the device back.`;
  return `It begins when ${names} gives memory back.`;
}

/** Columns that are to be left out must be there, and something must be left to learn from. */
function checkColumns(
  { name, shape }: Pick<DatasetGrant, 'name' | 'shape'>,
  request: TrainRequest,
  target: string | undefined,
): void {
  const known = new Set(shape.columns.map((column) => column.name));
  for (const column of request.ignore ?? []) {
    if (!known.has(column)) {
      throw new Fault(
        'bad_data',
        `Dataset ${name} has no column ${JSON.stringify(column)} to ignore. It has: ${[...known].join(', ')}`,
      );
    }
    if (column === target)
      throw new Fault('bad_target', `Column ${JSON.stringify(column)} is the target and cannot be ignored.`);
  }
  const left = [...known].filter((column) => column !== target && !request.ignore?.includes(column));
  if (left.length === 0 && taskAsked(request) !== 'language-model') {
    throw new Fault('bad_data', `Dataset ${name} has no column left to learn from.`);
  }
}
