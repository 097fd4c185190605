// Small real models with weights that a person can follow, for tests of bundles and serving.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BundleParts } from '../../../engine/bundle/index.ts';
import { writeBundle } from '../../../engine/bundle/index.ts';
import { graphBuilder, type Graph, type Value, type GraphBuilder } from '../../../engine/graph/index.ts';
import { tensor } from '../../../engine/onnx/index.ts';
import type { Column, Manifest, PackGrant, Report } from '../../../engine/schema/index.ts';
import { newKey } from '../../../engine/security/index.ts';
import { createPack } from '../../../engine/store/index.ts';

/** A directory of its own for a test, and how to be rid of it. */
export function scratch(): { dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'neutrino-test-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

const classes = ['low', 'middle', 'high'];

/**
 * Size in centimetres and colour: logits are size·[−1, 0, 1], plus 5 for `high` when the colour is red.
 * A missing size counts as 0.
 */
export function flowerGraph(bias = 0): Graph {
  const g = graphBuilder('flower');
  const numeric = g.input('numeric', 'float64', ['batch', 1]);
  const category = g.input('category', 'string', ['batch', 1]);
  const filled = g.op('Where', [g.op('IsNaN', [numeric]), g.constant(tensor('float64', [], [0])), numeric]);
  const size = g.op('Cast', [filled], { to: 1 });
  const colours = g.op('OneHotEncoder', [category], { cats_strings: ['red', 'blue'], zeros: 1 });
  const colour = g.op('Reshape', [colours, g.ints([-1, 2])]);
  const weights = g.parameter('weights', tensor('float32', [3, 3], [-1, 0, 1, 0, 0, 5, 0, 0, 0]));
  const shift = g.parameter('bias', tensor('float32', [3], [bias, 0, 0]));
  const logits = g.op('Add', [g.op('MatMul', [g.op('Concat', [size, colour], { axis: 1 }), weights]), shift]);
  classify(g, logits);
  return g.build();
}

function classify(g: GraphBuilder, logits: Value): void {
  g.output(g.op('Softmax', [logits], { axis: -1 }), 'probabilities');
  const index = g.op('ArgMax', [logits], { axis: 1, keepdims: 0 });
  g.output(g.op('LabelEncoder', [index], { keys_int64s: [0, 1, 2], values_strings: classes }), 'label');
}

/** Twice the size, plus one; a missing size counts as 0. */
function regressionGraph(): Graph {
  const g = graphBuilder('double');
  const numeric = g.input('numeric', 'float64', ['batch', 1]);
  const filled = g.op('Where', [g.op('IsNaN', [numeric]), g.constant(tensor('float64', [], [0])), numeric]);
  const weights = g.parameter('weights', tensor('float32', [1, 1], [2]));
  const doubled = g.op('MatMul', [g.op('Cast', [filled], { to: 1 }), weights]);
  g.output(g.op('Add', [doubled, g.constant(1)]), 'prediction');
  return g.build();
}

const sizeColumn: Column = {
  name: 'size',
  type: 'number',
  missing: 0,
  distinct: 5,
  min: -2,
  max: 2,
  mean: 0,
  std: 1,
  quantiles: [-2, -1, 0.5, 1, 2],
};
const colourColumn: Column = {
  name: 'colour',
  type: 'category',
  missing: 0,
  distinct: 2,
  top: [
    { value: 'blue', count: 6 },
    { value: 'red', count: 4 },
  ],
};
const serialColumn: Column = { name: 'serial', type: 'identifier', missing: 0, distinct: 10 };

const manifestOf = (
  name: string,
  version: number,
): Omit<BundleParts['manifest'], 'task' | 'target' | 'classes' | 'features'> => ({
  name,
  version,
  createdAt: 1_700_000_000_000,
  neutrino: '0.1.0',
  family: 'linear',
  hyper: {},
  seed: 1,
  data: { dataset: 'flowers', sha256: '0'.repeat(64), rows: 10 },
  metrics: { accuracy: 1 },
  columns: [sizeColumn, colourColumn, serialColumn],
});

const average = { precision: 1, recall: 1, f1: 1, support: 10 };
const shared = { rows: 10, loss: 0, seconds: 1, epochs: 1, bestEpoch: 1, steps: 1, weights: '0'.repeat(64) };
const flowerReport: Report = {
  task: 'multiclass',
  ...shared,
  accuracy: 1,
  macroF1: 1,
  weightedF1: 1,
  macro: average,
  weighted: average,
  classes: classes.map((label) => ({ label, ...average })),
  confusion: [
    [4, 0, 0],
    [0, 3, 0],
    [0, 0, 3],
  ],
  logLoss: 0,
  calibration: { ece: 0, bins: [] },
};
const regressionReport: Report = {
  task: 'regression',
  ...shared,
  mae: 0,
  rmse: 0,
  r2: 1,
  residuals: { mean: 0, std: 0, quantiles: [0, 0, 0, 0, 0, 0, 0], histogram: { edges: [0, 1], counts: [10] } },
};

const sizeInput = { column: 'size', part: 'value' as const, mean: 0, std: 1, fill: 0, missing: 0 };
const ignored = [{ column: 'serial', why: 'an identifier' }];

/** The parts of a classifier over `size` and `colour`; `bias` raises the logit of `low`, to tell versions apart. */
export function flowerParts({ version = 1, bias = 0, name = 'flowers' } = {}): BundleParts {
  return {
    manifest: {
      ...manifestOf(name, version),
      task: 'multiclass',
      target: 'height',
      classes,
      features: [
        { column: 'size', type: 'number', as: 'numeric' },
        { column: 'colour', type: 'category', as: 'category' },
      ],
    },
    graph: flowerGraph(bias),
    preprocess: {
      format: 'neutrino-preprocess',
      formatVersion: 1,
      task: 'multiclass',
      target: { column: 'height' },
      classes,
      numeric: [sizeInput],
      category: [{ column: 'colour', boolean: false, values: ['blue', 'red'] }],
      text: [],
      columns: [
        { name: 'size', type: 'number' },
        { name: 'colour', type: 'category' },
        { name: 'serial', type: 'identifier' },
        { name: 'height', type: 'category' },
      ],
      ignored,
    },
    report: flowerReport,
  };
}

/** The parts of a regression over `size`. */
export function regressionParts(): BundleParts {
  return {
    manifest: {
      ...manifestOf('double', 1),
      task: 'regression',
      target: 'height',
      classes: [],
      features: [{ column: 'size', type: 'number', as: 'numeric' }],
      columns: [sizeColumn],
    },
    graph: regressionGraph(),
    preprocess: {
      format: 'neutrino-preprocess',
      formatVersion: 1,
      task: 'regression',
      target: { column: 'height', mean: 0, std: 1 },
      classes: [],
      numeric: [sizeInput],
      category: [],
      text: [],
      columns: [
        { name: 'size', type: 'number' },
        { name: 'height', type: 'number' },
      ],
      ignored: [],
    },
    report: regressionReport,
  };
}

/** `low` for the word bad, `high` for the word good, in one text column; `middle` for anything else. */
export function noteParts(): BundleParts {
  const g = graphBuilder('note');
  const ids = g.input('text_0_ids', 'int64', ['batch', 'length']);
  const weights = g.input('text_0_weights', 'float32', ['batch', 'length']);
  const table = g.parameter('table', tensor('float32', [3, 3], [0, 0, 0, 9, 0, 0, 0, 0, 9]));
  const vectors = g.op('Gather', [table, ids]);
  const weighted = g.op('Mul', [vectors, g.op('Unsqueeze', [weights, g.ints([2])])]);
  const summed = g.op('ReduceSum', [weighted, g.ints([1])], { keepdims: 0 });
  classify(g, g.op('Add', [summed, g.constant([0, 1, 0])]));
  const flower = flowerParts({ name: 'notes' });
  return {
    ...flower,
    graph: g.build(),
    manifest: {
      ...flower.manifest,
      features: [{ column: 'note', type: 'text', as: 'text' }],
      columns: [{ name: 'note', type: 'text', missing: 0, distinct: 10 }],
    },
    preprocess: {
      ...flower.preprocess,
      numeric: [],
      category: [],
      text: [
        {
          column: 'note',
          analyzer: { words: [1, 1], sublinear: false },
          words: ['bad', 'good'],
          chars: [],
          idf: [1, 1],
          maxTokens: 16,
        },
      ],
      columns: [
        { name: 'note', type: 'text' },
        { name: 'height', type: 'category' },
      ],
      ignored: [],
    },
  };
}

/** Writes a bundle into a pack of its own below `dir`. */
export function packOf(dir: string, id: string, parts: BundleParts): { grant: PackGrant; manifest: Manifest } {
  const grant: PackGrant = { id, path: join(dir, `${id}.sqlite`), key: newKey() };
  const writer = createPack(grant.path, grant);
  const manifest = writeBundle(writer, parts);
  writer.finish();
  return { grant, manifest };
}
