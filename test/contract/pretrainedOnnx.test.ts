// ONNX files that PyTorch and the onnx package wrote (make_onnx.py), fine-tuned against PyTorch, on every runtime of this machine.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Graph, graphBuilder } from '../../engine/graph/index.ts';
import { freeze, readOnnx } from '../../engine/models/index.ts';
import { readSafetensors, sameTensor, type Tensor } from '../../engine/onnx/index.ts';
import { compileTraining } from '../../engine/train/index.ts';
import { ones, relativeError } from './fixture.ts';
import { runtimes } from './runtimes.ts';

const folder = join(import.meta.dirname, '..', 'fixtures', 'onnx');
const fileOf = (name: string) => readFileSync(join(folder, `${name}.onnx`));

/** The kept output under the name that training looks for. */
function asLogits(graph: Graph): Graph {
  const g = graphBuilder({ ...graph, outputs: [] });
  g.output(g.value(graph.outputs[0].name), 'logits');
  return g.build();
}

for (const { device, skip } of runtimes) {
  describe.skipIf(skip !== undefined)(`${device}${skip ? `: skipped, ${skip}` : ''}`, () => {
    test.each(['torch-text', 'torch-image', 'onnx-table'])(
      '%s.onnx gives and learns what its PyTorch original does',
      async (name) => {
        const expected = readSafetensors(readFileSync(join(folder, `${name}.safetensors`)));
        const { curve } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as { curve: number[] };
        const graph = asLogits(readOnnx(fileOf(name), { output: 'scores' }));
        const feeds = Object.fromEntries(graph.inputs.map((input) => [input.name, expected.get(input.name) as Tensor]));
        const labels = expected.get('labels') as Tensor;
        const options = {
          loss: 'cross_entropy',
          optimizer: { kind: 'adamw', weightDecay: 0.01 },
          device,
          threads: 2,
          seed: 1,
        } as const;
        const training = await compileTraining(graph, options);
        const { logits } = await training.predict(feeds);
        expect(relativeError(logits, expected.get('logits') as Tensor)).toBeLessThan(1e-5);
        const own: number[] = [];
        for (let i = 0; i < curve.length; i++) {
          const { lossSum, weightSum } = await training.step(feeds, labels, ones(labels.dims[0]), 1e-2);
          own.push(lossSum / weightSum);
        }
        expect(own.map((loss, i) => Math.abs(loss - curve[i]) < 1e-4 * Math.max(1, curve[i]))).toEqual(
          curve.map(() => true),
        );
        await training.dispose();
      },
    );
  });
}

test('a frozen batch normalisation goes on with the statistics of the file', async () => {
  const graph = asLogits(readOnnx(fileOf('torch-image'), { output: 'scores' }));
  const expected = readSafetensors(readFileSync(join(folder, 'torch-image.safetensors')));
  const frozen = freeze(graph, ['bn1.*', 'bn2.*', 'stem.*']);
  const training = await compileTraining(frozen, {
    loss: 'cross_entropy',
    optimizer: { kind: 'sgd' },
    device: 'cpu',
    threads: 1,
    seed: 1,
  });
  const feeds = { pixels: expected.get('pixels') as Tensor };
  const labels = expected.get('labels') as Tensor;
  const { lossSum: before } = await training.evaluate(feeds, labels, ones(6));
  const { lossSum } = await training.step(feeds, labels, ones(6), 0.1);
  expect(lossSum).toBeCloseTo(before, 5);
  const after = await training.trained();
  for (const name of graph.nodes
    .filter(({ op }) => op === 'BatchNormalization')
    .flatMap(({ inputs }) => inputs.slice(1)))
    expect(sameTensor(after.initializers.get(name) as Tensor, graph.initializers.get(name) as Tensor)).toBe(true);
  await training.dispose();
});
