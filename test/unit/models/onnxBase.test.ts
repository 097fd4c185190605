// ONNX files as bases: what is kept, what they take, what lies beside them, and what is refused with which words.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkGraph, graphBuilder, modelOf } from '../../../engine/graph/index.ts';
import {
  baseOf as baseOfFolder,
  families,
  type Layout,
  onnxBase,
  openBase,
  packBase,
  type PretrainedBase,
  readModelFile,
  readOnnx,
  readPretrained,
  settleHyper,
} from '../../../engine/models/index.ts';
import { encodeModel, readSafetensors, type Tensor, tensor } from '../../../engine/onnx/index.ts';
import { compile } from '../../../engine/runtime/index.ts';

const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'onnx');
const read = (name: string, options = {}) => onnxBase(readModelFile(join(folder, `${name}.onnx`)), options);
const baseOf = (name: string, options = {}): PretrainedBase => {
  const { base } = read(name, options);
  if (!base) throw new Error('no base');
  return base;
};
const values = (value: Tensor) => Array.from(value.data as Float32Array);

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'neutrino-onnx-'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

const layout = (changes: Partial<Layout>): Layout => ({
  dense: 0,
  parts: { numeric: 0, indicated: [], oneHot: [] },
  embedded: [],
  texts: [],
  sequences: [],
  image: null,
  ...changes,
});
const built = (changes: Partial<Layout>, hyper: Record<string, string> = {}) => {
  const graph = families.pretrained.build(layout(changes), 3, settleHyper(families.pretrained, hyper), 1);
  checkGraph(graph);
  return graph;
};

describe('what a head reads', () => {
  test('is the only output that can carry one, unless another value is named', () => {
    expect([read('onnx-table').about, read('onnx-table', { output: 'active' }).about]).toMatchObject([
      { takes: 'table', output: 'scores', width: 3, inputs: [{ name: 'x', as: 'numbers' }] },
      { takes: 'table', output: 'active', width: 16, parameters: ['first.weight', 'first.bias'] },
    ]);
  });

  test('must be chosen where several could, and the refusal lists them', () => {
    const g = graphBuilder('two');
    const x = g.input('x', 'float32', ['batch', 4]);
    g.output(g.op('MatMul', [x, g.parameter('a', tensor('float32', [4, 2]))]), 'left');
    g.output(g.op('Relu', [x]), 'right');
    writeFileSync(join(place, 'two.onnx'), encodeModel(modelOf(g.build())));
    expect(() => onnxBase(readModelFile(join(place, 'two.onnx')))).toThrow(
      'more than one output of this file can carry a head: choose a value with --output; its outputs are left (float32 [batch, 2]), right (float32 [batch, 4]), and any value between its nodes may be named too',
    );
  });

  test('cannot be a value of another kind', () => {
    expect(() => read('onnx-table', { output: 'label' })).toThrow('label (int64 [batch]) cannot carry a head');
  });
});

describe('files', () => {
  test('with weights in a file beside them are taken in whole', () => {
    const { base, file } = read('onnx-external');
    expect([...(base?.graph.initializers.keys() ?? [])].sort()).toEqual(
      [...baseOf('onnx-table').graph.initializers.keys()].sort(),
    );
    expect(readOnnx(file).parameters).toEqual(['first.weight', 'first.bias', 'second.bias', 'second.weight']);
  });

  test('whose weights are missing, or lie elsewhere, are refused by name', () => {
    copyFileSync(join(folder, 'onnx-external.onnx'), join(place, 'alone.onnx'));
    expect(() => onnxBase(readModelFile(join(place, 'alone.onnx')))).toThrow(
      'onnx-external.data is missing, in which alone.onnx keeps its weights: put it beside the file',
    );
    const bytes = readFileSync(join(folder, 'onnx-external.onnx')).toString('latin1');
    writeFileSync(
      join(place, 'away.onnx'),
      Buffer.from(bytes.replaceAll('onnx-external.data', '../../secret/a.data'.slice(0, 18)), 'latin1'),
    );
    expect(() => onnxBase(readModelFile(join(place, 'away.onnx')))).toThrow(
      'they must lie in a file of the same folder',
    );
  });

  test('of float16 become float32 with the same values', async () => {
    const { base, inputs } = read('onnx-half');
    expect(inputs[0].dtype).toBe('float16');
    const expected = readSafetensors(readFileSync(join(folder, 'onnx-table.safetensors')));
    const program = await compile(base?.graph as never);
    const { scores } = await program.run({ x: expected.get('x') as Tensor });
    await program.dispose();
    const right = values(expected.get('logits') as Tensor);
    values(scores).forEach((value, i) => expect(Math.abs(value - right[i])).toBeLessThan(5e-3));
  });

  test('of opset 11 compute what the same model of opset 17 does', async () => {
    const expected = readSafetensors(readFileSync(join(folder, 'torch-text.safetensors')));
    const feeds = { ids: expected.get('ids') as Tensor, mask: expected.get('mask') as Tensor };
    const program = await compile(baseOf('torch-old').graph);
    const { scores } = await program.run(feeds);
    await program.dispose();
    const right = values(expected.get('logits') as Tensor);
    values(scores).forEach((value, i) => expect(value).toBeCloseTo(right[i], 4));
  });

  test('stay what they were, to the byte, and open again as they were read', () => {
    const { base, file } = read('onnx-table', { output: 'active' });
    expect(Buffer.from(file).equals(readFileSync(join(folder, 'onnx-table.onnx')))).toBe(true);
    const again = openBase(packBase(base as PretrainedBase, file));
    expect([again.about, again.graph.nodes, again.graph.parameters]).toEqual([
      base?.about,
      base?.graph.nodes,
      base?.graph.parameters,
    ]);
  });

  test('with an operator of others are taken to be served only', () => {
    expect(() => read('onnx-foreign')).toThrow('or import it to be served as it is (--as-is)');
    const { about, base } = read('onnx-foreign', { asIs: true });
    expect([about.takes, base]).toEqual(['tensors', null]);
    expect(() => openBase({ 'base.json': new TextEncoder().encode(JSON.stringify(about)) })).toThrow(
      'import it again without --as-is',
    );
  });
});

describe('what a file reads', () => {
  test('numbers of a row, with the columns that it does not know beside', () => {
    const base = baseOf('onnx-table', { output: 'active' });
    const graph = built({ base, dense: 8, parts: { numeric: 5, indicated: [], oneHot: [3] } });
    expect(graph.inputs).toEqual([{ name: 'dense', dtype: 'float32', shape: ['batch', 8] }]);
    expect(graph.initializers.get('output.weight')?.dims).toEqual([16 + 3, 3]);
    expect(graph.parameters).toEqual(['first.weight', 'first.bias', 'output.weight', 'output.bias']);
    expect(() => built({ base, dense: 4, parts: { numeric: 4, indicated: [], oneHot: [] } })).toThrow(
      'the base reads 5 numbers a row, but the data has 4 columns of numbers that vary: leave out those that it does not know (--ignore COLUMN)',
    );
  });

  test('an image of another size and one channel', async () => {
    const base = baseOf('torch-image');
    const image = { first: 0, height: 8, width: 8, channels: 1 };
    const graph = built({ base, dense: 64, parts: { numeric: 64, indicated: [], oneHot: [] }, image });
    const program = await compile(graph);
    const { logits } = await program.run({ dense: tensor('float32', [2, 64], new Float32Array(128).fill(0.5)) });
    await program.dispose();
    expect(logits.dims).toEqual([2, 3]);
  });

  test('a text of its own tokens; of one length where the graph takes no other', async () => {
    const sequences = [{ rows: 40, length: 9 }];
    for (const fixed of [false, true]) {
      const base = baseOf('torch-text');
      const graph = built({
        sequences,
        base: fixed ? { ...base, about: { ...base.about, length: 9 }, graph: fixedLength(base) } : base,
      });
      const tokens = Array.from({ length: 2 * 6 }, (_, i) => (i % 6 < 4 ? i + 1 : 0));
      const program = await compile(graph);
      const { logits } = await program.run({ text_0_tokens: tensor('int64', [2, 6], tokens) });
      await program.dispose();
      expect(logits.dims).toEqual([2, 3]);
    }
  });

  test('weights are frozen, or get low-rank updates, by name', () => {
    const base = baseOf('torch-image');
    const image = { first: 0, height: 12, width: 12, channels: 3 };
    const given = { base, dense: 432, parts: { numeric: 432, indicated: [], oneHot: [] }, image };
    expect(built(given, { tune: 'head' }).parameters).toEqual(['output.weight', 'output.bias']);
    expect(built(given, { freeze: 'stem.*, bn1.*' }).parameters).not.toContain('stem.weight');
    expect(built(given, { tune: 'lora', targets: 'head.*' }).parameters).toContain('head.weight.lora_A');
  });

  test('nothing else: the refusal says what was found', () => {
    const g = graphBuilder('odd');
    const x = g.input('x', 'float32', ['batch', 'length', 4]);
    g.output(g.op('MatMul', [x, g.parameter('a', tensor('float32', [4, 2]))]), 'y');
    writeFileSync(join(place, 'odd.onnx'), encodeModel(modelOf(g.build())));
    expect(() => onnxBase(readModelFile(join(place, 'odd.onnx')))).toThrow(
      'this one takes x (float32 [batch, length, 4])',
    );
  });
});

/** The text model as one whose exporter fixed the length. */
function fixedLength(base: PretrainedBase): PretrainedBase['graph'] {
  const inputs = base.graph.inputs.map((input) => ({ ...input, shape: ['batch', 9] }));
  return readOnnx(encodeModel(modelOf({ ...base.graph, inputs })));
}

describe('a ViT folder', () => {
  const base = baseOfFolder(readPretrained(join(folder, '..', 'pretrained', 'vit')));
  const expected = readSafetensors(readFileSync(join(folder, '..', 'pretrained', 'vit', 'expected.safetensors')));
  const image = { first: 0, height: 16, width: 16, channels: 3 };
  const given = { base, dense: 768, parts: { numeric: 768, indicated: [], oneHot: [] }, image };

  test('reads pixel columns as PyTorch reads the image', async () => {
    const graph = built(given, { numbers: 'standard' });
    const width = 32;
    const eye = new Float32Array(width * 3);
    for (let i = 0; i < 3; i++) eye[i * 3 + i] = 1;
    graph.initializers.set('output.weight', tensor('float32', [width, 3], eye));
    const pixels = expected.get('pixel_values') as Tensor;
    const rows = pixels.dims[0];
    const program = await compile(graph);
    const { logits } = await program.run({ dense: { ...pixels, dims: [rows, 768] } });
    await program.dispose();
    const vector = expected.get(base.about.output) as Tensor;
    const stride = vector.data.length / rows;
    values(logits).forEach((value, i) =>
      expect(value).toBeCloseTo((vector.data as Float32Array)[Math.floor(i / 3) * stride + (i % 3)], 4),
    );
  });

  test('scales raw pixels as its folder says, and takes images of another size', async () => {
    const { image: spec } = base.about;
    expect(spec).toMatchObject({ height: 16, width: 16, channels: 3 });
    const small = { first: 0, height: 8, width: 8, channels: 1 };
    const graph = built({ ...given, dense: 64, parts: { numeric: 64, indicated: [], oneHot: [] }, image: small });
    const program = await compile(graph);
    const { logits } = await program.run({ dense: tensor('float32', [2, 64], new Float32Array(128).fill(200)) });
    await program.dispose();
    expect(values(logits).every(Number.isFinite)).toBe(true);
  });
});
