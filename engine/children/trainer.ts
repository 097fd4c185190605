// Entry of the trainer child: one run, told over its channel, then it ends. Keys and rows live in its memory only; it
// writes the packs it was granted and nothing else.
import { constants, setPriority } from 'node:os';
import about from '../../package.json' with { type: 'json' };
import { must, residentBytes } from '../base/index.ts';
import { type BundleParts, encodeOutcomes, outcomesEntry, writeBundle } from '../bundle/index.ts';
import { type DatasetReader, featureSpecs, openDataset, plannedFeatures } from '../data/index.ts';
import type { Graph } from '../graph/index.ts';
import {
  baseFiles,
  families,
  openBase,
  outputsOf,
  type PretrainedBase,
  servedGraph,
  writerGraph,
} from '../models/index.ts';
import {
  durationMs,
  Fault,
  faultBody,
  meetingOf,
  type PackGrant,
  type Preprocess,
  type Report,
  type RunPlan,
  type SeriesFacts,
  type SeriesSpec,
  type ToTrainer,
  type TrainRequest,
} from '../schema/index.ts';
import { createPack, openPack } from '../store/index.ts';
import {
  assess,
  type Candidate,
  decodeCheckpoint,
  encodeCheckpoint,
  feedingOf,
  headline,
  inDataset,
  type Outcomes,
  parameterCount,
  prepareRun,
  type RunHooks,
  type RunJob,
  type RunResult,
  type RunState,
  runTraining,
  type Setup,
  type StepOptions,
  weightsHash,
} from '../train/index.ts';
import { openParentLink } from './link.ts';
import { followFederated, leadFederated } from './federatedRun.ts';
import { type RoomChannel, runTogether } from './roomRun.ts';
import { isTabular, trainTabular } from './tabular.ts';
import { decodeTrials, trialFiles } from './trials.ts';

type Job = Extract<ToTrainer, { type: 'train' }>;
type Joining = Extract<ToTrainer, { type: 'join' }>;
type Meeting = Extract<ToTrainer, { type: 'room' }>;
type Training = (job: RunJob, hooks: RunHooks, from?: RunState) => Promise<RunResult>;

const link = openParentLink<'trainer'>();
let stopping = false;
let begun = false;
let rosterChanged: ((roster: Meeting['roster']) => void) | undefined;
const meeting = Promise.withResolvers<Meeting>();
const channel: RoomChannel = {
  send: (message) => void link.send(message),
  meeting: meeting.promise,
  onRoster: (hear) => (rosterChanged = hear),
};
let grantArrived: ((pack: PackGrant) => void) | undefined;

link.onMessage((message) => {
  if (message.type === 'stop') stopping = true;
  else if (message.type === 'checkpointPack') grantArrived?.(message.pack);
  else if (message.type === 'room') meeting.resolve(message);
  else if (message.type === 'roster') rosterChanged?.(message.roster);
  else if (!begun) {
    begun = true;
    void run(message);
  }
});

async function run(given: Job | Joining): Promise<void> {
  setPriority(constants.priority.PRIORITY_LOW);
  try {
    if (given.type === 'train') await train(given);
    else await join(given);
  } catch (error) {
    await link.send({ type: 'failed', fault: faultBody(error) });
  }
  await link.exit(0);
}

/** `auto` is the processor here: small models step faster there than a GPU can be asked. */
function deviceOf({ request, lease }: Pick<Job, 'request' | 'lease'>): string {
  return request.device === 'auto' ? 'cpu' : lease.device === 'auto' ? request.device : lease.device;
}

async function train(given: Job): Promise<void> {
  const { request, lease } = given;
  const began = performance.now();
  const spent = () => given.spentMs + (performance.now() - began);
  const budgetMs = request.budget === undefined ? undefined : durationMs(request.budget);
  const device = deviceOf(given);
  if (request.precision === 'fp16' && device === 'cpu')
    throw new Fault(
      'bad_request',
      'precision fp16 is for GPUs (--device webgpu, cuda or dml): a processor gains nothing by it',
    );
  void link.send({ type: 'progress', progress: { phase: 'preparing', done: 0, total: 1 } });
  const readers = [given.dataset, ...(given.test ? [given.test] : [])].map(({ pack }) => openPack(pack.path, pack));
  try {
    const [own, test] = readers.map((reader) => openDataset(reader));
    if (isTabular(request, given.dataset)) return await tabular(given, own, test, spent, budgetMs);
    const feeding = feedingOf(given.dataset.pack, lease.memory);
    const setup = await prepareRun(own, test, request, given.base && readBase(given.base), feeding);
    let rowsInBatch = setup.candidates[0].batchSize;
    const tell = (candidate: Candidate) => {
      rowsInBatch = candidate.batchSize;
      void link.send({ type: 'plan', plan: planOf(setup, candidate, given, device) });
    };
    tell(setup.candidates[0]);
    const from = given.resume && readCheckpoint(given.resume);
    let saved = performance.now();
    const { room } = given;
    const training: Training = room
      ? (asked, hooks, position) =>
          (request.sync === 'federated' ? leadFederated : runTogether)(room, channel, asked, hooks, position)
      : runTraining;
    const result = await training(
      jobOf(setup, given, device),
      {
        interrupt() {
          needMemory(lease.memory * shareOfMemory, rowsInBatch);
          return stopping ? 'stop' : undefined;
        },
        left: () => (budgetMs === undefined ? undefined : budgetMs * shareForTraining - spent()),
        trying: tell,
        metrics: (points) => void link.send({ type: 'metrics', points }),
        progress: (progress) => void link.send({ type: 'progress', progress }),
        saveDue: () => performance.now() - saved >= given.checkpointSeconds * 1000,
        async save(state) {
          await saveCheckpoint(state, spent());
          saved = performance.now();
        },
      },
      from,
    );
    tell(result.candidate);
    const graph = servedOf(result);
    const { report, outcomes } = await reportOf(setup, result, graph, lease.threads, spent() / 1000);
    const parts = partsOf(given, result, graph, report);
    const writer = createPack(given.bundle.path, given.bundle);
    const manifest = writeBundle(writer, parts);
    if (outcomes) writer.append(outcomesEntry, encodeOutcomes(outcomes));
    const { bytes, sha256 } = writer.finish();
    await link.send({ type: 'finished', report, manifest, bundle: { bytes, sha256 }, stopped: result.end === 'stop' });
  } finally {
    for (const reader of readers) reader.close();
  }
}

/** Trains along in another machine's run, and waits to be ended: what was learnt is the leader's. */
async function join(given: Joining): Promise<void> {
  const { request, lease, dataset, test, base, room } = given;
  const readers = [dataset, ...(test ? [test] : [])].map(({ pack }) => openPack(pack.path, pack));
  try {
    const [own, other] = readers.map((reader) => openDataset(reader));
    if (request.sync === 'federated') {
      const job = optionsOf(given, deviceOf(given));
      const interrupt = () => {
        needMemory(lease.memory * shareOfMemory);
        return undefined;
      };
      await followFederated(room, channel, own, job, { interrupt });
      await new Promise(() => undefined);
    }
    const setup = await prepareRun(own, other, request, base && readBase(base));
    const interrupt = () => {
      needMemory(lease.memory * shareOfMemory, setup.candidates[0].batchSize);
      return undefined;
    };
    await runTogether(room, channel, jobOf(setup, given, deviceOf(given)), { interrupt });
    // The others may still need its word; its appliance ends it.
    await new Promise(() => undefined);
  } finally {
    for (const reader of readers) reader.close();
  }
}

const jobOf = (setup: Setup, given: Pick<Job, 'request' | 'lease'>, device: string): RunJob => ({
  ...setup,
  ...optionsOf(given, device),
});

/** How steps are taken, whatever the rows. */
const optionsOf = ({ request, lease }: Pick<Job, 'request' | 'lease'>, device: string) => ({
  device,
  threads: lease.threads,
  seed: request.seed,
  memory: lease.memory,
  steps: stepsOf(request),
  every: meetingOf(request),
});

/** A classic family, or a search over families. */
async function tabular(
  given: Job,
  own: DatasetReader,
  test: DatasetReader | undefined,
  spent: () => number,
  budgetMs: number | undefined,
): Promise<void> {
  const { request, lease, dataset } = given;
  const trialsIn = (grant: PackGrant) => decodeTrials(readFiles(grant, trialFiles));
  const { prior, resume } = given;
  const before = prior ? trialsIn(prior.trials) : [];
  const isReplay = request.from?.as === 'replay';
  const known = resume ? trialsIn(resume) : isReplay ? [] : before;
  const job = {
    request,
    lease,
    dataset,
    known,
    ...(prior && isReplay ? { script: { trials: before, members: prior.members } } : {}),
    ...(given.test ? { test: given.test } : {}),
  };
  const made = await trainTabular(job, own, test, {
    plan: (plan) => void link.send({ type: 'plan', plan }),
    progress: (progress) => void link.send({ type: 'progress', progress }),
    metrics: (points) => void link.send({ type: 'metrics', points }),
    search: (search) => void link.send({ type: 'search', search }),
    save: (files, trials) => saveFiles(files, trials, spent()),
    stop() {
      needMemory(lease.memory * shareOfMemory);
      return stopping;
    },
    left: () => (budgetMs === undefined ? undefined : budgetMs - spent() - startMs),
    spent,
  });
  const { graph, preprocess, report, family, hyper, outcomes } = made;
  const writer = createPack(given.bundle.path, given.bundle);
  const manifest = writeBundle(writer, bundleOf(given, preprocess, { family, hyper }, graph, report));
  if (outcomes) writer.append(outcomesEntry, encodeOutcomes(outcomes));
  const { bytes, sha256 } = writer.finish();
  await link.send({ type: 'finished', report, manifest, bundle: { bytes, sha256 }, stopped: stopping });
}

/** What this process took to start before it could look at a clock. */
const startMs = process.uptime() * 1000;

const stepsOf = ({ accumulate, recompute, precision }: TrainRequest): StepOptions => ({
  ...(accumulate === undefined ? {} : { accumulate }),
  ...(recompute === undefined ? {} : { recompute }),
  ...(precision === undefined ? {} : { precision }),
});

/** What of a budget is for training; the rest tests the model and writes its bundle. */
const shareForTraining = 0.95;

/** Beyond this share of its memory the run ends by itself, with advice; at all of it the appliance would kill it. */
const shareOfMemory = 0.92;

function needMemory(most: number, batchSize?: number): void {
  const used = residentBytes();
  if (used <= most) return;
  const gib = (bytes: number) => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
  const steps =
    batchSize === undefined ? '' : `use --batch-size ${Math.max(1, batchSize >> 1)}, --accumulate 2 or --recompute, `;
  throw new Fault(
    'out_of_memory',
    `the run used ${gib(used)} of its ${gib(most)}; ${steps}leave out text columns, or raise limits.trainerMemory`,
  );
}

function planOf({ rows, counts, reasons }: Setup, candidate: Candidate, given: Job, device: string): RunPlan {
  const { preprocess, layout } = rows;
  const { family, hyper, optimizer, schedule, learningRate, batchSize, epochs, patience } = candidate;
  const { seed } = given.request;
  return {
    task: preprocess.task,
    target: preprocess.target.column,
    family,
    hyper,
    features: plannedFeatures(preprocess),
    ignored: preprocess.ignored,
    rows: counts,
    optimizer,
    schedule,
    learningRate,
    batchSize,
    ...stepsOf(given.request),
    epochs,
    patience,
    device,
    threads: given.lease.threads,
    seed,
    parameters: parameterCount(families[family].build(layout, outputsOf(preprocess), hyper, seed)),
    reasons,
  };
}

/** What will be served: raw inputs in and answers out, or, for a model that writes, its form with a cache. */
function servedOf({ candidate: { family, hyper }, rows: { preprocess, layout }, graph }: RunResult): Graph {
  const cached = preprocess.generation && families[family].writer?.(layout, hyper);
  return cached ? writerGraph(cached, graph) : servedGraph(preprocess, graph);
}

/** The report of the graph that will be served, on rows it never saw, and what it said of each. */
async function reportOf(
  setup: Setup,
  result: RunResult,
  graph: Graph,
  threads: number,
  seconds: number,
): Promise<{ report: Report; outcomes?: Outcomes }> {
  const { epochs, bestEpoch, steps, rows } = result;
  const weights = new Map(result.graph.parameters.map((name) => [name, must(graph.initializers.get(name), name)]));
  const facts = { seconds, epochs, bestEpoch, steps, weights: weightsHash(weights) };
  let said: Outcomes | undefined;
  const report = await assess(graph, rows.preprocess, setup.encodeTest(rows.preprocess), facts, threads, (outcomes) => {
    said = outcomes;
  });
  return { report, ...(said ? { outcomes: inDataset(said, setup.tested) } : {}) };
}

function partsOf(given: Job, { rows, candidate }: RunResult, graph: Graph, report: Report): BundleParts {
  return bundleOf(given, rows.preprocess, candidate, graph, report);
}

function bundleOf(
  { dataset, publish, request }: Job,
  preprocess: Preprocess,
  { family, hyper }: Pick<RunPlan, 'family' | 'hyper'>,
  graph: Graph,
  report: Report,
): BundleParts {
  const features = featureSpecs(preprocess);
  const used = new Set(features.map(({ column }) => column));
  return {
    manifest: {
      ...publish,
      createdAt: Date.now(),
      neutrino: about.version,
      task: preprocess.task,
      family,
      hyper,
      seed: request.seed,
      target: preprocess.target.column,
      classes: preprocess.classes,
      features,
      data: { dataset: dataset.id, sha256: dataset.sha256, rows: dataset.shape.rows },
      metrics: headline(report),
      columns: dataset.shape.columns.filter(({ name }) => used.has(name)),
      ...(preprocess.series ? { series: seriesFactsOf(preprocess.series) } : {}),
    },
    graph,
    preprocess,
    report,
  };
}

/** What of a series' spec a client needs. */
function seriesFactsOf({ time, series, step, horizon, window }: SeriesSpec): SeriesFacts {
  return { time, ...(series === undefined ? {} : { series }), step, horizon, window };
}

function readBase(grant: PackGrant): PretrainedBase {
  const reader = openPack(grant.path, grant);
  try {
    const names = Object.values(baseFiles).filter((name) => reader.has(name));
    return openBase(Object.fromEntries(names.map((name) => [name, reader.read(name)])));
  } finally {
    reader.close();
  }
}

const checkpointFiles = ['state.json', 'tensors.safetensors'] as const;

function readFiles<N extends string>(grant: PackGrant, names: readonly N[]): Record<N, Uint8Array> {
  const reader = openPack(grant.path, grant);
  try {
    return Object.fromEntries(names.map((name) => [name, reader.read(name)])) as Record<N, Uint8Array>;
  } finally {
    reader.close();
  }
}

const readCheckpoint = (grant: PackGrant): RunState => decodeCheckpoint(readFiles(grant, checkpointFiles));

function saveCheckpoint(state: RunState, spentMs: number): Promise<void> {
  const before = state.stages.reduce((sum, stage) => sum + stage.steps, 0);
  return saveFiles(encodeCheckpoint(state), before + (state.fit?.step ?? 0), spentMs);
}

/** A checkpoint of these files; the position is told with it. */
async function saveFiles(files: Record<string, Uint8Array>, step: number, spentMs: number): Promise<void> {
  const granted = new Promise<PackGrant>((resolve) => {
    grantArrived = resolve;
  });
  await link.send({ type: 'wantCheckpoint' });
  const pack = await granted;
  const writer = createPack(pack.path, pack);
  for (const [name, bytes] of Object.entries(files)) writer.append(name, bytes);
  const { bytes, sha256 } = writer.finish();
  await link.send({ type: 'checkpoint', object: pack.id, step, bytes, sha256, spentMs });
}
