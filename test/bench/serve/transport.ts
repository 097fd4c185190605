// An image-sized tensor between appliance and host: structured clone over the IPC channel, and raw frames on a socket, there
// and back through real processes. node test/bench/serve/transport.ts [--rounds 300]
import { parseArgs } from 'node:util';
import { silentLog } from '../../../engine/base/index.ts';
import { spawnChild } from '../../../engine/children/index.ts';
import { createReplicaSet } from '../../../engine/serve/index.ts';
import { graphBuilder } from '../../../engine/graph/index.ts';
import { tensor } from '../../../engine/onnx/index.ts';
import type { BundleParts } from '../../../engine/bundle/index.ts';
import { noteParts, packOf, scratch } from '../../unit/bundle/sample.ts';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '300' } } });
const rounds = Number(options.rounds);

/** Reads the first of however many numbers, so that the way is all that is measured. */
function firstParts(): BundleParts {
  const g = graphBuilder('first');
  const ids = g.input('text_0_tokens', 'int64', ['batch', 'length']);
  const first = g.op('Cast', [g.op('Slice', [ids, g.ints([0]), g.ints([1]), g.ints([1])])], { to: 1 });
  const logits = g.op('MatMul', [first, g.constant(tensor('float32', [1, 3], [1, 2, 3]))]);
  g.output(g.op('Softmax', [logits], { axis: -1 }), 'probabilities');
  const index = g.op('ArgMax', [logits], { axis: 1, keepdims: 0 });
  const label = { keys_int64s: [0, 1, 2], values_strings: ['low', 'middle', 'high'] };
  g.output(g.op('LabelEncoder', [index], label), 'label');
  const parts = noteParts();
  return {
    ...parts,
    graph: g.build(),
    preprocess: { ...parts.preprocess, text: [], sequence: [{ column: 'note', words: ['w'], maxLength: 16 }] },
  };
}

const place = scratch();
const sizes = [30, 75_264];
const rows: { bytes: number; way: string; p50: number; p99: number }[] = [];
try {
  const { grant } = packOf(place.dir, 'first', firstParts());
  for (const way of ['IPC', 'frames'] as const) {
    const lease = { id: 'bench', device: 'cpu', threads: 1, memory: 2 * 1024 ** 3 };
    const set = createReplicaSet({
      min: 1,
      max: 1,
      lease: () => lease,
      release: () => undefined,
      spawn: () => spawnChild('host', { log: silentLog, memory: lease.memory, data: way === 'frames' }),
    });
    await set.serve({ model: { id: 'first', name: 'first', version: 1 }, bundle: grant });
    for (const size of sizes) {
      const data = new Uint8Array(new BigInt64Array(size).fill(1n).buffer);
      const tensors = [{ name: 'text_0_tokens', dtype: 'int64', dims: [1, size], data }];
      const spent: number[] = [];
      for (let i = 0; i < rounds + 50; i++) {
        const began = performance.now();
        const { computeMs } = await set.infer({ tensors, outputs: ['probabilities'] });
        if (i >= 50) spent.push(performance.now() - began - computeMs);
      }
      spent.sort((a, b) => a - b);
      rows.push({ bytes: data.length, way, p50: spent[Math.floor(rounds / 2)], p99: spent[Math.floor(rounds * 0.99)] });
    }
    await set.stop();
  }
  console.table(
    rows.map(({ p50, p99, ...rest }) => ({ ...rest, p50: Number(p50.toFixed(3)), p99: Number(p99.toFixed(3)) })),
  );
  console.log(JSON.stringify({ bench: 'serve/transport', rounds, rows }));
} finally {
  place.remove();
}
