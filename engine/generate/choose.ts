// The next token by its scores: the likeliest, or one drawn by chance among the likely ones. Keeps no state but the draws'.
import type { Rng } from '../base/index.ts';

/** How a token is drawn; the likeliest is taken where nothing is set or the temperature is 0. */
export interface Chance {
  temperature?: number;
  topK?: number;
  topP?: number;
}

/** ln Σ exp of the scores. */
export function logSumExp(scores: Float32Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < scores.length; i++) if (scores[i] > most) most = scores[i];
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += Math.exp(scores[i] - most);
  return most + Math.log(sum);
}

/** Place of the greatest score, the first of equals. */
export function likeliest(scores: Float32Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i;
  return best;
}

/** Whether the likeliest token is always taken. */
export const isGreedy = ({ temperature, topK, topP }: Chance): boolean =>
  temperature === 0 || (temperature === undefined && topK === undefined && topP === undefined) || topK === 1;

/** Draws a token: scores over the temperature, cut to the `topK` likeliest, then to the fewest that have `topP` together. */
export function chooseToken(scores: Float32Array, chance: Chance, random: Rng): number {
  if (isGreedy(chance)) return likeliest(scores);
  const { temperature = 1, topK = scores.length, topP = 1 } = chance;
  const most = scores[likeliest(scores)];
  const weights = new Float64Array(scores.length);
  for (let i = 0; i < scores.length; i++) weights[i] = Math.exp((scores[i] - most) / temperature);
  const kept = topK < scores.length || topP < 1 ? cut(weights, topK, topP) : undefined;
  const at = (i: number) => (kept ? kept[i] : i);
  const count = kept?.length ?? weights.length;
  let total = 0;
  for (let i = 0; i < count; i++) total += weights[at(i)];
  let left = random.next() * total;
  for (let i = 0; i < count; i++) {
    left -= weights[at(i)];
    if (left < 0) return at(i);
  }
  return at(count - 1);
}

/** Tokens that stay, by falling weight; equal ones by rising id. */
function cut(weights: Float64Array, topK: number, topP: number): number[] {
  const order = Array.from(weights.keys());
  const sorted = weights.slice().sort();
  const least = sorted[Math.max(0, sorted.length - topK)];
  const likely = order.filter((i) => weights[i] >= least).sort((a, b) => weights[b] - weights[a] || a - b);
  const first = likely.slice(0, topK);
  if (topP >= 1) return first;
  const total = first.reduce((sum, i) => sum + weights[i], 0);
  let sum = 0;
  const enough = first.findIndex((i) => (sum += weights[i]) >= topP * total);
  return enough < 0 ? first : first.slice(0, enough + 1);
}
