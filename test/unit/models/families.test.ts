// The families that read words, pixels and feature tokens: what they answer, that training and serving are the same graph,
// and that padding says nothing.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';
import { encodeInputs } from '../../../engine/data/index.ts';
import { checkGraph, type Graph, modelOf } from '../../../engine/graph/index.ts';
import {
  edgeGraph,
  families,
  featureGraph,
  layoutOf,
  outputsOf,
  servedGraph,
  settleHyper,
} from '../../../engine/models/index.ts';
import { encodeModel, sameTensor, type Tensor, tensor } from '../../../engine/onnx/index.ts';
import { compile } from '../../../engine/runtime/index.ts';
import type { FamilyName, Hyper, PredictInput, Preprocess } from '../../../engine/schema/index.ts';
import { compileTraining } from '../../../engine/train/index.ts';
import { mixed } from './preprocess.ts';

const vocabulary = ['good', 'bad', 'very', 'not', 'and', '.'];

/** Texts read word by word and as n-grams, beside numbers and categories. */
const worded: Preprocess = { ...mixed, sequence: [{ column: 'note', words: vocabulary, maxLength: 40 }] };

interface Case {
  preprocess: Preprocess;
  hyper: Hyper;
  rows: PredictInput[];
}

const random = rng(2, 'rows');
const note = (words: number) =>
  Array.from({ length: words }, () => [...vocabulary, 'unheard'][random.int(vocabulary.length + 1)]).join(' ');
const noted: PredictInput[] = [3, 0, 17, 1, 50, 8].map((words, i) => ({
  age: i % 2 ? null : 30 + i,
  size: 0.1 * i,
  colour: ['red', 'blue', 'green'][i % 3],
  town: i === 4 ? null : `v${i + 5}`,
  note: note(words),
}));

const pixel = (i: number) => `pixel_${Math.floor(i / 6)}_${i % 6}`;

/** Pictures of 6 × 6 pixels beside a number and a category. */
const pictured: Preprocess = {
  ...mixed,
  text: [],
  numeric: [
    mixed.numeric[0],
    ...Array.from({ length: 36 }, (_, i) => ({
      column: pixel(i),
      part: 'value' as const,
      mean: 8,
      std: 4,
      fill: 0,
      missing: i === 7 ? 1 : 0,
    })),
  ],
  image: { height: 6, width: 6, channels: 1, first: 1 },
  columns: [
    { name: 'age', type: 'number' },
    { name: 'colour', type: 'category' },
    { name: 'town', type: 'category' },
    ...Array.from({ length: 36 }, (_, i) => ({ name: pixel(i), type: 'number' as const })),
  ],
};

const seen: PredictInput[] = Array.from({ length: 6 }, (_, r) => ({
  age: r,
  colour: 'red',
  town: `v${r}`,
  ...Object.fromEntries(Array.from({ length: 36 }, (_, i) => [pixel(i), r === 2 && i === 7 ? null : random.int(17)])),
}));

/** Small settings, so that the tests are quick. */
const cases: Partial<Record<FamilyName, Case>> = {
  textcnn: { preprocess: worded, hyper: { width: 8, filters: 4 }, rows: noted },
  gru: { preprocess: worded, hyper: { width: 8, hidden: 6, layers: 2 }, rows: noted },
  lstm: { preprocess: worded, hyper: { width: 8, hidden: 6 }, rows: noted },
  transformer: { preprocess: worded, hyper: { width: 8, heads: 2, inner: 12 }, rows: noted },
  cnn: { preprocess: pictured, hyper: { filters: [4, 6], depth: 1, hidden: 8 }, rows: seen },
  resnet: { preprocess: pictured, hyper: { filters: [4, 6] }, rows: seen },
  vit: { preprocess: pictured, hyper: { width: 8, heads: 2, layers: 1, inner: 12 }, rows: seen },
  'tabular-resnet': { preprocess: mixed, hyper: { width: 12 }, rows: noted },
  'ft-transformer': { preprocess: mixed, hyper: { width: 8, heads: 2 }, rows: noted },
};
const named = Object.entries(cases) as [FamilyName, Case][];

function forward(name: FamilyName, { preprocess, hyper }: Case, seed = 5): Graph {
  return families[name].build(layoutOf(preprocess), outputsOf(preprocess), settleHyper(families[name], hyper), seed);
}

async function run(graph: Graph, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  const program = await compile(graph);
  try {
    return await program.run(Object.fromEntries(program.inputs.map(({ name }) => [name, feeds[name]])));
  } finally {
    await program.dispose();
  }
}

/** What rows are as the model's own inputs. */
async function modelFeeds(preprocess: Preprocess, inputs: readonly PredictInput[]): Promise<Record<string, Tensor>> {
  const raw = encodeInputs(preprocess, inputs);
  const [edge, features] = [edgeGraph(preprocess), featureGraph(preprocess)];
  const codes = edge ? await run(edge, raw) : {};
  return { ...raw, ...(features ? await run(features, { ...raw, ...codes }) : {}) };
}

const labelsOf = (rows: number) =>
  tensor(
    'int64',
    [rows],
    Array.from({ length: rows }, (_, i) => i % 3),
  );
const ones = (rows: number) => tensor('float32', [rows], new Float32Array(rows).fill(1));

describe.each(named)('%s', (name, own) => {
  test('answers rows as a client sends them, in a legal graph, from the same weights for a seed', async () => {
    const graph = servedGraph(own.preprocess, forward(name, own));
    checkGraph(graph);
    const out = await run(graph, encodeInputs(own.preprocess, own.rows));
    expect(out['probabilities'].dims).toEqual([own.rows.length, 3]);
    expect(Array.from(out['probabilities'].data as Float32Array).every(Number.isFinite)).toBe(true);
    expect(forward(name, own).initializers).toEqual(forward(name, own).initializers);
    expect(forward(name, own, 6).initializers).not.toEqual(forward(name, own).initializers);
  });

  test('learns, and what predict, evaluate and the exported graph compute is the same to the bit', async () => {
    const feeds = await modelFeeds(own.preprocess, own.rows);
    const [labels, weights] = [labelsOf(own.rows.length), ones(own.rows.length)];
    const training = await compileTraining(forward(name, own), {
      loss: 'cross_entropy',
      optimizer: { kind: 'adamw' },
      device: 'cpu',
      threads: 1,
      seed: 3,
    });
    try {
      const used = Object.fromEntries(forward(name, own).inputs.map((input) => [input.name, feeds[input.name]]));
      const before = (await training.evaluate(used, labels, weights)).lossSum;
      for (let i = 0; i < 30; i++) await training.step(used, labels, weights, 0.02);
      const after = await training.evaluate(used, labels, weights);
      expect(after.lossSum).toBeLessThan(before / 2);
      const { logits } = await training.predict(used);
      expect(sameTensor(after.logits, logits)).toBe(true);
      expect(sameTensor((await run(await training.trained(), used))['logits'], logits)).toBe(true);
    } finally {
      await training.dispose();
    }
  });

  test('every row is answered alike alone and among others', async () => {
    const graph = servedGraph(own.preprocess, forward(name, own));
    const together = (await run(graph, encodeInputs(own.preprocess, own.rows)))['probabilities'].data as Float32Array;
    for (const [i, row] of own.rows.entries()) {
      const alone = (await run(graph, encodeInputs(own.preprocess, [row])))['probabilities'].data as Float32Array;
      const off = alone.map((value, k) => Math.abs(value - together[3 * i + k]));
      expect(Math.max(...off)).toBeLessThan(1e-5);
    }
  });
});

test('the settings of every family have a default inside their range', () => {
  for (const family of Object.values(families)) expect(() => settleHyper(family, settleHyper(family))).not.toThrow();
});

test('families that read words refuse tables by name', () => {
  const layout = layoutOf({ ...mixed, text: [] });
  for (const name of ['textcnn', 'gru', 'lstm', 'transformer'] as const) {
    expect(() => families[name].build(layout, 2, settleHyper(families[name]), 1)).toThrow(
      `model ${name} needs a text column`,
    );
  }
});

test('families that see images refuse tables without one, and sizes that do not fit, by name', () => {
  const build = (name: FamilyName, preprocess: Preprocess, hyper: Hyper) => () =>
    families[name].build(layoutOf(preprocess), 2, settleHyper(families[name], hyper), 1);
  for (const name of ['cnn', 'resnet', 'vit'] as const) {
    expect(build(name, mixed, {})).toThrow(`model ${name} needs a column of images, or columns that are pixels of one`);
  }
  expect(build('vit', pictured, { patch: 4 })).toThrow('an image of 6 × 6 does not cut into patches of 4 × 4');
  expect(build('vit', pictured, { heads: 3 })).toThrow('"width" (64) must be a multiple of "heads" (3)');
});

const python = '/usr/bin/python3';
const hasOnnx = (() => {
  if (!existsSync(python)) return false;
  try {
    execFileSync(python, ['-c', 'import onnx'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!hasOnnx)('every served graph passes onnx.checker (needs python3-onnx)', () => {
  const dir = mkdtempSync(join(tmpdir(), 'neutrino-families-'));
  try {
    const paths = named.map(([name, own]) => {
      const path = join(dir, `${name}.onnx`);
      writeFileSync(path, encodeModel(modelOf(servedGraph(own.preprocess, forward(name, own)))));
      return path;
    });
    const script = `import onnx, sys
for path in sys.argv[1:]:
    onnx.checker.check_model(onnx.load(path), full_check=True)
    print('ok')`;
    const said = execFileSync(python, ['-c', script, ...paths], { encoding: 'utf8' });
    expect(said.trim().split('\n')).toEqual(paths.map(() => 'ok'));
  } finally {
    rmSync(dir, { recursive: true });
  }
});
