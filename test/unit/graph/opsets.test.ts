// What foreign opsets say, as our operators say it: onnxruntime runs the file as it stands, and our reading of it.
import { expect, test } from 'vitest';
import { checkGraph, graphOf } from '../../../engine/graph/index.ts';
import {
  type Attribute,
  decodeModel,
  encodeModel,
  type Model,
  type Node,
  type Tensor,
  tensor,
  type ValueInfo,
} from '../../../engine/onnx/index.ts';
import { compile } from '../../../engine/runtime/index.ts';

const wave = (dims: number[], step = 0.7): Tensor =>
  tensor(
    'float32',
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * step) * 2),
  );
const ints = (values: number[]): Tensor => tensor('int64', [values.length], values);
const node = (op: string, inputs: string[], outputs: string[], attributes: Record<string, Attribute> = {}): Node => ({
  op,
  domain: '',
  name: `${op} node`,
  inputs,
  outputs,
  attributes,
});
const int = (value: number): Attribute => ({ type: 'int', value });
const list = (value: number[]): Attribute => ({ type: 'ints', value });
const text = (value: string): Attribute => ({ type: 'string', value });

interface Case {
  what: string;
  opset: number;
  nodes: Node[];
  x?: Tensor;
  initializers?: Record<string, Tensor>;
  outputs?: string[];
}

const cases: Case[] = [
  {
    what: 'Softmax over everything behind an axis',
    opset: 11,
    nodes: [node('Softmax', ['x'], ['y'], { axis: int(1) })],
  },
  { what: 'LogSoftmax of the last axis', opset: 12, nodes: [node('LogSoftmax', ['x'], ['y'], { axis: int(3) })] },
  {
    what: 'Squeeze and Unsqueeze by attribute',
    opset: 12,
    nodes: [
      node('Unsqueeze', ['x'], ['a'], { axes: list([0, 2]) }),
      node('Squeeze', ['a'], ['y'], { axes: list([2]) }),
    ],
  },
  { what: 'ReduceSum by attribute', opset: 11, nodes: [node('ReduceSum', ['x'], ['y'], { axes: list([1, 3]) })] },
  {
    what: 'Split by attribute',
    opset: 11,
    nodes: [node('Split', ['x'], ['y', 'z'], { axis: int(1), split: list([1, 3]) })],
    outputs: ['y', 'z'],
  },
  {
    what: 'Dropout by attribute',
    opset: 11,
    nodes: [node('Dropout', ['x'], ['y'], { ratio: { type: 'float', value: 0.3 } })],
  },
  {
    what: 'ReduceMean by input',
    opset: 18,
    nodes: [node('ReduceMean', ['x', 'axes'], ['y'], { keepdims: int(0) })],
    initializers: { axes: ints([-1, 1]) },
  },
  {
    what: 'ReduceMax over nothing',
    opset: 18,
    nodes: [node('ReduceMax', ['x'], ['y'], { noop_with_empty_axes: int(1) })],
  },
  { what: 'ReduceMax over all', opset: 20, nodes: [node('ReduceMax', ['x'], ['y'], { keepdims: int(0) })] },
  {
    what: 'Split into uneven parts',
    opset: 18,
    nodes: [node('Split', ['x'], ['y', 'z', 'w'], { axis: int(3), num_outputs: int(3) })],
    outputs: ['y', 'z', 'w'],
  },
  {
    what: 'Pad of some axes',
    opset: 18,
    nodes: [node('Pad', ['x', 'pads', '', 'axes'], ['y'])],
    initializers: { pads: ints([1, 0, 2, 1]), axes: ints([-1, 1]) },
  },
  {
    what: 'Cast that says how it saturates',
    opset: 19,
    nodes: [node('Cast', ['x'], ['y'], { to: int(7), saturate: int(1) })],
  },
  { what: 'Gelu', opset: 20, nodes: [node('Gelu', ['x'], ['y'])] },
  { what: 'Gelu by tanh', opset: 20, nodes: [node('Gelu', ['x'], ['y'], { approximate: text('tanh') })] },
  { what: 'Mish', opset: 18, nodes: [node('Mish', ['x'], ['y'])] },
  {
    what: 'GroupNormalization',
    opset: 21,
    nodes: [node('GroupNormalization', ['x', 's', 'b'], ['y'], { num_groups: int(2) })],
    initializers: { s: wave([4], 0.3), b: wave([4], 0.9) },
  },
];

const modelOf = ({ opset, nodes, initializers = {}, outputs = ['y'] }: Case): Model => ({
  irVersion: opset > 18 ? 10 : 7,
  opsets: { '': opset },
  producer: 'test',
  metadata: {},
  graph: {
    name: 'foreign',
    inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 4, 3, 5] }],
    outputs: outputs.map(
      (name): ValueInfo => ({ name, dtype: nodes[0].op === 'Cast' ? 'int64' : 'float32', shape: [] }),
    ),
    initializers: new Map(Object.entries(initializers)),
    nodes,
  },
});

async function results(source: Parameters<typeof compile>[0]): Promise<Record<string, number[]>> {
  const program = await compile(source);
  const out = await program.run({ x: wave([2, 4, 3, 5]) });
  await program.dispose();
  return Object.fromEntries(
    Object.entries(out).map(([name, { data }]) => [name, Array.from(data as Float32Array, Number)]),
  );
}

/** Outputs without a declared shape, for a file may leave them out; ours are then known from the nodes. */
function bytesOf(model: Model): Uint8Array {
  const typed = graphOf(decodeModel(encodeModel(model)));
  return encodeModel({ ...model, graph: { ...model.graph, outputs: typed.outputs } });
}

test.each(cases)('opset $opset: $what', async (one) => {
  const model = modelOf(one);
  const own = graphOf(decodeModel(encodeModel(model)));
  checkGraph(own);
  const [theirs, ours] = [await results(bytesOf(model)), await results(own)];
  expect(Object.keys(ours)).toEqual(Object.keys(theirs));
  for (const [name, values] of Object.entries(theirs)) {
    expect(ours[name]).toHaveLength(values.length);
    values.forEach((value, i) => expect(ours[name][i]).toBeCloseTo(value, 5));
  }
});

test('opsets that cannot be read say which can', () => {
  const model = { ...modelOf(cases[0]), opsets: { '': 9 } };
  expect(() => graphOf(model)).toThrow('the model uses opset 9; export it with opset 11 to 21, best 17');
});

test('what an operator of ours cannot express is refused with the node', () => {
  const nodes = [node('Resize', ['x', '', 's'], ['y'], { antialias: int(1) })];
  const initializers = { s: tensor('float32', [4], [1, 1, 2, 2]) };
  expect(() => graphOf(modelOf({ what: '', opset: 18, nodes, initializers }))).toThrow(
    'Resize "Resize node": antialias 1 is not supported: export the model with opset 17',
  );
});
