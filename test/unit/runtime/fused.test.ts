// A fused pass computes what the runtime computes, in place, and refuses what it has no instruction for.
import { expect, test } from 'vitest';
import { type Graph, graphBuilder, optimise, type Value } from '../../../engine/graph/index.ts';
import { tensor } from '../../../engine/onnx/index.ts';
import { compile, fuse, fusedVectors } from '../../../engine/runtime/index.ts';

function graphOf(
  build: (op: (name: string, ...inputs: Value[]) => Value, a: Value, b: Value, s: Value) => Value,
): Graph {
  const g = graphBuilder('pass');
  const [a, b] = [g.input('a', 'float32', ['n']), g.input('b', 'float32', ['n'])];
  const s = g.input('s', 'float32', []);
  const op = (name: string, ...inputs: Value[]) => g.op(name, inputs);
  g.output(build(op, a, b, s), 'next.a');
  return optimise(g.build());
}

const values = [1, -2, 0, -0, 3.5, 1e-30, -1e30, 0.1];
const others = [4, 0.25, 1, 9, 1e-10, 2, 7, 0.3];

test.each<[string, Graph]>([
  ['Add', graphOf((op, a, b) => op('Add', a, b))],
  ['Sub', graphOf((op, a, b) => op('Sub', a, b))],
  ['Mul', graphOf((op, a, _, s) => op('Mul', a, s))],
  ['Div', graphOf((op, a, b) => op('Div', a, b))],
  ['Sqrt', graphOf((op, _, b) => op('Sqrt', b))],
  ['Neg and Abs', graphOf((op, a) => op('Neg', op('Abs', a)))],
  ['Sign', graphOf((op, a) => op('Sign', a))],
])('%s gives the bits of the runtime', async (_, graph) => {
  const vectors = fusedVectors({ a: 8, b: 8 });
  vectors.data['a'].set(values);
  vectors.data['b'].set(others);
  fuse(graph, vectors, 8)({ s: 0.3 });
  const program = await compile(graph);
  const wanted = await program.run({
    a: tensor('float32', [8], values),
    b: tensor('float32', [8], others),
    s: tensor('float32', [], [0.3]),
  });
  expect(vectors.data['a'].map((v) => v + 0)).toEqual((wanted['next.a'].data as Float32Array).map((v) => v + 0));
  expect(vectors.data['b']).toEqual(new Float32Array(others));
  await program.dispose();
});

test('only the first elements are touched, and numbers too small to be normal are stored as 0', () => {
  const vectors = fusedVectors({ a: 8, b: 8 });
  vectors.data['a'].fill(2 ** -126);
  fuse(
    graphOf((op, a, _, s) => op('Mul', a, s)),
    vectors,
    4,
  )({ s: 0.5 });
  expect([...vectors.data['a']]).toEqual([0, 0, 0, 0, ...Array<number>(4).fill(2 ** -126)]);
});

test('what is infinite or not a number stays so', () => {
  const vectors = fusedVectors({ a: 4, b: 4 });
  vectors.data['a'].set([NaN, Infinity, -Infinity, 1]);
  fuse(
    graphOf((op, a, _, s) => op('Mul', a, s)),
    vectors,
    4,
  )({ s: 0.5 });
  expect([...vectors.data['a']]).toEqual([NaN, Infinity, -Infinity, 0.5]);
});

test('an operator without an instruction is refused by name', () => {
  const graph = graphOf((op, a) => op('Erf', a));
  expect(() => fuse(graph, fusedVectors({ a: 4, b: 4 }), 4)).toThrow('operator Erf cannot be fused into one pass');
});

test('more than memory can hold is refused with advice', () => {
  expect(() => fusedVectors({ a: 2 ** 40 })).toThrow('choose a smaller model, or freeze weights');
});
