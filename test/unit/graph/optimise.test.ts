// The optimiser leaves fewer nodes and every bit of the outputs.
import { describe, expect, test } from 'vitest';
import { checkGraph, type GraphBuilder, graphBuilder, optimise, type Value } from '../../../engine/graph/index.ts';
import { tensor } from '../../../engine/onnx/index.ts';
import { compile } from '../../../engine/runtime/index.ts';

interface Case {
  make: (g: GraphBuilder, x: Value) => Value[];
  /** Operators that are left, in order. */
  left: string[];
}

const cases: Record<string, Case> = {
  'a value computed twice is computed once': {
    make: (g, x) => [g.op('Add', [g.op('Exp', [x]), g.op('Neg', [g.op('Exp', [x])])])],
    left: ['Exp', 'Neg', 'Add'],
  },
  'equal constants of different names make equal values': {
    make: (g, x) => [
      g.op('Sub', [
        g.op('Mul', [x, g.constant(tensor('float32', [], [3]), 'a')]),
        g.op('Mul', [x, g.constant(tensor('float32', [], [3]), 'b')]),
      ]),
    ],
    left: ['Mul', 'Sub'],
  },
  'zero and minus zero are not the same constant': {
    make: (g, x) => [
      g.op('Div', [x, g.constant(tensor('float32', [], [0]), 'a')]),
      g.op('Div', [x, g.constant(tensor('float32', [], [-0]), 'b')]),
    ],
    left: ['Div', 'Div'],
  },
  'what nothing reads goes': {
    make: (g, x) => {
      g.op('Exp', [g.op('Neg', [x])]);
      return [g.op('Abs', [x])];
    },
    left: ['Abs'],
  },
  'copies go, those that name an output too': {
    make: (g, x) => [
      g.op('Abs', [g.op('Identity', [g.op('Reshape', [g.op('Cast', [x], { to: 1 }), g.ints([2, 3])])])]),
    ],
    left: ['Abs'],
  },
  'an output that is an input keeps its copy': { make: (g, x) => [g.op('Identity', [x])], left: ['Identity'] },
  'one value under two output names keeps one copy': {
    make: (g, x) => {
      const y = g.op('Neg', [x]);
      return [y, y];
    },
    left: ['Neg', 'Identity'],
  },
  'transpositions that undo each other go': {
    make: (g, x) => [g.op('Exp', [g.op('Transpose', [g.op('Transpose', [x], { perm: [1, 0] })], { perm: [1, 0] })])],
    left: ['Exp'],
  },
  'a transposition read twice is made once': {
    make: (g, x) => [
      g.op('MatMul', [x, g.op('Transpose', [x], { perm: [1, 0] })]),
      g.op('Exp', [g.op('Transpose', [x], { perm: [1, 0] })]),
    ],
    left: ['Transpose', 'MatMul', 'Exp'],
  },
  'two reshapes are one': {
    make: (g, x) => [g.op('Reshape', [g.op('Reshape', [x, g.ints([6])]), g.ints([3, -1])])],
    left: ['Reshape'],
  },
  'a reshape that keeps a size of the one before it stays': {
    make: (g, x) => [g.op('Reshape', [g.op('Reshape', [x, g.ints([3, 2])]), g.ints([0, 2, 1])])],
    left: ['Reshape', 'Reshape'],
  },
};

describe('optimise', () => {
  test.each(Object.entries(cases))('%s', async (_, { make, left }) => {
    const g = graphBuilder('case');
    make(g, g.input('x', 'float32', [2, 3])).forEach((value, i) => {
      g.output(value, `y${i}`);
    });
    const graph = g.build();
    const smaller = optimise(graph);
    expect(smaller.nodes.map(({ op }) => op)).toEqual(left);
    checkGraph(smaller);
    expect([smaller.inputs, smaller.outputs]).toEqual([graph.inputs, graph.outputs]);
    const x = tensor('float32', [2, 3], [1, -2, 3, 0.5, -0.25, 7]);
    const results = [];
    for (const each of [graph, smaller]) {
      const program = await compile(each);
      results.push(await program.run({ x }));
      await program.dispose();
    }
    expect(results[1]).toEqual(results[0]);
  });

  test('parameters stay, whether or not they are read', () => {
    const g = graphBuilder('parameters');
    const w = g.parameter('w', tensor('float32', [2], [1, 2]));
    g.parameter('twin', tensor('float32', [2], [1, 2]));
    g.output(g.op('Neg', [w]), 'y');
    expect([...optimise(g.build()).initializers.keys()]).toEqual(['w', 'twin']);
  });
});
