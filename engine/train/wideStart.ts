// The n-gram half of a family that reads words: one weight an n-gram and output, fitted before the network trains, by least
// squares on the training rows. It is linear and convex, so a few passes here do what Adam's steps of equal size for every
// n-gram, seldom or common, do worse (Wilson et al. 2017). Changes no other weight.
import { rng } from '../base/index.ts';
import type { Graph } from '../graph/index.ts';
import { tensor } from '../onnx/index.ts';
import { naiveBayesStart, signedLabels } from './leastSquares.ts';
import type { Prepared } from './prepare.ts';

/** Passes over the rows; step of a row of unit length in the first; ridge penalty. */
const passes = 8;
const rate = 0.16;
const ridge = 1;
/** What ±1 scores are multiplied by to be logits: the usual temperature of leastSquares.ts. */
const sharpness = 4;
/** Rows beyond which more of them change little. */
const mostRows = 100_000;

/** The graph whose tables `text_i.table` and `ngrams.bias` are fitted; graphs without stay as they are. */
export function wideStart(graph: Graph, rows: Prepared, seed: number): Graph {
  const { data, preprocess } = rows;
  const bias = graph.initializers.get('ngrams.bias');
  if (!bias || data.text.length === 0) return graph;
  const known = naiveBayesStart(graph, rows);
  const outputs = bias.data.length;
  const tables = data.text.map((_, i) =>
    Float64Array.from(known.initializers.get(`text_${i}.table`)?.data as Float32Array),
  );
  const offset = new Float64Array(outputs);
  const order = Array.from(rows.train);
  const random = rng(seed, 'wide');
  const targets = targetsOf(rows, outputs);
  const error = new Float64Array(outputs);
  const share = 1 / data.text.length;
  const count = Math.min(order.length, mostRows);
  // Weights are shrunk by one common factor: what is stored is weight / shrunk.
  let shrunk = 1;
  for (let pass = 0, step = 0; pass < passes; pass++) {
    random.shuffle(order);
    for (let k = 0; k < count; k++, step++) {
      const row = order[k];
      const size = (rate * (1 + Math.cos((Math.PI * step) / (passes * count)))) / 2;
      for (let c = 0; c < outputs; c++) error[c] = targets[row * outputs + c] - offset[c];
      for (const [i, { offsets, ids, weights }] of data.text.entries()) {
        const table = tables[i];
        for (let at = offsets[row]; at < offsets[row + 1]; at++) {
          const start = ids[at] * outputs;
          const weight = weights[at] * shrunk;
          for (let c = 0; c < outputs; c++) error[c] -= table[start + c] * weight;
        }
      }
      shrunk *= 1 - (size * ridge) / count;
      for (const [i, { offsets, ids, weights }] of data.text.entries()) {
        const table = tables[i];
        for (let at = offsets[row]; at < offsets[row + 1]; at++) {
          const start = ids[at] * outputs;
          const weight = (weights[at] * size * share) / shrunk;
          for (let c = 0; c < outputs; c++) table[start + c] += error[c] * weight;
        }
      }
      for (let c = 0; c < outputs; c++) offset[c] += error[c] * size * offsetShare;
    }
  }
  const scale = preprocess.task === 'regression' ? 1 : sharpness;
  const initializers = new Map(graph.initializers);
  for (const [i, table] of tables.entries()) {
    const dims = [table.length / outputs, outputs];
    initializers.set(
      `text_${i}.table`,
      tensor(
        'float32',
        dims,
        Float32Array.from(table, (value) => value * shrunk * scale),
      ),
    );
  }
  initializers.set(
    'ngrams.bias',
    tensor(
      'float32',
      [outputs],
      Float32Array.from(offset, (value) => value * scale),
    ),
  );
  return { ...graph, initializers };
}

/** A row has unit length without its constant; this keeps the constant from moving with every row. */
const offsetShare = 0.05;

/** ±1 a class, or the scaled target: [rows × outputs]. */
function targetsOf({ data }: Prepared, outputs: number): Float32Array {
  if (!data.labels) return Float32Array.from(data.targets ?? []);
  const every = Uint32Array.from({ length: data.rows }, (_, row) => row);
  return signedLabels(data.labels, every, outputs);
}
