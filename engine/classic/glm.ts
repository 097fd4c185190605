// Linear models solved to their optimum: logistic regression, ridge and the squared hinge of a support vector machine, over scaled
// numbers, categories and n-grams alike. L-BFGS (Liu and Nocedal 1989); the hinge by dual coordinate descent (Hsieh et al. 2008).
import { rng } from '../base/index.ts';
import type { Hyper } from '../schema/index.ts';
import { minimise } from './lbfgs.ts';
import {
  bothSides,
  type ClassicFamily,
  type ClassicModel,
  type FitOptions,
  linearTerms,
  openInputs,
  sumOf,
} from './model.ts';
import type { ClassicRows } from './rows.ts';
import { type Sparse, sparseRows } from './sparse.ts';

const steps = 200;
const passes = 40;
/** Largest violation of the hinge's optimality at which its passes end (LIBLINEAR's default). */
const enough = 0.1;

/** Linear models solved to their optimum. */
export const glm: ClassicFamily = {
  name: 'glm',
  says: 'linear model solved to its optimum: logistic regression, ridge or a support vector machine; for texts and small tables',
  hyper: {
    loss: {
      kind: 'choice',
      default: 'auto',
      choices: ['auto', 'logistic', 'svm', 'squared'],
      says: 'auto is logistic for tables, svm for texts, squared for numbers',
    },
    c: { kind: 'number', default: 1, range: [1e-4, 1e4], log: true, says: 'trust in the rows against small weights' },
  },
  suits: ({ denseWidth, embeddedSizes, text }) => denseWidth + embeddedSizes.length + text.length > 0,
  fit: async (data, train, _validation, hyper, options) => fitGlm(data, train, hyper, options),
};

function lossOf(data: ClassicRows, { loss }: Hyper): 'logistic' | 'svm' | 'squared' {
  if (!data.labels) return 'squared';
  if (loss === 'svm' || loss === 'squared') return loss;
  if (loss === 'logistic') return loss;
  return data.text.length > 0 ? 'svm' : 'logistic';
}

function fitGlm(data: ClassicRows, train: Uint32Array, hyper: Hyper, options: FitOptions): ClassicModel {
  const loss = lossOf(data, hyper);
  const c = Number(hyper['c']);
  const isBinary = data.labels !== undefined && data.outputs === 2;
  const width = isBinary ? 1 : data.outputs;
  const rows = sparseRows(data, train);
  const fitted =
    loss === 'svm'
      ? descend(data, rows, train, width, c, options)
      : solve(data, rows, train, width, c, loss === 'logistic', options);
  const { weights, rounds } = fitted;
  const bias = weights.slice(rows.features * width);
  const cut = (from: number, count: number) => weights.slice(from * width, (from + count) * width);
  let next = data.denseWidth;
  const take = (size: number) => {
    const own = cut(next, size);
    next += size;
    return own;
  };
  const tables = {
    dense: data.denseWidth > 0 ? cut(0, data.denseWidth) : null,
    embedded: data.embeddedSizes.map(take),
    text: data.textSizes.map(take),
    bias,
  };
  return {
    rounds,
    bestRound: rounds,
    size: weights.length,
    graph() {
      const inputs = openInputs('glm', data);
      const score = sumOf(inputs.g, linearTerms(inputs, data, tables), bias);
      inputs.g.output(isBinary ? bothSides(inputs.g, score) : score, 'logits');
      return inputs.g.build();
    },
    logits(other, of) {
      const { offsets, ids, values } = sparseRows(other, of);
      const out = new Float32Array(of.length * data.outputs);
      const sums = new Float64Array(width);
      for (let i = 0; i < of.length; i++) {
        sums.set(bias);
        for (let at = offsets[i]; at < offsets[i + 1]; at++) {
          for (let k = 0; k < width; k++) sums[k] += values[at] * weights[ids[at] * width + k];
        }
        if (isBinary) out[2 * i + 1] = sums[0];
        else out.set(sums, i * width);
      }
      return out;
    },
  };
}

/** Weights of `features` rows and a constant, [(features + 1) × width]. */
interface Fitted {
  weights: Float32Array;
  rounds: number;
}

/** Likelihood or squares by L-BFGS; the constant goes free of the penalty. */
function solve(
  data: ClassicRows,
  { features, offsets, ids, values }: Sparse,
  train: Uint32Array,
  width: number,
  c: number,
  isLogistic: boolean,
  options: FitOptions,
): Fitted {
  const { labels, targets, weights: trust } = data;
  const n = train.length;
  const bias = features * width;
  const scores = new Float64Array(width);
  let total = 0;
  for (const row of train) total += trust?.[row] ?? 1;
  const penalty = 1 / (c * total);
  const start = new Float64Array(bias + width);
  if (!labels) {
    for (const row of train) start[bias] += ((targets?.[row] ?? 0) * (trust?.[row] ?? 1)) / total;
  }
  const evaluate = (w: Float64Array, gradient: Float64Array): number => {
    gradient.fill(0);
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const row = train[i];
      const weight = (trust?.[row] ?? 1) / total;
      for (let k = 0; k < width; k++) scores[k] = w[bias + k];
      for (let at = offsets[i]; at < offsets[i + 1]; at++) {
        const place = ids[at] * width;
        const value = values[at];
        for (let k = 0; k < width; k++) scores[k] += value * w[place + k];
      }
      sum += weight * (isLogistic ? likelihood(scores, width, labels?.[row] ?? 0) : squares(scores, width, row));
      for (let k = 0; k < width; k++) gradient[bias + k] += weight * scores[k];
      for (let at = offsets[i]; at < offsets[i + 1]; at++) {
        const place = ids[at] * width;
        const value = values[at] * weight;
        for (let k = 0; k < width; k++) gradient[place + k] += value * scores[k];
      }
    }
    for (let i = 0; i < bias; i++) {
      sum += 0.5 * penalty * w[i] * w[i];
      gradient[i] += penalty * w[i];
    }
    return sum;
  };
  /** Half the squared error; leaves its slope in `scores`. */
  const squares = (s: Float64Array, outputs: number, row: number): number => {
    let sum = 0;
    for (let k = 0; k < outputs; k++) {
      const wanted = labels
        ? outputs === 1
          ? labels[row] === 1
            ? 1
            : -1
          : labels[row] === k
            ? 1
            : -1
        : (targets?.[row] ?? 0);
      s[k] -= wanted;
      sum += 0.5 * s[k] * s[k];
    }
    return sum;
  };
  const { point, iterations } = minimise(evaluate, start, {
    iterations: steps,
    ...(options.stop ? { stop: options.stop } : {}),
  });
  return { weights: Float32Array.from(point), rounds: iterations };
}

/** Negative log-likelihood of a class; leaves its slope in `scores`. */
function likelihood(scores: Float64Array, width: number, label: number): number {
  if (width === 1) {
    const margin = label === 1 ? scores[0] : -scores[0];
    const loss = margin > 0 ? Math.log1p(Math.exp(-margin)) : -margin + Math.log1p(Math.exp(margin));
    scores[0] = 1 / (1 + Math.exp(-scores[0])) - (label === 1 ? 1 : 0);
    return loss;
  }
  let most = scores[0];
  for (let k = 1; k < width; k++) if (scores[k] > most) most = scores[k];
  const own = scores[label];
  let sum = 0;
  for (let k = 0; k < width; k++) sum += scores[k] = Math.exp(scores[k] - most);
  for (let k = 0; k < width; k++) scores[k] /= sum;
  scores[label] -= 1;
  return Math.log(sum) + most - own;
}

/** Squared hinge, every class against the others, by dual coordinate descent; the constant is a feature that is always 1. */
function descend(
  data: ClassicRows,
  { features, offsets, ids, values }: Sparse,
  train: Uint32Array,
  width: number,
  c: number,
  { seed, stop }: FitOptions,
): Fitted {
  const { labels, weights: trust } = data;
  const n = train.length;
  const bias = features * width;
  const w = new Float64Array(bias + width);
  const alpha = new Float64Array(n * width);
  const squares = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    squares[i] = 1;
    for (let at = offsets[i]; at < offsets[i + 1]; at++) squares[i] += values[at] * values[at];
  }
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  const random = rng(seed, 'glm');
  const change = new Float64Array(width);
  let round = 0;
  for (; round < passes; round++) {
    if (stop?.()) break;
    random.shuffle(order);
    let worst = 0;
    for (const i of order) {
      const diagonal = 0.5 / (c * (trust?.[train[i]] ?? 1));
      for (let k = 0; k < width; k++) change[k] = w[bias + k];
      for (let at = offsets[i]; at < offsets[i + 1]; at++) {
        const place = ids[at] * width;
        const value = values[at];
        for (let k = 0; k < width; k++) change[k] += value * w[place + k];
      }
      let isChanged = false;
      const label = labels?.[train[i]] ?? 0;
      for (let k = 0; k < width; k++) {
        const sign = (width === 1 ? label === 1 : label === k) ? 1 : -1;
        const own = alpha[i * width + k];
        const slope = sign * change[k] - 1 + diagonal * own;
        const projected = own === 0 ? Math.min(slope, 0) : slope;
        worst = Math.max(worst, Math.abs(projected));
        change[k] = 0;
        if (Math.abs(projected) < 1e-12) continue;
        const next = Math.max(0, own - slope / (squares[i] + diagonal));
        alpha[i * width + k] = next;
        change[k] = sign * (next - own);
        isChanged = true;
      }
      if (!isChanged) continue;
      for (let k = 0; k < width; k++) w[bias + k] += change[k];
      for (let at = offsets[i]; at < offsets[i + 1]; at++) {
        const place = ids[at] * width;
        const value = values[at];
        for (let k = 0; k < width; k++) w[place + k] += value * change[k];
      }
    }
    if (worst < enough) break;
  }
  return { weights: Float32Array.from(w), rounds: round };
}
