// What a trainer does for a classic family or a search: rows in memory, the fit, the report and the bundle's parts. Knows no channel:
// it is handed where to tell things.
import {
  automl,
  bandOf,
  explain,
  type Field,
  fitSingle,
  type HeldAnswers,
  heldOf,
  localRunner,
  openField,
  type Script,
  servedModel,
  settle,
  type Trial,
} from '../automl/index.ts';
import { hex, sha256 } from '../base/index.ts';
import { type DatasetReader, findLeaks, plannedFeatures } from '../data/index.ts';
import { type Graph, modelOf } from '../graph/index.ts';
import { forecastGraph } from '../models/index.ts';
import { encodeModel } from '../onnx/index.ts';
import {
  type DatasetGrant,
  type DeviceLease,
  Fault,
  type Hyper,
  isClassic,
  type Leak,
  mayBeSearched,
  type MetricPoint,
  type ModelKind,
  type Preprocess,
  type Progress,
  type Report,
  type RunPlan,
  type SearchSummary,
  type TrainRequest,
} from '../schema/index.ts';
import { assess, forecastReport, inDataset, type Outcomes } from '../train/index.ts';
import { forkedRunner } from './trialRunner.ts';
import { encodeTrials, summaryOf } from './trials.ts';

/** What it tells while it works. */
export interface TabularHooks {
  plan(plan: RunPlan): void;
  progress(progress: Progress): void;
  metrics(points: MetricPoint[]): void;
  search(summary: SearchSummary): void;
  /** Keeps the finished trials; resolves when they are safe. */
  save(files: Record<string, Uint8Array>, trials: number): Promise<void>;
  stop(): boolean;
  /** Time left of the budget, ms; undefined without one. */
  left(): number | undefined;
  /** Time spent so far, ms. */
  spent(): number;
}

export interface TabularJob {
  request: TrainRequest;
  lease: DeviceLease;
  dataset: DatasetGrant;
  test?: DatasetGrant;
  /** Trials that were finished before. */
  known: readonly Trial[];
  /** The decisions of a search that is done again. */
  script?: Script;
}

export interface TabularResult {
  graph: Graph;
  preprocess: Preprocess;
  report: Report;
  /** What it said of each test row, by row of the dataset, where it judges rows. */
  outcomes?: Outcomes;
  family: ModelKind;
  hyper: Hyper;
}

/** Whether a request is for this path: a classic family, or a search. */
export function isTabular(request: TrainRequest, { shape }: DatasetGrant): boolean {
  if (isClassic(request.model)) return true;
  const isSearch = request.trials !== undefined || request.budget !== undefined || request.from !== undefined;
  return isSearch && mayBeSearched(request, shape.columns);
}

/** Time for the report and the bundle, as a share of the budget and at least so many ms. */
const finishShare = 0.02;
const finishMs = 700;

/** Fits, reports on the rows that were split off, and answers what goes into the bundle. */
export async function trainTabular(
  job: TabularJob,
  own: DatasetReader,
  test: DatasetReader | undefined,
  hooks: TabularHooks,
): Promise<TabularResult> {
  const { request, lease } = job;
  const total = hooks.left();
  const reserve = total === undefined ? 0 : Math.max(finishMs, finishShare * total);
  const left = () => (hooks.left() ?? Number.POSITIVE_INFINITY) - reserve;
  // Children need their time to start and to read the rows: they do it while this process does the same.
  const slots = Math.max(1, lease.threads);
  const share = { ...lease, memory: Math.floor(lease.memory / (slots + 1)) };
  const { dataset, test: tested } = job;
  const runner = isClassic(request.model)
    ? undefined
    : forkedRunner(slots, { type: 'open', request, dataset, ...(tested ? { test: tested } : {}), lease: share });
  try {
    const field = await openField(own, test, request);
    if (request.metric && !field.rows.labels) {
      throw new Fault('bad_request', `--metric ${request.metric} is for classes; ${request.target} is a number`);
    }
    if (runner) runner.local = localRunner(field, lease.threads);
    const plan = (family: ModelKind, hyper: Hyper, parameters: number, reasons: string[]) =>
      hooks.plan(planOf(field, job, family, hyper, parameters, reasons));
    if (isClassic(request.model)) {
      const { model: family } = request;
      const hyper = settle(family, request.hyper);
      plan(family, hyper, 0, [`${family} was asked for`, ...seriesReasons(field)]);
      const name = field.rows.labels ? 'val.accuracy' : 'val.r2';
      let told = 0;
      const fitted = await fitSingle(field, family, hyper, {
        seed: request.seed,
        threads: lease.threads,
        ...(request.metric ? { metric: request.metric } : {}),
        stop: () => hooks.stop() || left() <= 0,
        progress(done, loss) {
          const now = performance.now();
          if (now - told < 200) return;
          told = now;
          hooks.progress({ phase: 'training', done: Math.round(done * 1000), total: 1000 });
          if (loss !== undefined && done <= 0.5) {
            hooks.metrics([{ step: Math.round(done * 1000), epoch: 0, name: 'val.loss', value: loss, at: Date.now() }]);
          }
        },
      });
      const { rounds, bestRound, size, loss, score } = fitted;
      const point = { step: rounds, epoch: bestRound, at: Date.now() };
      hooks.metrics([
        { ...point, name: 'val.loss', value: loss },
        { ...point, name, value: score },
      ]);
      plan(family, hyper, size, [`${family} was asked for`]);
      const weights = hex(sha256(encodeModel(modelOf(fitted.graph))));
      return finish(
        field,
        fitted.graph,
        family,
        hyper,
        { epochs: rounds, bestEpoch: bestRound, steps: rounds, weights },
        job,
        hooks,
        { decision: fitted.decision, held: fitted.held, loss: fitted.loss },
      );
    }
    const leaks = field.series ? [] : findLeaks(own, request.target, { ignore: request.ignore ?? [] });
    return await lead(field, job, hooks, left, runner as ReturnType<typeof forkedRunner>, plan, leaks);
  } finally {
    runner?.close();
  }
}

/** How a series is taken. */
function seriesReasons({ series }: Field): string[] {
  if (!series) return [];
  const { horizon, window, seasons, time } = series.spec;
  const season = seasons[0] > 1 ? `it repeats itself after ${seasons.join(' and ')} steps` : 'it has no season';
  return [
    `${horizon} steps ahead in order of ${time}, from the ${window} values behind; ${season}; folds and test follow each other in time`,
  ];
}

type Plan = (family: ModelKind, hyper: Hyper, parameters: number, reasons: string[]) => void;

/** Leads a search. */
async function lead(
  field: Field,
  job: TabularJob,
  hooks: TabularHooks,
  left: () => number,
  runner: ReturnType<typeof forkedRunner>,
  plan: Plan,
  leaks: readonly Leak[],
): Promise<TabularResult> {
  const { request } = job;
  const trials: Trial[] = [...job.known];
  const isTimed = hooks.left() !== undefined;
  const first = hooks.left() ?? 0;
  const name = field.rows.labels ? 'val.accuracy' : 'val.r2';
  const reasons = [
    job.script
      ? `the ${job.script.trials.length} trials of run ${request.from?.run ?? ''} again, and its members`
      : isTimed
        ? 'a search until the budget ends: starting points first, then proposals by what did well'
        : `a search of ${request.trials} trials: starting points first, then proposals by what did well`,
    ...seriesReasons(field),
    `${field.foldCount} folds; the test part is looked at once, at the end`,
    ...leaks.map(({ level, message }) => (level === 'leak' ? `careful: ${message}` : message)),
  ];
  const told = leaks.map(({ message }) => message);
  plan('ensemble', {}, 0, reasons);
  let saving: Promise<void> | undefined;
  let isDirty = false;
  /** Why trials could not be kept: it ends the search where that looks whether to stop. */
  let unsaved: { error: unknown } | undefined;
  const save = () => {
    isDirty = true;
    saving ??= (async () => {
      try {
        while (isDirty) {
          isDirty = false;
          await hooks.save(encodeTrials(trials), trials.length);
        }
      } catch (error) {
        unsaved ??= { error };
      }
      saving = undefined;
    })();
  };
  const stop = () => {
    if (unsaved) throw unsaved.error;
    return hooks.stop();
  };
  const result = await automl(
    field,
    runner,
    {
      seed: request.seed,
      known: job.known,
      ...(isTimed ? { left } : {}),
      ...(request.trials === undefined ? {} : { trials: request.trials }),
      ...(request.metric === undefined ? {} : { metric: request.metric }),
      ...(request.space === undefined ? {} : { space: request.space }),
      ...(job.script === undefined ? {} : { script: job.script }),
    },
    {
      stop,
      trying({ id, family }) {
        const rest = hooks.left();
        const by = isTimed
          ? { done: Math.round(first - (rest ?? 0)), total: Math.round(first), leftMs: Math.max(0, rest ?? 0) }
          : { done: trials.length, total: job.script?.trials.length ?? request.trials ?? 1 };
        hooks.progress({ phase: `trial ${id + 1}: ${family}`, ...by });
      },
      ended(trial) {
        // One that was put off may end a second time.
        const at = trials.findIndex(({ id }) => id === trial.id);
        trials.splice(at < 0 ? trials.length : at, 1, trial);
        const best = summaryOf(trials, told).rows[0];
        if (best && best.state === 'finished') {
          const point = { step: trials.length, epoch: 0, at: Date.now() };
          hooks.metrics([
            { ...point, name: 'val.loss', value: best.loss },
            { ...point, name, value: best.score },
          ]);
        }
        hooks.search(summaryOf(trials, told));
        save();
      },
      refitting(members) {
        hooks.progress({ phase: `fitting ${members.length} members on all rows`, done: 99, total: 100 });
      },
    },
  );
  await saving;
  stop();
  const { ensemble } = result;
  const metric = request.metric ?? 'accuracy';
  const summary = { ...summaryOf(result.trials, told, ensemble, metric), ...replayOf(job, result.trials) };
  hooks.search(summary);
  const { members } = ensemble;
  const single = members.length === 1 ? members[0].trial : undefined;
  const size = members.reduce((sum, { trial }) => sum + trial.size, 0);
  const chosen = members.map(
    ({ trial, weight }) => `${Math.round(weight * 100)} % ${trial.family} (trial ${trial.id})`,
  );
  const family = single ? single.family : 'ensemble';
  plan(family, single?.hyper ?? {}, size, [...reasons, `it is made of ${chosen.join(', ')}`]);
  const facts = { epochs: 0, bestEpoch: 0, steps: result.trials.length, weights: result.hash };
  const began = performance.now();
  const { decision, loss } = ensemble;
  const held = field.series && heldOf(ensemble, field);
  const done = await finish(field, result.graph, family, single?.hyper ?? {}, facts, job, hooks, {
    decision,
    held,
    loss,
  });
  // Looking at the model is the first thing to go where time is short.
  const again = 1.5 * (performance.now() - began);
  const { series } = field;
  // A forecast is looked at step by step, before windows come into it.
  const [seen, as, rows] = series
    ? [servedModel(field.preprocess, result.graph), field.preprocess, await series.encodeTest()]
    : [done.graph, done.preprocess, field.encodeTest()];
  const looks = explain(seen, as, rows, isTimed ? () => left() - again : undefined);
  hooks.search({ ...summary, ...(await looks) });
  return done;
}

/** How many trials that were done again gave the very same loss. */
function replayOf({ request, script }: TabularJob, trials: readonly Trial[]): Pick<SearchSummary, 'replay'> {
  if (!script || !request.from) return {};
  const losses = new Map(script.trials.map(({ id, loss }) => [id, loss]));
  const same = trials.filter(({ id, loss }) => losses.get(id) === loss).length;
  return { replay: { run: request.from.run, trials: script.trials.length, same } };
}

async function finish(
  field: Field,
  model: Graph,
  family: ModelKind,
  hyper: Hyper,
  facts: Pick<Report, 'epochs' | 'bestEpoch' | 'steps' | 'weights'>,
  { lease }: TabularJob,
  hooks: TabularHooks,
  { decision, held, loss }: { decision?: number[] | undefined; held?: HeldAnswers | undefined; loss: number },
): Promise<TabularResult> {
  const { series } = field;
  if (series) {
    const band = bandOf(field, series.spec, held, loss);
    const preprocess = { ...field.preprocess, task: 'forecasting' as const, series: { ...series.spec, band } };
    const graph = forecastGraph(preprocess, servedModel(field.preprocess, model));
    const report = await forecastReport(
      graph,
      preprocess,
      series.test,
      { seconds: hooks.spent() / 1000, ...facts },
      lease.threads,
    );
    return { graph, preprocess, report, family, hyper };
  }
  const preprocess = { ...field.preprocess, ...(decision ? { decision } : {}) };
  const graph = servedModel(preprocess, model);
  const seconds = hooks.spent() / 1000;
  let said: Outcomes | undefined;
  const report = await assess(
    graph,
    preprocess,
    field.encodeTest(),
    { seconds, ...facts },
    lease.threads,
    (outcomes) => {
      said = outcomes;
    },
  );
  const outcomes = said && inDataset(said, field.tested);
  return { graph, preprocess, report, family, hyper, ...(outcomes ? { outcomes } : {}) };
}

function planOf(
  { preprocess, counts, series }: Field,
  { request, lease }: TabularJob,
  family: ModelKind,
  hyper: Hyper,
  parameters: number,
  reasons: string[],
): RunPlan {
  return {
    task: series ? 'forecasting' : preprocess.task,
    target: preprocess.target.column,
    family,
    hyper,
    features: plannedFeatures(series ? { ...preprocess, series: series.spec } : preprocess),
    ignored: preprocess.ignored,
    rows: counts,
    device: 'cpu',
    threads: lease.threads,
    seed: request.seed,
    parameters,
    reasons,
  };
}
