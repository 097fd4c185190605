// What is watched of a deployment and who is told: drift figures, feedback, alert rules and their history.
import { z } from 'zod';
import { thingName } from './names.ts';

/** How far one column, or the predictions, went from what the model was trained on. */
export const driftFigure = z.object({
  /** A column; `prediction` for what the model answers. */
  name: z.string(),
  /** Population stability index: below 0.1 little, above 0.25 much. */
  psi: z.number(),
  /** The test that decides and its p-value: Kolmogorov–Smirnov for numbers, chi-square for categories, distance of mean embeddings for texts. */
  test: z.enum(['ks', 'chi2', 'embedding']),
  statistic: z.number(),
  p: z.number(),
  drifted: z.boolean(),
});
export type DriftFigure = z.infer<typeof driftFigure>;

export const driftWindow = z.object({
  /** Counts from 1 since the appliance started. */
  window: z.number().int(),
  rows: z.number().int(),
  from: z.number(),
  to: z.number(),
  model: z.string(),
  version: z.number().int(),
  drifted: z.boolean(),
  figures: z.array(driftFigure),
});
export type DriftWindow = z.infer<typeof driftWindow>;

/** Live quality from labels that came back. */
export const liveQuality = z.object({
  labels: z.number().int(),
  /** Share of right answers; classification. */
  accuracy: z.number().optional(),
  /** Mean absolute error; regression. */
  mae: z.number().optional(),
});

export const monitorReport = z.object({
  /** Where the reference comes from: the training rows, the figures in the bundle, or nowhere. */
  reference: z.enum(['rows', 'figures', 'none']),
  windows: z.array(driftWindow),
  /** Rows in the window that is being filled. */
  filling: z.number().int(),
  quality: liveQuality,
  samples: z.number().int(),
});

export const feedbackRequest = z.object({
  items: z
    .array(
      z.object({
        /** `id` of the answer that the label is for, and the row within it. */
        id: z.string().max(64),
        index: z.number().int().min(0).default(0),
        label: z.union([z.string().max(10_000), z.number(), z.boolean()]),
      }),
    )
    .min(1)
    .max(10_000),
});

/** Where an alert goes. */
export const alertChannel = z.discriminatedUnion('to', [
  z.object({
    to: z.literal('webhook'),
    url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .refine((url) => !URL.canParse(url) || new URL(url).username + new URL(url).password === '', {
        message: 'leave name and password out of the address of a webhook',
      }),
  }),
  z.object({
    to: z.literal('email'),
    address: z.string().min(3).max(320),
    /** SMTP server as `smtp://host:port` or `smtps://user:password@host`; kept sealed. */
    server: z.url({ protocol: /^smtps?$/ }),
    from: z.string().min(3).max(320).optional(),
  }),
  z.object({ to: z.literal('desktop') }),
]);
export type AlertChannel = z.infer<typeof alertChannel>;

/** What is watched, over the requests of the last `seconds`. */
export const alertCondition = z.discriminatedUnion('on', [
  /** Share of failed requests. */
  z.object({
    on: z.literal('errors'),
    above: z.number().min(0).max(1),
    seconds: z.number().min(1).max(3600).default(300),
  }),
  /** 95th percentile, ms. */
  z.object({
    on: z.literal('latency'),
    above: z.number().positive(),
    seconds: z.number().min(1).max(3600).default(300),
  }),
  /** A class answered this often within the time. */
  z.object({
    on: z.literal('burst'),
    class: z.string(),
    above: z.number().int().min(1),
    seconds: z.number().min(1).max(3600).default(300),
  }),
  /** An answered value, or the score of a class, above or below a threshold. */
  z.object({
    on: z.literal('threshold'),
    class: z.string().optional(),
    above: z.number().optional(),
    below: z.number().optional(),
  }),
  /** A window of inputs or predictions that drifted. */
  z.object({ on: z.literal('drift') }),
]);
export type AlertCondition = z.infer<typeof alertCondition>;

export const alertRequest = z.object({
  name: thingName,
  /** Name of the deployment; every one when left out. */
  deployment: z.string().optional(),
  when: alertCondition,
  tell: z.array(alertChannel).min(1).max(8),
  /** Seconds between two messages of one rule. */
  every: z.number().min(0).max(86_400).default(300),
});

/** One time that a rule spoke, or was silenced instead. */
export const alertFiring = z.object({
  at: z.number(),
  deployment: z.string(),
  value: z.number(),
  message: z.string(),
  silenced: z.boolean(),
  /** Channels that did not take it, and why. */
  failed: z.array(z.object({ to: z.string(), why: z.string() })),
});
export type AlertFiring = z.infer<typeof alertFiring>;
