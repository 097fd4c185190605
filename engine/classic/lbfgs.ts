// Minimises a smooth function by L-BFGS (Nocedal and Wright 2006, algorithms 7.4 and 7.5) with a backtracking line search.

export interface MinimiseOptions {
  iterations: number;
  /** Ends when the largest slope is this share of what it was at the start. */
  tolerance?: number;
  stop?: () => boolean;
}

const remembered = 10;

/** `evaluate` fills the gradient and answers the value. */
export function minimise(
  evaluate: (point: Float64Array, gradient: Float64Array) => number,
  start: Float64Array,
  { iterations, tolerance = 1e-5, stop }: MinimiseOptions,
): { point: Float64Array; value: number; iterations: number } {
  const size = start.length;
  let point = start.slice();
  let gradient = new Float64Array(size);
  let value = evaluate(point, gradient);
  const first = largest(gradient);
  const pairs: { step: Float64Array; slope: Float64Array; inner: number }[] = [];
  const direction = new Float64Array(size);
  let round = 0;
  for (; round < iterations; round++) {
    if (stop?.() || largest(gradient) <= tolerance * Math.max(first, 1e-12)) break;
    descentOf(gradient, pairs, direction);
    const decline = dot(gradient, direction);
    let length = pairs.length === 0 ? Math.min(1, 1 / norm(gradient)) : 1;
    const next = new Float64Array(size);
    const nextGradient = new Float64Array(size);
    let nextValue = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 20; tries++, length /= 2) {
      for (let i = 0; i < size; i++) next[i] = point[i] + length * direction[i];
      nextValue = evaluate(next, nextGradient);
      if (nextValue <= value + 1e-4 * length * decline) break;
    }
    if (!(nextValue < value)) break;
    const step = new Float64Array(size);
    const slope = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      step[i] = next[i] - point[i];
      slope[i] = nextGradient[i] - gradient[i];
    }
    const inner = dot(step, slope);
    // A pair without curvature would spoil the approximation.
    if (inner > 1e-12 * dot(slope, slope)) {
      pairs.push({ step, slope, inner });
      if (pairs.length > remembered) pairs.shift();
    }
    const gained = value - nextValue;
    point = next;
    gradient = nextGradient;
    value = nextValue;
    if (gained <= 1e-10 * Math.max(1, Math.abs(value))) break;
  }
  return { point, value, iterations: round };
}

/** The two-loop recursion: minus the approximate inverse Hessian times the gradient. */
function descentOf(
  gradient: Float64Array,
  pairs: readonly { step: Float64Array; slope: Float64Array; inner: number }[],
  out: Float64Array,
): void {
  out.set(gradient);
  const shares = new Float64Array(pairs.length);
  for (let p = pairs.length - 1; p >= 0; p--) {
    const { step, slope, inner } = pairs[p];
    shares[p] = dot(step, out) / inner;
    add(out, slope, -shares[p]);
  }
  const last = pairs.at(-1);
  const scale = last ? last.inner / dot(last.slope, last.slope) : 1;
  for (let i = 0; i < out.length; i++) out[i] *= scale;
  for (const [p, { step, slope, inner }] of pairs.entries()) add(out, step, shares[p] - dot(slope, out) / inner);
  for (let i = 0; i < out.length; i++) out[i] = -out[i];
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
function add(to: Float64Array, from: Float64Array, times: number): void {
  for (let i = 0; i < to.length; i++) to[i] += times * from[i];
}
const norm = (a: Float64Array): number => Math.sqrt(dot(a, a));
function largest(a: Float64Array): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]));
  return most;
}
