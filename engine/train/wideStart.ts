// The n-gram half of a family that reads words: one weight an n-gram and output, fitted before the network trains, by least
// squares on the training rows. It is linear and convex, so a few passes here do what Adam's steps of equal size for every
// n-gram, seldom or common, do worse (Wilson et al. 2017). Changes no other weight.
import { must, type Rng, rng } from '../base/index.ts';
import type { Ragged } from '../data/index.ts';
import type { Graph } from '../graph/index.ts';
import { tensor } from '../onnx/index.ts';
import { naiveBayesStart } from './leastSquares.ts';
import type { Prepared } from './prepare.ts';

/** Passes over the rows; step of a row of unit length in the first; ridge penalty. */
const passes = 8;
const rate = 0.16;
const ridge = 1;
/** A row has unit length without its constant; this keeps the constant from moving with every row. */
const offsetShare = 0.05;
/** What ±1 scores are multiplied by to be logits: the usual temperature of leastSquares.ts. */
const sharpness = 4;
/** Products of a weight and a row's n-gram after which the fit ends, some seconds; large data is met less than 8 times. */
const mostProducts = 2e9;

/** A linear model of n-grams: a table [n-grams × outputs] a text, and a constant an output. */
interface Wide {
  tables: Float32Array[];
  offset: Float32Array;
}

/** The graph whose tables `text_i.table` and `ngrams.bias` are fitted; graphs without stay as they are. */
export function wideStart(graph: Graph, rows: Prepared, seed: number): Graph {
  const { text } = rows.data;
  const outputs = graph.initializers.get('ngrams.bias')?.data.length;
  if (!outputs || text.length === 0) return graph;
  const known = naiveBayesStart(graph, rows);
  const nameOf = (i: number) => `text_${i}.table`;
  const tables = text.map((_, i) => must(known.initializers.get(nameOf(i)), nameOf(i)).data.slice() as Float32Array);
  const wide = { tables, offset: new Float32Array(outputs) };
  const scale = fitWide(wide, rows, rng(seed, 'wide')) * (rows.preprocess.task === 'regression' ? 1 : sharpness);
  const initializers = new Map(graph.initializers);
  for (const [i, table] of tables.entries()) {
    for (let at = 0; at < table.length; at++) table[at] *= scale;
    initializers.set(nameOf(i), tensor('float32', [table.length / outputs, outputs], table));
  }
  const { offset } = wide;
  for (let c = 0; c < outputs; c++) offset[c] *= rows.preprocess.task === 'regression' ? 1 : sharpness;
  initializers.set('ngrams.bias', tensor('float32', [outputs], offset));
  return { ...graph, initializers };
}

/** The graph with its n-gram half counted among its weights: training left it alone, but it was fitted. */
export function withWideWeights(graph: Graph): Graph {
  if (!graph.initializers.has('ngrams.bias')) return graph;
  const own = [...graph.initializers.keys()].filter((name) => /^(text_\d+\.table|ngrams\.bias)$/.test(name));
  return { ...graph, parameters: [...graph.parameters, ...own.filter((name) => !graph.parameters.includes(name))] };
}

/** Stochastic descent of the squared error, row by row; answers what the tables must be multiplied by in the end. */
function fitWide({ tables, offset }: Wide, { data, train }: Prepared, random: Rng): number {
  const outputs = offset.length;
  const order = Array.from(train);
  const grams = order.reduce((sum, row) => sum + gramsIn(data.text, row), 0);
  const steps = Math.floor(order.length * Math.min(passes, mostProducts / Math.max(1, grams * outputs)));
  const error = new Float64Array(outputs);
  // Weights shrink by one common factor: what stands in the tables is weight / shrunk.
  let shrunk = 1;
  for (let step = 0; step < steps; step++) {
    if (step % order.length === 0) random.shuffle(order);
    const row = order[step % order.length];
    const size = (rate * (1 + Math.cos((Math.PI * step) / steps))) / 2;
    for (let c = 0; c < outputs; c++) error[c] = targetOf(data, row, c) - offset[c];
    eachGram(data.text, row, (table, start, weight) => {
      for (let c = 0; c < outputs; c++) error[c] -= tables[table][start * outputs + c] * weight * shrunk;
    });
    shrunk *= 1 - (size * ridge) / order.length;
    const scale = size / (data.text.length * shrunk);
    eachGram(data.text, row, (table, start, weight) => {
      for (let c = 0; c < outputs; c++) tables[table][start * outputs + c] += error[c] * weight * scale;
    });
    for (let c = 0; c < outputs; c++) offset[c] += error[c] * size * offsetShare;
  }
  return shrunk;
}

const gramsIn = (text: readonly Ragged[], row: number): number =>
  text.reduce((sum, { offsets }) => sum + offsets[row + 1] - offsets[row], 0);

/** Calls for every n-gram of a row: which text's table, its row in it, and its weight in the text. */
function eachGram(
  text: readonly Ragged[],
  row: number,
  each: (table: number, gram: number, weight: number) => void,
): void {
  for (let i = 0; i < text.length; i++) {
    const { offsets, ids, weights } = text[i];
    for (let at = offsets[row]; at < offsets[row + 1]; at++) each(i, ids[at], weights[at]);
  }
}

/** ±1 for a class, or the scaled target. */
function targetOf({ labels, targets }: Prepared['data'], row: number, output: number): number {
  if (labels) return labels[row] === output ? 1 : -1;
  return targets?.[row] ?? 0;
}
