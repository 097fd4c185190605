// Embedding gradients that are added up outside the program are those of the program.
import { expect, test } from 'vitest';
import { graphBuilder, optimise } from '../../../engine/graph/index.ts';
import { type Tensor, tensor } from '../../../engine/onnx/index.ts';
import { compileTraining } from '../../../engine/train/index.ts';
import { gradGraph } from '../../../engine/train/steps.ts';
import { tablesApart } from '../../../engine/train/tables.ts';

const counted = (dims: number[]) =>
  tensor(
    'float32',
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i)),
  );

/** Two tables, one of them read twice. */
function forward(tied = false) {
  const g = graphBuilder('words');
  const ids = g.input('ids', 'int64', ['batch', 3]);
  const table = g.parameter('table', counted([5, 4]));
  const mean = g.op('ReduceMean', [g.op('Gather', [table, ids])], { axes: [1], keepdims: 0 });
  g.output(
    g.op('MatMul', [mean, tied ? g.op('Transpose', [table], { perm: [1, 0] }) : g.parameter('head', counted([4, 2]))]),
    'logits',
  );
  return g.build();
}

const feeds = { ids: tensor('int64', [2, 3], [4, 1, -1, 1, 0, 1]) };
const labels = tensor('int64', [2], [1, 0]);
const weights = tensor('float32', [2], [1, 1]);

async function gradientOf(device: string) {
  const program = await compileTraining(forward(), {
    loss: 'cross_entropy',
    optimizer: { kind: 'sgd' },
    device,
    threads: 1,
    seed: 1,
  });
  const first = await program.gradients(feeds, labels, weights);
  // Again: nothing of the rows before may be left.
  const other = await program.gradients(
    { ids: tensor('int64', [1, 3], [2, 2, 3]) },
    tensor('int64', [1], [1]),
    tensor('float32', [1], [1]),
  );
  await program.dispose();
  return [first, other].map((gradients) => gradients.get('table') as Tensor);
}

test('rows read several times, and counted from the end, get the sum of their gradients', async () => {
  const [first, other] = await gradientOf('cpu');
  const [wanted, wantedOther] = await gradientOf('tfjs-cpu');
  const close = (a: Tensor, b: Tensor) =>
    (a.data as Float32Array).forEach((value, i) => {
      expect(value).toBeCloseTo((b.data as Float32Array)[i], 6);
    });
  close(first, wanted);
  close(other, wantedOther);
  expect((other.data as Float32Array).subarray(0, 8)).toEqual(new Float32Array(8));
});

test('the program no longer adds the rows up itself', () => {
  const { graph } = tablesApart(optimise(gradGraph(forward(), { loss: 'cross_entropy' }).graph));
  expect(graph.nodes.filter(({ op }) => op === 'ScatterElements')).toEqual([]);
});

test('a table that is used in another way as well keeps its gradient in the program', () => {
  const apart = (graph: ReturnType<typeof forward>) =>
    tablesApart(optimise(gradGraph(graph, { loss: 'cross_entropy' }).graph)).tables.map(({ parameter }) => parameter);
  expect(apart(forward())).toEqual(['table']);
  expect(apart(forward(true))).toEqual([]);
});
