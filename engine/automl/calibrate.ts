// What brings shares to what they should be: one temperature (Guo et al. 2017), a factor and an offset a class (for two classes beta
// calibration, Kull et al. 2017), or isotonic curves (Zadrozny and Elkan 2002). The choice is made on folds that each was not fitted on.
import { type ClassicRows, minimise } from '../classic/index.ts';
import { lossesOf, meanOf, softmaxOf, temperatureOf } from './scores.ts';

/** Maps the logarithms of a row's shares to new logits. */
export type Calibration =
  | { kind: 'temperature'; factor: number }
  | { kind: 'scaling'; factors: number[]; offsets: number[] }
  /** By class: shares at rising places and what they become, straight between them. */
  | { kind: 'isotonic'; curves: { at: number[]; to: number[] }[] };

type Truth = Pick<ClassicRows, 'labels' | 'targets' | 'outputs'>;

/** Rows that calibrations are compared on, at most. */
const mostRows = 6000;
const mostKnots = 24;
const steps = 60;
/** Pull of factors and offsets towards the temperature, as if by so many rows. */
const pull = 5;

/** Logits [n × k] of logarithms of shares [n × k]. */
export function calibrated(calibration: Calibration, logs: ArrayLike<number>, k: number): Float64Array {
  const { kind } = calibration;
  if (kind === 'temperature') return Float64Array.from(logs, (log) => log * calibration.factor);
  if (kind === 'scaling') {
    const { factors, offsets } = calibration;
    return Float64Array.from(logs, (log, i) => log * factors[i % k] + offsets[i % k]);
  }
  return Float64Array.from(logs, (log, i) => Math.log(valueAt(calibration.curves[i % k], Math.exp(log))));
}

function valueAt({ at, to }: { at: readonly number[]; to: readonly number[] }, x: number): number {
  let value = to[0];
  for (let i = 0; i + 1 < at.length; i++) {
    const share = (x - at[i]) / (at[i + 1] - at[i]);
    value += (to[i + 1] - to[i]) * Math.min(1, Math.max(0, share));
  }
  return value;
}

type Kind = Calibration['kind'];
type Fit = (logs: Float64Array, rows: Uint32Array, truth: Truth) => Calibration;

const fits: Readonly<Record<Kind, Fit>> = {
  temperature: (logs, rows, truth) => ({ kind: 'temperature', factor: temperatureOf(logs, rows, truth) }),
  scaling: fitScaling,
  isotonic: fitIsotonic,
};

/**
 * The calibration of held-out logarithms of shares [rows × k]: the temperature, unless another loses less on folds that it was not
 * fitted on, by more than one standard error of the difference. `folds` are those of `rows`.
 */
export function chooseCalibration(
  logs: Float64Array,
  rows: Uint32Array,
  folds: ArrayLike<number>,
  truth: Truth,
  kinds: readonly Kind[] = ['temperature', 'scaling', 'isotonic'],
): Calibration {
  if (!truth.labels) return { kind: 'temperature', factor: 1 };
  const parts = crossParts(folds, mostRows);
  let chosen: { kind: Kind; losses: Float64Array } | undefined;
  if (parts.length > 1) {
    for (const kind of kinds) {
      const losses = new Float64Array(rows.length);
      for (const { fit, held } of parts) {
        const calibration = fits[kind](...cut(logs, rows, fit, truth), truth);
        const [own, ownRows] = cut(logs, rows, held, truth);
        const shares = softmaxOf(calibrated(calibration, own, truth.outputs), truth.outputs);
        for (const [i, loss] of lossesOf(shares, ownRows, truth).entries()) losses[held[i]] = loss;
      }
      if (!chosen || isBetter(losses, chosen.losses, parts)) chosen = { kind, losses };
    }
  }
  return fits[chosen?.kind ?? 'temperature'](logs, rows, truth);
}

/** Places among the rows to fit on and to judge by. */
export interface CrossPart {
  fit: Uint32Array;
  held: Uint32Array;
}

/** One part a fold; every n-th row alone where there are more than `most`. */
export function crossParts(folds: ArrayLike<number>, most: number): CrossPart[] {
  const every = Math.max(1, Math.ceil(folds.length / most));
  const seen = new Set(Array.from(folds));
  const places = Uint32Array.from(folds, (_, i) => i).filter((i) => i % every === 0);
  return [...seen]
    .sort((a, b) => a - b)
    .map((fold) => ({ fit: places.filter((i) => folds[i] !== fold), held: places.filter((i) => folds[i] === fold) }))
    .filter(({ fit, held }) => fit.length > 0 && held.length > 0);
}

/** Whether losses are lower in the mean by more than so many standard errors of the difference, over the held rows of all parts. */
export function isBetter(losses: Float64Array, than: Float64Array, parts: readonly CrossPart[], errors = 1): boolean {
  const gains = parts.flatMap(({ held }) => Array.from(held, (i) => than[i] - losses[i]));
  const mean = meanOf(gains);
  const error = Math.sqrt(meanOf(gains.map((gain) => (gain - mean) ** 2)) / gains.length);
  return mean > errors * error;
}

/** The values of some places, and their rows. */
export function cut(
  values: Float64Array,
  rows: Uint32Array,
  places: Uint32Array,
  { outputs }: Truth,
): [Float64Array, Uint32Array] {
  const out = new Float64Array(places.length * outputs);
  for (const [i, place] of places.entries()) {
    out.set(values.subarray(place * outputs, (place + 1) * outputs), i * outputs);
  }
  return [out, places.map((place) => rows[place])];
}

/** Likeliest factors and offsets, held near the temperature. */
function fitScaling(logs: Float64Array, rows: Uint32Array, truth: Truth): Calibration {
  const { labels, outputs: k } = truth;
  const factor = temperatureOf(logs, rows, truth);
  const n = Math.max(1, rows.length);
  const logits = new Float64Array(k);
  const evaluate = (w: Float64Array, slope: Float64Array): number => {
    slope.fill(0);
    let sum = 0;
    for (let i = 0; i < rows.length; i++) {
      for (let c = 0; c < k; c++) logits[c] = logs[i * k + c] * w[c] + w[k + c];
      const shares = softmaxOf(logits, k);
      const label = labels?.[rows[i]] ?? 0;
      sum -= Math.log(Math.max(1e-300, shares[label])) / n;
      for (let c = 0; c < k; c++) {
        const error = (shares[c] - (c === label ? 1 : 0)) / n;
        slope[c] += error * logs[i * k + c];
        slope[k + c] += error;
      }
    }
    for (let c = 0; c < k; c++) {
      const [own, offset] = [w[c] - factor, w[k + c]];
      sum += (0.5 * pull * (own * own + offset * offset)) / n;
      slope[c] += (pull * own) / n;
      slope[k + c] += (pull * offset) / n;
    }
    return sum;
  };
  const start = Float64Array.from({ length: 2 * k }, (_, i) => (i < k ? factor : 0));
  const { point } = minimise(evaluate, start, { iterations: steps });
  return { kind: 'scaling', factors: [...point.subarray(0, k)], offsets: [...point.subarray(k)] };
}

/** Rising curves by pooling neighbours that do not rise (Ayer et al. 1955); a block's share leans to the class's own. */
function fitIsotonic(logs: Float64Array, rows: Uint32Array, { labels, outputs: k }: Truth): Calibration {
  const curves = Array.from({ length: k }, (_, c) => {
    const shares = Float64Array.from(rows, (_, i) => Math.exp(logs[i * k + c]));
    const order = Uint32Array.from(rows, (_, i) => i).sort((a, b) => shares[a] - shares[b]);
    let hits = 0;
    for (const row of rows) if (labels?.[row] === c) hits++;
    const base = Math.min(0.999, Math.max(0.001, hits / Math.max(1, rows.length)));
    const blocks: { sum: number; hits: number; count: number }[] = [];
    for (const i of order) {
      let block = { sum: shares[i], hits: labels?.[rows[i]] === c ? 1 : 0, count: 1 };
      for (let last = blocks.at(-1); last && last.hits * block.count >= block.hits * last.count; last = blocks.at(-1)) {
        block = { sum: last.sum + block.sum, hits: last.hits + block.hits, count: last.count + block.count };
        blocks.pop();
      }
      blocks.push(block);
    }
    const every = Math.ceil(blocks.length / mostKnots);
    const kept = blocks.filter((_, i) => i % every === 0 || i === blocks.length - 1);
    const [at, to]: [number[], number[]] = [[], []];
    for (const block of kept) {
      const place = block.sum / block.count;
      if (at.length > 0 && place - (at.at(-1) ?? 0) < 1e-6) continue;
      at.push(place);
      to.push(Math.max(to.at(-1) ?? 0, (block.hits + base) / (block.count + 1)));
    }
    return { at, to };
  });
  return { kind: 'isotonic', curves };
}
