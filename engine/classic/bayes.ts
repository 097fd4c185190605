// Naive Bayes: numbers are normal within a class, small categories and indicators yes or no, large categories counted, n-grams by
// complement counts (Rennie et al. 2003). One pass over the rows.
import { tensor } from '../onnx/index.ts';
import { type ClassicFamily, type ClassicModel, type LinearTables, linearTerms, openInputs, sumOf } from './model.ts';
import type { ClassicRows } from './rows.ts';

/** Naive Bayes over counts and Gaussians. */
export const bayes: ClassicFamily = {
  name: 'naive-bayes',
  says: 'what each column says on its own, multiplied; trained in one pass, good on few rows and on texts',
  hyper: {
    smoothing: { kind: 'number', default: 0.3, range: [0.001, 10], log: true, says: 'added to every count' },
    spread: {
      kind: 'number',
      default: 0.001,
      range: [1e-6, 1],
      log: true,
      says: 'added to the variance of scaled numbers',
    },
  },
  suits: ({ labels }) => labels !== undefined,
  fit: async (data, train, _validation, hyper) =>
    fitBayes(data, train, Number(hyper['smoothing']), Number(hyper['spread'])),
};

function fitBayes(data: ClassicRows, train: Uint32Array, smoothing: number, spread: number): ClassicModel {
  const { outputs, labels = [], weights, dense, denseWidth, denseNumbers } = data;
  const classWeight = new Float64Array(outputs);
  const sums = new Float64Array(denseWidth * outputs);
  const squares = new Float64Array(denseWidth * outputs);
  for (const row of train) {
    const [k, weight] = [labels[row], weights?.[row] ?? 1];
    classWeight[k] += weight;
    for (let j = 0; j < denseWidth; j++) sums[j * outputs + k] += weight * dense[row * denseWidth + j];
  }
  for (const row of train) {
    const [k, weight] = [labels[row], weights?.[row] ?? 1];
    for (let j = 0; j < denseNumbers; j++) {
      squares[j * outputs + k] += weight * (dense[row * denseWidth + j] - sums[j * outputs + k] / classWeight[k]) ** 2;
    }
  }
  const total = classWeight.reduce((a, b) => a + b, 0);
  const bias = Float32Array.from(classWeight, (w) => Math.log((w + smoothing) / (total + smoothing * outputs)));
  const means = new Float32Array(outputs * denseNumbers);
  const sharpness = new Float32Array(outputs * denseNumbers);
  const table = new Float32Array(denseWidth * outputs);
  for (let k = 0; k < outputs; k++) {
    const count = Math.max(classWeight[k], 1e-9);
    for (let j = 0; j < denseWidth; j++) {
      if (j < denseNumbers) {
        const variance = squares[j * outputs + k] / count + spread;
        means[k * denseNumbers + j] = sums[j * outputs + k] / count;
        sharpness[k * denseNumbers + j] = -1 / (2 * variance);
        bias[k] -= 0.5 * Math.log(variance);
      } else {
        const yes = (sums[j * outputs + k] + smoothing) / (count + 2 * smoothing);
        table[j * outputs + k] = Math.log(yes / (1 - yes));
        bias[k] += Math.log(1 - yes);
      }
    }
  }
  const tables: LinearTables = {
    dense: denseWidth > denseNumbers ? table : null,
    embedded: data.embeddedSizes.map((size, i) => embeddedTable(data, train, i, size, smoothing, classWeight)),
    text: data.textSizes.map((size, i) => textTable(data, train, i, size, smoothing)),
    bias,
  };
  return {
    rounds: 1,
    bestRound: 1,
    size: 2 * means.length + table.length + bias.length,
    graph() {
      const inputs = openInputs('naive-bayes', data);
      const { g } = inputs;
      const terms = linearTerms(inputs, data, tables);
      if (denseNumbers > 0) {
        const numbers = g.op('Slice', [inputs.dense(), g.ints([0]), g.ints([denseNumbers]), g.ints([1])]);
        const centred = g.op('Sub', [
          g.op('Unsqueeze', [numbers, g.ints([1])]),
          g.constant(tensor('float32', [1, outputs, denseNumbers], means)),
        ]);
        const parts = g.op('Mul', [
          g.op('Mul', [centred, centred]),
          g.constant(tensor('float32', [1, outputs, denseNumbers], sharpness)),
        ]);
        terms.push(g.op('ReduceSum', [parts, g.ints([2])], { keepdims: 0 }));
      }
      g.output(sumOf(g, terms, bias), 'logits');
      return g.build();
    },
    logits(other, of) {
      const out = new Float32Array(of.length * outputs);
      for (const [i, row] of of.entries()) {
        for (let k = 0; k < outputs; k++) {
          let sum = bias[k];
          for (let j = 0; j < denseNumbers; j++) {
            sum +=
              (other.dense[row * denseWidth + j] - means[k * denseNumbers + j]) ** 2 * sharpness[k * denseNumbers + j];
          }
          for (let j = denseNumbers; j < denseWidth; j++)
            sum += other.dense[row * denseWidth + j] * table[j * outputs + k];
          for (const [e, own] of tables.embedded.entries()) {
            sum += own[other.embedded[row * data.embeddedSizes.length + e] * outputs + k];
          }
          for (const [t, own] of tables.text.entries()) {
            const { offsets, ids, weights: grams } = other.text[t];
            for (let at = offsets[row]; at < offsets[row + 1]; at++) sum += grams[at] * own[ids[at] * outputs + k];
          }
          out[i * outputs + k] = sum;
        }
      }
      return out;
    },
  };
}

/** log p(code | class). */
function embeddedTable(
  { embedded, embeddedSizes, labels = [], outputs, weights }: ClassicRows,
  train: Uint32Array,
  i: number,
  size: number,
  smoothing: number,
  classWeight: Float64Array,
): Float32Array {
  const counts = new Float64Array(size * outputs);
  for (const row of train) {
    counts[embedded[row * embeddedSizes.length + i] * outputs + labels[row]] += weights?.[row] ?? 1;
  }
  return Float32Array.from(counts, (count, at) =>
    Math.log((count + smoothing) / (classWeight[at % outputs] + smoothing * size)),
  );
}

/** −log of each n-gram's share among the other classes; the id 0 pads and says nothing. */
function textTable(
  { text, labels = [], outputs, weights }: ClassicRows,
  train: Uint32Array,
  i: number,
  size: number,
  smoothing: number,
): Float32Array {
  const { offsets, ids, weights: grams } = text[i];
  const counts = new Float64Array(size * outputs);
  for (const row of train) {
    for (let at = offsets[row]; at < offsets[row + 1]; at++) {
      counts[ids[at] * outputs + labels[row]] += grams[at] * (weights?.[row] ?? 1);
    }
  }
  const totals = new Float64Array(outputs);
  const out = new Float64Array(size * outputs);
  for (let id = 1; id < size; id++) {
    let all = 0;
    for (let k = 0; k < outputs; k++) all += counts[id * outputs + k];
    for (let k = 0; k < outputs; k++) totals[k] += out[id * outputs + k] = all - counts[id * outputs + k] + smoothing;
  }
  return Float32Array.from(out, (other, at) => (at < outputs ? 0 : -Math.log(other / totals[at % outputs])));
}
