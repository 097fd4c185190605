// From raw columns to answers: the graphs before and behind a model, and every family as other runtimes see it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodeInputs } from '../../../engine/data/index.ts';
import { checkGraph, type Graph, modelOf } from '../../../engine/graph/index.ts';
import {
  edgeGraph,
  families,
  featureGraph,
  headGraph,
  layoutOf,
  outputsOf,
  servedGraph,
  settleHyper,
} from '../../../engine/models/index.ts';
import { encodeModel, type Tensor, tensor } from '../../../engine/onnx/index.ts';
import { compile } from '../../../engine/runtime/index.ts';
import type { FamilyName, Preprocess } from '../../../engine/schema/index.ts';
import { mixed, quantity } from './preprocess.ts';

async function run(graph: Graph | null, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  if (!graph) throw new Error('there is no graph');
  checkGraph(graph);
  const program = await compile(graph);
  try {
    return await program.run(Object.fromEntries(program.inputs.map(({ name }) => [name, feeds[name]])));
  } finally {
    await program.dispose();
  }
}

const own: readonly FamilyName[] = ['linear', 'mlp', 'embedding-bag'];

function served(name: FamilyName, preprocess: Preprocess): Graph {
  const family = families[name];
  return servedGraph(preprocess, family.build(layoutOf(preprocess), outputsOf(preprocess), settleHyper(family), 5));
}

const rows = [
  { age: 50, size: 1, colour: 'blue', town: 'v39', note: 'good good' },
  { age: null, size: 0.5, colour: 'green', town: 'nowhere', note: 'unheard of' },
];

describe('the feature graph', () => {
  test('scales numbers in double precision, marks missing ones, and gives small categories a column a value', async () => {
    const out = await run(featureGraph(mixed), {
      numeric: tensor('float64', [2, 2], [50, 1, Number.NaN, 0.5]),
      codes: tensor('int64', [2, 2], [2, 40, 0, 0]),
    });
    expect(Array.from(out['dense'].data as Float32Array)).toEqual([1, 2, 0, 0, 1, -0.5, 0, 1, 0, 0]);
    expect(out['embedded']).toEqual(tensor('int64', [2, 1], [40, 0]));
    expect(layoutOf(mixed)).toMatchObject({ dense: 5, embedded: [41], texts: [3] });
  });

  test('keeps differences of large numbers that float32 would lose', async () => {
    const big = { column: 'id', part: 'value' as const, mean: 1e12, std: 1, fill: 0, missing: 0 };
    const out = await run(featureGraph({ ...mixed, numeric: [big], category: [] }), {
      numeric: tensor('float64', [2, 1], [1e12 + 1, 1e12 - 2]),
    });
    expect(Array.from(out['dense'].data as Float32Array)).toEqual([1, -2]);
  });

  test('is not there when there are texts only', () => {
    expect(featureGraph({ ...mixed, numeric: [], category: [] })).toBeNull();
    expect(edgeGraph({ ...mixed, category: [] })).toBeNull();
  });
});

test('the edge graph gives strings the codes of training, 0 where missing or unseen', async () => {
  const out = await run(edgeGraph(mixed), { category: tensor('string', [2, 2], ['blue', 'v39', '', 'nowhere']) });
  expect(out['codes']).toEqual(tensor('int64', [2, 2], [2, 40, 0, 0]));
});

describe('the head', () => {
  test('gives probabilities that add up to 1 and the label of the greatest', async () => {
    const out = await run(headGraph(mixed), { logits: tensor('float32', [2, 3], [0, 2, 1, 5, 5, -5]) });
    const [a, b, c, ...second] = Array.from(out['probabilities'].data as Float32Array);
    expect(a + b + c).toBeCloseTo(1, 6);
    expect(Math.log(b / a)).toBeCloseTo(2, 5);
    expect(second[0]).toBe(second[1]);
    expect(out['label'].data).toEqual(['bee', 'ant']);
  });

  test('gives quantities in the unit of the target, one a row', async () => {
    const out = await run(headGraph(quantity), { logits: tensor('float32', [3, 1], [0, 1, -0.5]) });
    expect(out['prediction']).toEqual(tensor('float64', [3], [100, 120, 90]));
  });
});

describe.each(own)('the served graph of %s', (name) => {
  test.each([mixed, quantity])('answers rows as a client sends them ($task)', async (preprocess) => {
    const out = await run(served(name, preprocess), encodeInputs(preprocess, rows));
    const answers = Object.fromEntries(Object.entries(out).map(([key, value]) => [key, value.dims]));
    expect(answers).toEqual(
      preprocess.task === 'regression' ? { prediction: [2] } : { label: [2], probabilities: [2, 3] },
    );
  });

  test('starts from the same weights for a seed, and from others for another', () => {
    const family = families[name];
    const build = (seed: number) => family.build(layoutOf(mixed), 3, settleHyper(family), seed).initializers;
    expect(build(5)).toEqual(build(5));
    if (name !== 'linear') expect(build(5)).not.toEqual(build(6));
  });
});

test('a family refuses data that it cannot use', () => {
  const tableOnly = layoutOf({ ...mixed, text: [] });
  const textOnly = layoutOf({ ...mixed, numeric: [], category: [] });
  const build = (name: FamilyName, layout: typeof tableOnly) => () =>
    families[name].build(layout, 2, settleHyper(families[name]), 1);
  expect(build('embedding-bag', tableOnly)).toThrow(/needs a text column/);
  expect(build('mlp', textOnly)).toThrow(/needs a number or category column/);
});

test('hyper-parameters outside their ranges are refused by name', () => {
  expect(() => settleHyper(families.mlp, { hidden: [0] })).toThrow(/"hidden" of model mlp must be a list/);
  expect(() => settleHyper(families.mlp, { depth: 3 })).toThrow(/no hyper-parameter "depth": it has hidden, dropout/);
  expect(() => settleHyper(families.linear, { dropout: 2 })).toThrow(/linear/);
  expect(settleHyper(families.mlp, { dropout: 0 })).toEqual({ hidden: [128, 64], dropout: 0 });
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

test.skipIf(!hasOnnx)('every family’s served graph passes onnx.checker (needs python3-onnx)', () => {
  const dir = mkdtempSync(join(tmpdir(), 'neutrino-served-'));
  try {
    const paths = own.flatMap((name) =>
      [mixed, quantity].map((preprocess) => {
        const path = join(dir, `${name}-${preprocess.task}.onnx`);
        writeFileSync(path, encodeModel(modelOf(served(name, preprocess))));
        return path;
      }),
    );
    const script = `import onnx, sys
for path in sys.argv[1:]:
    m = onnx.load(path)
    onnx.checker.check_model(m, full_check=True)
    print(m.ir_version, *sorted((o.domain, o.version) for o in m.opset_import))`;
    const said = execFileSync(python, ['-c', script, ...paths], { encoding: 'utf8' })
      .trim()
      .split('\n');
    expect(said).toEqual(paths.map(() => "8 ('', 17) ('ai.onnx.ml', 3)"));
  } finally {
    rmSync(dir, { recursive: true });
  }
});
