// Which models a run tries, and how it trains each: one when a family was asked for, a few when it is left to us. Every
// default that the user did not set is decided here, in tables.
import { families, type Layout, settleHyper } from '../models/index.ts';
import {
  networkOf,
  type FamilyName,
  type Hyper,
  type OptimizerSpec,
  type ScheduleSpec,
  type TrainRequest,
} from '../schema/index.ts';

/** One way to train: nothing left to decide. */
export interface Candidate {
  family: FamilyName;
  hyper: Hyper;
  optimizer: OptimizerSpec;
  schedule: ScheduleSpec;
  learningRate: number;
  batchSize: number;
  epochs: number;
  patience: number;
  labelSmoothing: number;
  /** `least-squares` is for linear models of texts: see leastSquares.ts. */
  loss: 'likelihood' | 'least-squares';
}

export interface Choice {
  /** From the simplest to the most complex. */
  candidates: Candidate[];
  reasons: string[];
}

interface Recipe {
  learningRate: number;
  weightDecay: number;
  epochs: number;
  patience: number;
  labelSmoothing: number;
}

/** How a family trains when nothing else is said; epochs are for small data. */
const recipes: Record<FamilyName, Recipe> = {
  linear: { learningRate: 0.05, weightDecay: 0.01, epochs: 150, patience: 15, labelSmoothing: 0 },
  mlp: { learningRate: 0.003, weightDecay: 0.1, epochs: 120, patience: 15, labelSmoothing: 0 },
  'embedding-bag': { learningRate: 0.005, weightDecay: 0.01, epochs: 12, patience: 4, labelSmoothing: 0.1 },
  textcnn: { learningRate: 0.003, weightDecay: 0.05, epochs: 8, patience: 3, labelSmoothing: 0.1 },
  gru: { learningRate: 0.003, weightDecay: 0.05, epochs: 8, patience: 3, labelSmoothing: 0.1 },
  lstm: { learningRate: 0.003, weightDecay: 0.05, epochs: 8, patience: 3, labelSmoothing: 0.1 },
  cnn: { learningRate: 0.003, weightDecay: 0.05, epochs: 40, patience: 10, labelSmoothing: 0.05 },
  resnet: { learningRate: 0.003, weightDecay: 0.05, epochs: 40, patience: 10, labelSmoothing: 0.05 },
  vit: { learningRate: 0.001, weightDecay: 0.05, epochs: 80, patience: 20, labelSmoothing: 0.05 },
  'tabular-resnet': { learningRate: 0.001, weightDecay: 0.05, epochs: 60, patience: 12, labelSmoothing: 0 },
  'ft-transformer': { learningRate: 0.001, weightDecay: 0.01, epochs: 60, patience: 12, labelSmoothing: 0 },
  transformer: { learningRate: 0.002, weightDecay: 0.05, epochs: 8, patience: 3, labelSmoothing: 0.1 },
  decoder: { learningRate: 1e-3, weightDecay: 0.1, epochs: 12, patience: 2, labelSmoothing: 0 },
  'audio-cnn': { learningRate: 0.003, weightDecay: 0.05, epochs: 40, patience: 10, labelSmoothing: 0.05 },
  autoencoder: { learningRate: 0.003, weightDecay: 0.01, epochs: 200, patience: 20, labelSmoothing: 0 },
  'two-tower': { learningRate: 0.01, weightDecay: 1.2, epochs: 20, patience: 4, labelSmoothing: 0 },
  seq2seq: { learningRate: 1e-3, weightDecay: 0.01, epochs: 20, patience: 4, labelSmoothing: 0.05 },
  pretrained: { learningRate: 5e-5, weightDecay: 0.01, epochs: 4, patience: 2, labelSmoothing: 0 },
};

/** Where only part of a pretrained model is trained, that part starts from nothing and takes larger steps. */
const partly: Readonly<Record<string, Partial<Recipe>>> = {
  lora: { learningRate: 5e-4, epochs: 6 },
  head: { learningRate: 2e-3, epochs: 20, patience: 4 },
};

/** Rows below which a batch has this many. */
const batchSizes: readonly (readonly [rows: number, size: number])[] = [
  [500, 16],
  [2000, 32],
  [20_000, 64],
  [100_000, 256],
  [Number.POSITIVE_INFINITY, 1024],
];

/** Steps beyond which more epochs over large data bring little. */
const mostSteps = 60_000;
/** Up to this many rows several candidates are cheap. */
const rowsToCompare = 50_000;

/** What to train for a request over `rows` training rows with so many logits. */
export function chooseCandidates(request: TrainRequest, layout: Layout, rows: number, outputs: number): Choice {
  const settle = (family: FamilyName, hyper: Hyper = {}, recipe: Partial<Recipe> = {}): Candidate => {
    const share = family === 'pretrained' ? partly[String(request.hyper?.['tune'])] : undefined;
    const { weightDecay, ...rest } = { ...recipes[family], ...share, ...recipe };
    const usual = batchSizes.find(([most]) => rows < most)?.[1] ?? 1024;
    // A batch of a ranking is compared with its own items, so that a large one says more.
    const batchSize = request.batchSize ?? (family === 'two-tower' ? Math.min(1024, 4 * usual) : usual);
    const affordable = Math.max(3, Math.floor((mostSteps * batchSize) / Math.max(1, rows)));
    const epochs = request.epochs ?? Math.min(rest.epochs, affordable);
    return {
      family,
      hyper: settleHyper(families[family], { ...hyper, ...request.hyper }),
      optimizer: request.optimizer ?? { kind: 'adamw', weightDecay },
      schedule: request.schedule ?? { kind: 'cosine', warmup: 0.05 },
      learningRate: request.learningRate ?? rest.learningRate,
      batchSize,
      epochs,
      // Asked for a number of epochs, it runs them all.
      patience: request.epochs ? request.epochs : rest.patience,
      labelSmoothing: rest.labelSmoothing,
      loss: 'likelihood',
    };
  };
  /** One weight an n-gram: rows have unit length, so that steps can be as large as the curvature allows. */
  const overTexts = (): Candidate => {
    if (request.optimizer) return settle('linear');
    const epochs = request.epochs ?? 8;
    const plain = settle('linear', {}, { epochs, patience: epochs, learningRate: outputs / (2 * layout.texts.length) });
    const optimizer = { kind: 'sgd', momentum: 0.9, weightDecay: 2 / (outputs * Math.max(1, rows)) } as const;
    return { ...plain, optimizer, loss: 'least-squares' };
  };
  const isTextOnly = layout.texts.length > 0 && layout.dense + layout.embedded.length === 0;
  const model = networkOf(request.model);
  if (model !== 'auto') {
    const asked = model === 'linear' && isTextOnly ? overTexts() : settle(model);
    return { candidates: [asked], reasons: [`${model} was asked for`] };
  }
  if (isTextOnly && rows <= rowsToCompare) {
    return {
      candidates: [overTexts()],
      reasons: ['linear over word and character n-grams, because with few texts it is hard to beat'],
    };
  }
  if (layout.texts.length > 0) {
    return {
      candidates: [settle('embedding-bag')],
      reasons: ['embedding-bag, because there is text and its n-grams tell most in a few thousand rows'],
    };
  }
  if (request.hyper) {
    return { candidates: [settle('mlp')], reasons: ['mlp, because hyper-parameters were given for a table'] };
  }
  if (rows > rowsToCompare) {
    return { candidates: [settle('mlp')], reasons: [`mlp, because ${rows} rows are enough for what is not additive`] };
  }
  return {
    candidates: [
      settle('linear', {}, { weightDecay: 1 }),
      settle('linear', {}, { weightDecay: 0.01 }),
      settle('mlp', { hidden: [64], dropout: 0.2 }),
      settle('mlp', { hidden: [256, 128], dropout: 0.3 }),
    ],
    reasons: ['linear and mlp are both tried, because small tables may favour either'],
  };
}
