// Graphs are typed as they are built; a mistake names the node.
import { describe, expect, test } from 'vitest';
import { graphBuilder, opTable, printGraph } from '../../../engine/graph/index.ts';
import { tensor } from '../../../engine/onnx/index.ts';

describe('the builder', () => {
  test('carries symbolic dimensions through reshaping, joining and products', () => {
    const g = graphBuilder('shapes');
    const x = g.input('x', 'float32', ['batch', 'length', 8]);
    const flat = g.op('Reshape', [x, g.ints([-1, 8])]);
    const heads = g.op('Transpose', [g.op('Reshape', [x, g.ints([0, 0, 2, 4])])], { perm: [0, 2, 1, 3] });
    const scores = g.op('MatMul', [heads, g.op('Transpose', [heads], { perm: [0, 1, 3, 2] })]);
    const twice = g.op('Concat', [x, x], { axis: 1 });
    const rest = g.op('Slice', [x, g.ints([1]), g.ints([2 ** 31 - 1]), g.ints([1])]);
    const back = g.op('Reshape', [flat, g.op('Shape', [x])]);
    expect([flat, heads, scores, twice, rest, back].map((value) => value.shape)).toEqual([
      ['batch*length', 8],
      ['batch', 2, 'length', 4],
      ['batch', 2, 'length', 'length'],
      ['batch', '2*length', 8],
      ['batch', '(length-1)', 8],
      ['batch', 'length', 8],
    ]);
  });

  test('reads a shape that other nodes compute', () => {
    const g = graphBuilder('computed');
    const x = g.input('x', 'float32', ['n', 4, 6]);
    const n = g.op('Unsqueeze', [g.op('Gather', [g.op('Shape', [x]), g.ints(0)]), g.ints([0])]);
    const shape = g.op('Concat', [n, g.ints([-1])], { axis: 0 });
    expect(g.op('Reshape', [x, shape]).shape).toEqual(['n', 24]);
  });

  const mistakes: [string, (g: ReturnType<typeof graphBuilder>) => unknown, string][] = [
    [
      'matrices that do not fit',
      (g) => g.op('Gemm', [g.input('x', 'float32', ['n', 3]), g.input('w', 'float32', [4, 5])]),
      'Gemm "Gemm_0": inner dimensions 3 and 4 differ',
    ],
    [
      'shapes that do not broadcast',
      (g) => g.op('Add', [g.input('x', 'float32', [3]), g.input('y', 'float32', [4])]),
      'Add "Add_0": shapes [3] and [4] do not broadcast',
    ],
    [
      'element types that differ',
      (g) => g.op('Mul', [g.input('x', 'float32', [3]), g.input('y', 'int64', [3])]),
      'Mul "Mul_0": inputs have types float32 and int64; add a Cast',
    ],
    [
      'an unknown attribute',
      (g) => g.op('Relu', [g.input('x', 'float32', [3])], { alpha: 1 }),
      'Relu has no attribute alpha',
    ],
    [
      'an operator that is not there',
      (g) => g.op('Frobnicate', [g.input('x', 'float32', [3])]),
      'operator Frobnicate of node Frobnicate "Frobnicate_0" is not supported',
    ],
    [
      'too few inputs',
      (g) => g.op('MatMul', [g.input('x', 'float32', [3])]),
      'MatMul "MatMul_0": 1 inputs, needs 2 to 2',
    ],
    [
      'a name taken twice',
      (g) => [g.input('x', 'float32', [3]), g.input('x', 'float32', [3])],
      'value "x" exists already',
    ],
    [
      'channels that do not fit',
      (g) => g.op('Conv', [g.input('x', 'float32', ['n', 3, 8, 8]), g.input('w', 'float32', [4, 2, 3, 3])]),
      'Conv "Conv_0": 3 channels for a kernel of 2 in 1 groups',
    ],
  ];
  test.each(mistakes)('refuses %s', (_, make, message) => {
    expect(() => make(graphBuilder('mistake'))).toThrow(message);
  });

  test('keeps integer and float attributes apart by the operator table', () => {
    const g = graphBuilder('attributes');
    g.output(
      g.op('Gemm', [g.input('x', 'float32', ['n', 3]), g.parameter('w', tensor('float32', [2, 3]))], {
        transB: 1,
        alpha: 1,
      }),
      'y',
    );
    expect(g.build().nodes[0].attributes).toEqual({
      transB: { type: 'int', value: 1 },
      alpha: { type: 'float', value: 1 },
    });
  });

  test('prints one line a value', () => {
    const g = graphBuilder('tiny');
    const x = g.input('x', 'float32', ['n', 3]);
    g.output(g.op('Relu', [g.op('Gemm', [x, g.parameter('w', tensor('float32', [3, 2]))])]), 'y');
    expect(printGraph(g.build())).toBe(
      [
        'graph tiny(x: float32[n,3])',
        '  parameter w: float32[3,2]',
        '  Gemm_0: float32[n,2] = Gemm(x, w)',
        '  Relu_0: float32[n,2] = Relu(Gemm_0)',
        '  y: float32[n,2] = Identity(Relu_0)',
        '  return y',
        '',
      ].join('\n'),
    );
  });

  test('every operator of the table names sensible counts', () => {
    const odd = Object.entries(opTable).filter(
      ([, rule]) => rule.inputs[0] > rule.inputs[1] || (rule.outputs && rule.outputs[0] > rule.outputs[1]),
    );
    expect(odd.map(([op]) => op)).toEqual([]);
  });
});
