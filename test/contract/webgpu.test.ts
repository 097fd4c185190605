// WebGPU against PyTorch's reference runs, on the GPU of this machine or on the software Vulkan driver that Debian's
// chromium package carries: slow there, so one program a fixture and a few steps.
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { rng } from '../../engine/base/index.ts';
import { graphBuilder } from '../../engine/graph/index.ts';
import { type Tensor, tensor } from '../../engine/onnx/index.ts';
import { compile, listDevices } from '../../engine/runtime/index.ts';
import { compileTraining } from '../../engine/train/index.ts';
import { fixtureNames, readFixture, relativeError } from './fixture.ts';

const software = '/usr/lib/chromium/vk_swiftshader_icd.json';
if (process.env['VK_ICD_FILENAMES'] === undefined && !existsSync('/dev/dri') && existsSync(software))
  process.env['VK_ICD_FILENAMES'] = software;

const device = 'webgpu';
const found = (await listDevices()).find(({ id }) => id === device);
const skip = found?.available ? undefined : (found?.why ?? 'not there');

/** Gradients that are exactly 0: floats hold noise (see training.test.ts). */
const undetermined = new Set(['c1.bias']);

const steps = 3;

function filled(label: string, dims: number[]): Tensor {
  const random = rng(5, label);
  return tensor(
    'float32',
    dims,
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal()),
  );
}

describe.skipIf(skip !== undefined)(`${device}${skip ? `: skipped, ${skip}` : ''}`, () => {
  test.each(fixtureNames)('%s: first gradients and steps are those of PyTorch', async (name) => {
    const fixture = readFixture(name);
    const { forward, loss, optimizer } = fixture;
    const training = await compileTraining(forward, { loss, optimizer, device, threads: 1, seed: 1 });
    const first = fixture.batch(0);
    const gradients = await training.gradients(first.feeds, first.labels, first.weights);
    const errors = [...gradients].map(
      ([key, value]) => [key, relativeError(value, fixture.reference(`grad.${key}`))] as const,
    );
    expect(errors.filter(([key, error]) => !undetermined.has(key) && !(error < 1e-3))).toEqual([]);
    const off: number[] = [];
    for (let i = 0; i < steps; i++) {
      const { feeds, labels, weights } = fixture.batch(i);
      const { lossSum, weightSum } = await training.step(feeds, labels, weights, fixture.lr);
      off.push(Math.abs(lossSum / weightSum - fixture.curve[i]));
    }
    expect(off.filter((error) => !(error < 1e-3))).toEqual([]);
    await training.dispose();
  });

  test('state stays on the device: what a step held is given back when it is over', async () => {
    const g = graphBuilder('wide');
    const x = g.input('x', 'float32', ['batch', 256]);
    const w = g.parameter('w', filled('w', [256, 1024]));
    g.output(g.op('MatMul', [g.op('MatMul', [x, w]), g.parameter('v', filled('v', [1024, 3]))]), 'logits');
    const options = { loss: 'cross_entropy', optimizer: { kind: 'adam' }, device, threads: 1, seed: 1 } as const;
    const training = await compileTraining(g.build(), options);
    const batch = { x: filled('batch', [4, 256]) };
    const [labels, weights] = [tensor('int64', [4], [0, 1, 2, 0]), tensor('float32', [4], [1, 1, 1, 1])];
    const run = async (steps: number) => {
      for (let i = 0; i < steps; i++) await training.step(batch, labels, weights, 1e-4);
      return process.memoryUsage.rss() / 2 ** 20;
    };
    const before = await run(4);
    // A step that kept its state would take 3 MiB each time.
    expect((await run(12)) - before).toBeLessThan(18);
    await training.dispose();
  });

  // onnxruntime's kernel for these channels is wrong: see engine/runtime/webgpu.ts.
  test.each([
    ['known', 6, 8],
    ['known', 9, 4],
    ['known', 3, 8],
    ['symbolic', 6, 8],
    ['symbolic', 8, 8],
  ] as const)(
    'a convolution of %s sizes from %i to %i channels gives what the processor gives',
    async (kind, from, to) => {
      const g = graphBuilder('conv');
      const channels = kind === 'known' ? from : 'c';
      const [x, w] = [g.input('x', 'float32', ['batch', channels, 9]), g.input('w', 'float32', [to, channels, 4])];
      g.output(g.op('Conv', [x, w], { strides: [2], pads: [1, 0], kernel_shape: [4] }), 'y');
      const feeds = { x: filled('x', [2, from, 9]), w: filled('w', [to, from, 4]) };
      const results: Tensor[] = [];
      for (const on of ['cpu', device]) {
        const program = await compile(g.build(), { device: on });
        results.push((await program.run(feeds))['y']);
        await program.dispose();
      }
      expect(relativeError(results[1], results[0])).toBeLessThan(1e-5);
    },
  );
});
