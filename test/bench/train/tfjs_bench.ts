// The MLP's training step on TensorFlow.js' WebAssembly backend, from a folder where it is installed: one JSON line.
//   node tfjs_bench.ts --folder FOLDER [--threads 4] [--steps 30]
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { parseArgs } from 'node:util';
import type * as Tfjs from '@tensorflow/tfjs-core';

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: '.' },
    threads: { type: 'string', default: '1' },
    steps: { type: 'string', default: '30' },
  },
});
const require = createRequire(join(values.folder, 'package.json'));
const backend = ['@tensorflow', 'tfjs-backend-wasm'].join('/');
const tf = require(['@tensorflow', 'tfjs'].join('/')) as typeof Tfjs;
const wasm = require(backend) as { setWasmPaths(path: string): void; setThreadsCount(count: number): void };

wasm.setWasmPaths(dirname(require.resolve(backend)) + sep);
wasm.setThreadsCount(Number(values.threads));
await tf.setBackend('wasm');

const sizes = [784, 512, 512, 10];
const weights = sizes
  .slice(1)
  .map((out, i) => tf.variable(tf.randomNormal<Tfjs.Rank.R2>([sizes[i], out], 0, sizes[i] ** -0.5)));
const biases = sizes.slice(1).map((out) => tf.variable(tf.zeros([out])));
const optimizer = tf.train.adam(1e-3);
const x = tf.randomNormal<Tfjs.Rank.R2>([128, 784]);
const labels = tf.oneHot(
  Int32Array.from({ length: 128 }, (_, i) => i % 10),
  10,
);

function logits(): Tfjs.Tensor2D {
  return weights.reduce<Tfjs.Tensor2D>((value, w, i) => {
    const linear = tf.add<Tfjs.Tensor2D>(tf.matMul(value, w), biases[i]);
    return i === weights.length - 1 ? linear : tf.relu(linear);
  }, x);
}

const times: number[] = [];
for (let i = 0; i < Number(values.steps) + 3; i++) {
  const start = performance.now();
  const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(labels, logits()), true);
  loss?.dataSync();
  loss?.dispose();
  times.push(performance.now() - start);
}
const kept = times.slice(3).toSorted((a, b) => a - b);
console.log(
  JSON.stringify({
    threads: Number(values.threads),
    median_ms: kept[Math.floor(kept.length / 2)],
    min_ms: kept[0],
    peak_mb: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
);
process.exit();
