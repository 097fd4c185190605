// What may be set of a deployment beside its model: how it batches, what it refuses, how traffic is parted between versions,
// what is watched and kept. Defaults are those of someone who sets nothing.
import { z } from 'zod';

/** A model as a deployment names it. */
export const modelRef = z.object({ id: z.string(), name: z.string(), version: z.number().int() });
export type ModelRef = z.infer<typeof modelRef>;

/** When a canary goes back by itself, and when it takes over. */
export const canaryRules = z.object({
  /** Requests that a canary must have answered before its latency is judged. */
  requests: z.number().int().min(10).max(1_000_000).default(50),
  /** It is rolled back when it fails this share of its requests more than the stable model does. */
  errors: z.number().min(0).max(1).default(0.02),
  /** It is rolled back when its 95th percentile is this many times that of the stable model. */
  slower: z.number().min(1).max(100).default(1.5),
  /** It is promoted by itself after so many requests without a reason against it; never when left out. */
  promoteAfter: z.number().int().min(10).optional(),
});
export type CanaryRules = z.infer<typeof canaryRules>;

/** Another model beside the stable one. Weights are per cent of the traffic; the stable model gets the rest. */
export const variant = z.object({
  model: modelRef,
  /** `split` and `canary` answer their share; `shadow` is asked too, and its answers are only compared. */
  role: z.enum(['split', 'canary', 'shadow']),
  weight: z.number().min(0).max(100),
  rules: canaryRules.optional(),
});
export type VariantSpec = z.infer<typeof variant>;

const strictness = z.enum(['allow', 'warn', 'refuse']);

/** Guards of one deployment; each is off until it is set. */
export const protection = z.strictObject({
  /** Of each key: requests a minute, rows a day (UTC), and rows in all: a budget against copying the model by asking it. */
  requestsPerMinute: z.number().int().min(1).optional(),
  rowsPerDay: z.number().int().min(1).optional(),
  rowBudget: z.number().int().min(1).optional(),
  /** Rows of one request. */
  maxRows: z.number().int().min(1).optional(),
  /** Bytes of one answer. */
  maxAnswer: z.number().int().min(256).optional(),
  /** What happens to a category that the training data did not have, and to a number outside its range. */
  unseen: strictness.default('allow'),
  outOfRange: strictness.default('allow'),
  /** Decimals of scores and values; the true figures when left out. */
  decimals: z.number().int().min(0).max(12).optional(),
});
export type Protection = z.infer<typeof protection>;

/** Watching of one deployment. */
export const watching = z.strictObject({
  /** Rows of one window of drift. */
  window: z.number().int().min(50).max(100_000).default(500),
  /** Share of requests whose inputs are kept, encrypted, for a person to look at and for training on feedback; 0 is off. */
  sample: z.number().min(0).max(1).default(0),
  /** Kept requests at most; the oldest go first. */
  keep: z.number().int().min(1).max(100_000).default(10_000),
  /** Columns whose values are masked before they are kept. */
  mask: z.array(z.string()).default([]),
});
export type Watching = z.infer<typeof watching>;

export const servingOptions = z.strictObject({
  /** Latency that batching should keep to, ms. */
  latencyMs: z.number().min(1).max(600_000).optional(),
  /** Most rows of one run; 1 is no batching. */
  batch: z.number().int().min(1).max(1024).optional(),
  /** Requests that may wait. */
  queue: z.number().int().min(1).max(1_000_000).optional(),
  /** Most memory of one host, bytes. */
  memory: z
    .number()
    .int()
    .min(64 * 1024 * 1024)
    .optional(),
  /** Seconds without a request after which a host beyond the least number is stopped. */
  idleSeconds: z.number().min(1).max(86_400).optional(),
  protection: protection.prefault({}),
  watching: watching.prefault({}),
});
export type ServingOptions = z.infer<typeof servingOptions>;

/** What one model of a deployment is doing. */
const variantStatus = z.object({
  model: modelRef,
  role: z.enum(['stable', 'split', 'canary', 'shadow']),
  weight: z.number(),
  state: z.string(),
  replicas: z.array(
    z.object({
      pid: z.number().optional(),
      state: z.string(),
      inFlight: z.number(),
      rss: z.number(),
      answered: z.number(),
    }),
  ),
  waiting: z.number(),
  crashes: z.number(),
  batching: z.array(z.object({ bucket: z.string(), limit: z.number(), rowMs: z.number(), holdMs: z.number() })),
  requests: z.number(),
  errors: z.number(),
  /** Requests of which no model could make anything: their callers' mistakes, which are no errors. */
  refused: z.number(),
  /** Of the last requests, ms. */
  latency: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }),
  /** Share of a shadow's answers that were those of the stable model. */
  agreement: z.number().optional(),
});
export type VariantStatus = z.infer<typeof variantStatus>;
export const deploymentStatus = z.object({ name: z.string(), state: z.string(), variants: z.array(variantStatus) });

/** Progress and result of a file of predictions. */
export const scoringCounts = z.object({
  rows: z.number().int(),
  failed: z.number().int(),
  bytes: z.number(),
  of: z.number(),
});
