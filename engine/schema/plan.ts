// What a training run is asked to do, and the plan that the appliance makes of it.
import { z } from 'zod';
import { type Column, type Task, task } from './columns.ts';
import { Fault } from './errors.ts';
import { thingName } from './names.ts';
import { forecastAsk } from './series.ts';
import { splitSpec } from './split.ts';

export const familyNames = [
  'linear',
  'mlp',
  'embedding-bag',
  'textcnn',
  'gru',
  'lstm',
  'transformer',
  'cnn',
  'resnet',
  'vit',
  'tabular-resnet',
  'ft-transformer',
  'decoder',
  'seq2seq',
  'two-tower',
  'autoencoder',
  'audio-cnn',
  'pretrained',
] as const;
export const familyName = z.enum(familyNames);
export type FamilyName = z.infer<typeof familyName>;

/** Families that are not trained by gradient steps. */
export const classicNames = [
  'boosting',
  'forest',
  'extra-trees',
  'glm',
  'knn',
  'naive-bayes',
  'seasonal-naive',
  'smoothing',
] as const;
export type ClassicName = (typeof classicNames)[number];

/** What a model can be made of; an ensemble is several of the others. */
export const modelKind = z.enum([...familyNames, ...classicNames, 'ensemble']);
export type ModelKind = z.infer<typeof modelKind>;

export const isClassic = (name: string): name is ClassicName => (classicNames as readonly string[]).includes(name);

export const optimizerSpec = z.object({
  kind: z.enum(['sgd', 'adam', 'adamw', 'lion']),
  momentum: z.number().min(0).lt(1).optional(),
  nesterov: z.boolean().optional(),
  betas: z.tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)]).optional(),
  eps: z.number().positive().optional(),
  weightDecay: z.number().min(0).optional(),
});
export type OptimizerSpec = z.infer<typeof optimizerSpec>;

export const scheduleSpec = z.object({
  kind: z.enum(['constant', 'cosine', 'step', 'plateau']),
  /** Share of all steps spent rising linearly from 0. */
  warmup: z.number().min(0).max(1).optional(),
});
export type ScheduleSpec = z.infer<typeof scheduleSpec>;

/** Hyper-parameters: numbers, switches, names or short lists; each family documents and checks its own. */
export const hyper = z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.array(z.number())]));
export type Hyper = z.infer<typeof hyper>;

/** A wall-clock length: 30s, 10m, 2h. */
export const duration = z.string().regex(/^\d+(\.\d+)?(ms|s|m|h)$/, 'write a length as 30s, 10m or 2h');

/** Milliseconds of a duration such as `90s`. */
export function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(duration.parse(text));
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] as 'ms' | 's' | 'm' | 'h'];
  return Number(match?.[1]) * unit;
}

/**
 * What the class that is named is chosen for: `f1` is of the rarer of two classes, and the mean over more; `balanced-accuracy` the mean
 * recall. The shares of the classes do not depend on it.
 */
export const metric = z.enum(['accuracy', 'balanced-accuracy', 'f1']);
export type Metric = z.infer<typeof metric>;

/** Values of a hyper-parameter that a search may try: one, some of a list, or what lies between two numbers. */
export const tried = z.union([
  z.number(),
  z.string(),
  z
    .array(z.union([z.number(), z.string()]))
    .min(1)
    .max(100),
  z.object({ from: z.number(), to: z.number(), log: z.boolean().optional(), whole: z.boolean().optional() }).strict(),
]);
export type Tried = z.infer<typeof tried>;

/** The only families that a search may try, and what it may set of each; what is not named is as it is without a space. */
export const searchSpace = z.record(z.string(), z.record(z.string(), tried));
export type SearchSpace = z.infer<typeof searchSpace>;

/** How steps are computed, whatever is learned: all of them give the same model but for rounding. */
const stepOptions = {
  /** Parts that a batch is computed in, one after the other: the same step with less memory. */
  accumulate: z.number().int().min(1).max(1024).optional(),
  /** Computes what a layer held again on the way back, in place of holding it: less memory, more time. */
  recompute: z.boolean().optional(),
  /** `fp16`, on a GPU: products in half precision, weights and updates in single, with a loss scale that finds itself. */
  precision: z.enum(['fp32', 'fp16']).optional(),
};

/** Body of `POST /api/v1/runs`. */
export const trainRequest = z.object({
  /** Dataset id or name. */
  dataset: z.string(),
  target: z.string().optional(),
  /** What is to be learned; told from the target and the family when left out. */
  task: task.optional(),
  /** For ranking, where `target` names the items: columns that say who took one, how it was liked and when. Guessed by name. */
  ranking: z
    .object({ user: z.string().optional(), rating: z.string().optional(), time: z.string().optional() })
    .optional(),
  /** For a number that goes on in time: which columns, and how far. */
  forecast: forecastAsk.optional(),
  model: z.enum(['auto', ...familyNames, ...classicNames]).default('auto'),
  /** Trials of a search in all, in place of a clock: the same seed gives the same trials and model. */
  trials: z.number().int().min(1).max(10_000).optional(),
  /** Wall-clock for the whole run; training stops at the best state found when it ends. */
  budget: duration.optional(),
  /** What a search may try. */
  space: searchSpace.optional(),
  /** A finished search to go on from with its trials, or to be done again decision by decision. */
  from: z.object({ run: z.string(), as: z.enum(['extend', 'replay']) }).optional(),
  /** What a search or a classic family names classes by. */
  metric: metric.optional(),
  epochs: z.number().int().min(1).max(100_000).optional(),
  batchSize: z.number().int().min(1).max(65_536).optional(),
  ...stepOptions,
  learningRate: z.number().positive().max(100).optional(),
  optimizer: optimizerSpec.optional(),
  schedule: scheduleSpec.optional(),
  hyper: hyper.optional(),
  device: z.string().default('auto'),
  /** Paired machines that train along, by name, id or address; `all` is every one that lets us. */
  peers: z.array(z.string().min(1).max(300)).min(1).max(63).optional(),
  /** Numbers in which members' gradients travel: `fp16` and `int8` are quicker on slow links, and rounded. */
  wire: z.enum(['fp32', 'fp16', 'int8']).optional(),
  /**
   * How members meet: at every step, as one machine would train (`sync`), or after rounds of steps of their own (`local`), which
   * takes a hundredth of the bytes. Told from the first steps when left out, and the reasons shown. In a `federated` run each has
   * rounds on a dataset of its own, of the same name and columns, and the leader sees only sums.
   */
  sync: z.enum(['auto', 'sync', 'local', 'federated']).optional(),
  /** Steps of a local round. */
  syncEvery: z.number().int().min(1).max(100_000).optional(),
  experiment: thingName.default('default'),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0),
  /** Columns to leave out. */
  ignore: z.array(z.string()).optional(),
  /** Numbers by mean and deviation, or by their rank among the training part's, which outliers and long tails do not stretch. */
  scaling: z.enum(['standard', 'quantile']).optional(),
  /** How rows are parted; stratified 80/10/10 when left out. */
  split: splitSpec.optional(),
  /** A dataset (id or name) to test on instead of a held-out part. */
  test: z.string().optional(),
  /** Name of the model to publish; the dataset's name when left out. */
  name: thingName.optional(),
});
export type TrainRequest = z.infer<typeof trainRequest>;

/** Steps of a local round where a request says no number: with bytes for numbers, a hundredth of what steps would send. */
const usualRound = 32;

/** Steps between the meetings of the machines that a request trains on: 0 for a meeting at every step. */
export function meetingOf({ sync = 'auto', syncEvery }: Pick<TrainRequest, 'sync' | 'syncEvery'>): number | 'auto' {
  if (sync === 'local' || sync === 'federated') return syncEvery ?? usualRound;
  return sync === 'sync' ? 0 : 'auto';
}

/** The network that a request names, or `auto`. Fault `bad_request` for a model that is not trained in steps. */
export function networkOf(model: TrainRequest['model']): 'auto' | FamilyName {
  if (!isClassic(model)) return model;
  throw new Fault('bad_request', `model ${model} predicts a column of classes or numbers, and nothing else`);
}

/** Families that are for one task only. */
const ownTask: Partial<Record<TrainRequest['model'], Task>> = {
  'two-tower': 'ranking',
  autoencoder: 'anomaly',
  decoder: 'language-model',
  seq2seq: 'text-to-text',
  'seasonal-naive': 'forecasting',
  smoothing: 'forecasting',
};

/** The task that a request names, or that its family stands for; undefined where the target tells. */
export function taskAsked({
  task: asked,
  model,
  forecast,
}: Pick<TrainRequest, 'task' | 'model' | 'forecast'>): Task | undefined {
  return asked ?? (forecast ? 'forecasting' : ownTask[model]);
}

/** Tasks that a search knows. */
const searched: ReadonlySet<Task> = new Set(['binary', 'multiclass', 'regression', 'forecasting']);

/** What a search settles by itself, or knows nothing of: who sets one of these wants one network. */
const settledBySearch = [
  'ranking',
  'epochs',
  'batchSize',
  'learningRate',
  'optimizer',
  'schedule',
  'hyper',
  'accumulate',
  'recompute',
  'precision',
  'peers',
  'wire',
  'sync',
  'syncEvery',
] as const satisfies (keyof TrainRequest)[];

/** Whether a request may be answered by a search over families. */
export function mayBeSearched(request: TrainRequest, columns: readonly Pick<Column, 'name' | 'type'>[]): boolean {
  const { model, task: asked, device, ignore } = request;
  return (
    model === 'auto' &&
    (asked === undefined || searched.has(asked)) &&
    settledBySearch.every((name) => request[name] === undefined) &&
    (device === 'auto' || device === 'cpu') &&
    !columns.some(({ name, type }) => (type === 'image' || type === 'audio') && !ignore?.includes(name))
  );
}

/** A run's settled plan: nothing left to `auto`. Made by the trainer while `preparing`, shown to the user. */
export const runPlan = z.object({
  task,
  target: z.string(),
  family: modelKind,
  hyper,
  /** `of` says whose they are, for ranking. */
  features: z.array(
    z.object({
      column: z.string(),
      as: z.enum(['numeric', 'category', 'text', 'image', 'audio']),
      of: z.enum(['user', 'item']).optional(),
    }),
  ),
  ignored: z.array(z.object({ column: z.string(), why: z.string() })),
  rows: z.object({ train: z.number().int(), validation: z.number().int(), test: z.number().int() }),
  /** How steps are taken; left out where nothing is trained in steps. */
  optimizer: optimizerSpec.optional(),
  schedule: scheduleSpec.optional(),
  learningRate: z.number().optional(),
  batchSize: z.number().int().optional(),
  ...stepOptions,
  epochs: z.number().int().optional(),
  patience: z.number().int().optional(),
  device: z.string(),
  threads: z.number().int(),
  seed: z.number().int(),
  parameters: z.number().int(),
  /** Why these choices, one sentence each. */
  reasons: z.array(z.string()),
});
export type RunPlan = z.infer<typeof runPlan>;
