// Nearest neighbours on scaled columns: the training rows are the model. Brute force, which a matrix product does well.
import { tensor } from '../onnx/index.ts';
import { type ClassicFamily, type ClassicModel, openInputs } from './model.ts';
import type { ClassicRows } from './rows.ts';

/** Rows beyond which every prediction would cost too much; an even sample of them is kept. */
const mostRows = 50_000;

/** Nearest neighbours. */
export const knn: ClassicFamily = {
  name: 'knn',
  says: 'the answer of the most similar training rows; for small tables of numbers where like rows have like targets',
  hyper: {
    neighbours: { kind: 'integer', default: 5, range: [1, 200], log: true, says: 'rows that are asked' },
    weights: {
      kind: 'choice',
      default: 'distance',
      choices: ['uniform', 'distance'],
      says: 'whether nearer rows count more',
    },
    prior: {
      kind: 'number',
      default: 0.5,
      range: [0.001, 10],
      log: true,
      says: 'neighbours that the whole data counts for',
    },
  },
  suits: ({ denseWidth }) => denseWidth > 0,
  async fit(data, train, _validation, hyper) {
    const step = Math.max(1, train.length / mostRows);
    const kept = Uint32Array.from({ length: Math.min(train.length, mostRows) }, (_, i) => train[Math.floor(i * step)]);
    const k = Math.min(Number(hyper['neighbours']), kept.length);
    return modelOf(data, kept, k, hyper['weights'] === 'distance', Number(hyper['prior']));
  },
};

/** Added to distances, so that a row that is there again does not count for everything. */
const nearestDistance = 1e-3;

function modelOf(data: ClassicRows, kept: Uint32Array, k: number, byDistance: boolean, prior: number): ClassicModel {
  const { denseWidth: d, outputs, labels, targets } = data;
  const points = new Float32Array(kept.length * d);
  const norms = new Float32Array(kept.length);
  const answers = new Float32Array(kept.length * outputs);
  const general = new Float32Array(outputs);
  for (const [i, row] of kept.entries()) {
    points.set(data.dense.subarray(row * d, (row + 1) * d), i * d);
    for (let j = 0; j < d; j++) norms[i] += points[i * d + j] ** 2;
    if (labels) answers[i * outputs + labels[row]] = 1;
    else answers[i] = targets?.[row] ?? 0;
    for (let c = 0; c < outputs; c++) general[c] += answers[i * outputs + c] / kept.length;
  }
  const base = general.map((share) => share * prior);
  return {
    rounds: 1,
    bestRound: 1,
    size: points.length,
    graph() {
      const { g, dense } = openInputs('knn', data);
      const x = dense();
      const turned = new Float32Array(points.length);
      for (let i = 0; i < kept.length; i++) for (let j = 0; j < d; j++) turned[j * kept.length + i] = points[i * d + j];
      const products = g.op('MatMul', [x, g.constant(tensor('float32', [d, kept.length], turned))]);
      const own = g.op('ReduceSum', [g.op('Mul', [x, x]), g.ints([1])], { keepdims: 1 });
      const sums = g.op('Add', [own, g.constant(tensor('float32', [1, kept.length], norms))]);
      const squares = g.op('Sub', [sums, g.op('Mul', [products, g.constant(2)])]);
      const [near, places] = g.ops('TopK', [squares, g.ints([k])], { axis: 1, largest: 0, sorted: 1 }, 2);
      const distance = g.op('Sqrt', [g.op('Max', [near, g.constant(0)])]);
      const weights = byDistance
        ? g.op('Div', [g.constant(1), g.op('Add', [distance, g.constant(nearestDistance)])])
        : g.op('Add', [g.op('Mul', [distance, g.constant(0)]), g.constant(1)]);
      const total = g.op('ReduceSum', [weights, g.ints([1])], { keepdims: 1 });
      const shares = g.op('Unsqueeze', [g.op('Div', [weights, total]), g.ints([1])]);
      const found = g.op('Gather', [g.constant(tensor('float32', [kept.length, outputs], answers)), places], {
        axis: 0,
      });
      const mean = g.op('Squeeze', [g.op('MatMul', [shares, found]), g.ints([1])]);
      if (!labels) {
        g.output(mean, 'logits');
        return g.build();
      }
      const counts = g.op('Add', [
        g.op('Mul', [mean, g.constant(k)]),
        g.constant(tensor('float32', [1, outputs], base)),
      ]);
      g.output(g.op('Log', [counts]), 'logits');
      return g.build();
    },
    logits(other, of) {
      const out = new Float32Array(of.length * outputs);
      const squares = new Float32Array(kept.length);
      const order = new Uint32Array(kept.length);
      for (const [r, row] of of.entries()) {
        const x = other.dense.subarray(row * d, (row + 1) * d);
        for (let i = 0; i < kept.length; i++) {
          let sum = 0;
          for (let j = 0; j < d; j++) sum += (x[j] - points[i * d + j]) ** 2;
          squares[i] = sum;
          order[i] = i;
        }
        const near = nearest(squares, k);
        let total = 0;
        const sums = new Float64Array(outputs);
        for (const i of near) {
          const weight = byDistance ? 1 / (Math.sqrt(squares[i]) + nearestDistance) : 1;
          total += weight;
          for (let c = 0; c < outputs; c++) sums[c] += weight * answers[i * outputs + c];
        }
        for (let c = 0; c < outputs; c++) {
          const mean = sums[c] / total;
          out[r * outputs + c] = labels ? Math.log(mean * k + base[c]) : mean;
        }
      }
      return out;
    },
  };
}

/** Places of the k least values, nearest first; ties to the lower place. */
function nearest(values: Float32Array, k: number): number[] {
  const best: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (best.length === k && values[i] >= values[best[k - 1]]) continue;
    let at = best.length;
    while (at > 0 && values[best[at - 1]] > values[i]) at--;
    best.splice(at, 0, i);
    if (best.length > k) best.pop();
  }
  return best;
}
