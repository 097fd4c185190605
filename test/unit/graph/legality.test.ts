// The legality table finds what is wrong; composition joins graphs that then compute what both did.
import { describe, expect, test } from 'vitest';
import {
  checkGraph,
  compose,
  type Graph,
  graphBuilder,
  graphOf,
  legality,
  modelOf,
} from '../../../engine/graph/index.ts';
import { decodeModel, encodeModel, tensor } from '../../../engine/onnx/index.ts';
import { compile } from '../../../engine/runtime/index.ts';

function legal(): Graph {
  const g = graphBuilder('legal');
  const x = g.input('x', 'float32', ['n', 2]);
  g.output(
    g.op('Add', [g.op('MatMul', [x, g.parameter('w', tensor('float32', [2, 2], [1, 2, 3, 4]))]), g.constant([1, 1])]),
    'y',
  );
  return g.build();
}

const broken: Record<keyof typeof legality, (graph: Graph) => Graph> = {
  'values are made once': (graph) => ({ ...graph, nodes: [...graph.nodes, graph.nodes[0]] }),
  'nodes stand after what they read': (graph) => ({ ...graph, nodes: graph.nodes.toReversed() }),
  'names are not empty': (graph) => ({
    ...graph,
    inputs: [...graph.inputs, { name: '', dtype: 'float32', shape: [] }],
  }),
  'outputs have distinct names': (graph) => ({ ...graph, outputs: [...graph.outputs, ...graph.outputs] }),
  'there is an output': (graph) => ({ ...graph, outputs: [] }),
  'parameters are float initializers': (graph) => ({ ...graph, parameters: ['x'] }),
  'parameters are listed once': (graph) => ({ ...graph, parameters: ['w', 'w'] }),
  'types are as the operators say': (graph) => ({
    ...graph,
    outputs: [{ name: 'y', dtype: 'float32', shape: ['n', 3] }],
  }),
};

describe('legality', () => {
  test('a legal graph passes', () => {
    expect(() => checkGraph(legal())).not.toThrow();
  });

  test.each(Object.keys(legality))('finds that %s does not hold', (name) => {
    const graph = broken[name](legal());
    expect(legality[name](graph)).toBeTypeOf('string');
    expect(() => checkGraph(graph)).toThrow(expect.objectContaining({ code: 'bad_graph' }));
  });
});

describe('models from elsewhere', () => {
  test('a graph is the same after the wire', () => {
    const graph = legal();
    expect(graphOf(decodeModel(encodeModel(modelOf(graph))), ['w'])).toEqual(graph);
  });

  test('constant nodes become initializers and axes of reductions attributes', () => {
    const model = modelOf(legal());
    model.opsets[''] = 18;
    model.graph.initializers.set('axes', tensor('int64', [1], [1]));
    model.graph.nodes.push(
      {
        op: 'Constant',
        domain: '',
        name: 'c',
        inputs: [],
        outputs: ['two'],
        attributes: { value_float: { type: 'float', value: 2 } },
      },
      { op: 'Mul', domain: '', name: 'm', inputs: ['y', 'two'], outputs: ['z'], attributes: {} },
      {
        op: 'ReduceMean',
        domain: '',
        name: 'r',
        inputs: ['z', 'axes'],
        outputs: ['mean'],
        attributes: { keepdims: { type: 'int', value: 0 } },
      },
    );
    model.graph.outputs.push({ name: 'mean', dtype: 'float32', shape: [] });
    const graph = graphOf(model);
    expect(graph.outputs.at(-1)).toEqual({ name: 'mean', dtype: 'float32', shape: ['n'] });
    expect(graph.initializers.get('two')).toEqual(tensor('float32', [], [2]));
    expect(graph.nodes.at(-1)?.attributes['axes']).toEqual({ type: 'ints', value: [1] });
  });

  test('an opset that is too old says which to export', () => {
    const model = modelOf(legal());
    model.opsets[''] = 9;
    expect(() => graphOf(model)).toThrow('the model uses opset 9; export it with opset 11 to 21, best 17');
  });
});

describe('composition', () => {
  test('preprocessing, network and post-processing run as one graph', async () => {
    const before = graphBuilder('before');
    const raw = before.input('raw', 'float64', ['n', 2]);
    before.output(
      before.op('Cast', [before.op('Sub', [raw, before.constant(tensor('float64', [2], [1, 2]))])], { to: 1 }),
      'x',
    );
    const after = graphBuilder('after');
    const logits = after.input('logits', 'float32', ['n', 2]);
    after.output(after.op('ArgMax', [logits], { axis: 1, keepdims: 0 }), 'label');
    const whole = compose(
      compose(before.build(), legal(), { x: 'x' }),
      after.build(),
      { y: 'logits' },
      { keep: ['y'] },
    );
    checkGraph(whole);
    expect(whole.inputs.map((i) => i.name)).toEqual(['raw']);
    const program = await compile(whole);
    const result = await program.run({ raw: tensor('float64', [1, 2], [2, 3]) });
    expect(result).toEqual({ y: tensor('float32', [1, 2], [5, 7]), label: tensor('int64', [1], [1]) });
    await program.dispose();
  });

  test('a wire to an input that is not there is refused', () => {
    expect(() => compose(legal(), legal(), { y: 'z' })).toThrow('graph legal has no input "z"');
  });
});
