// An image-sized tensor between appliance and host: structured clone over the IPC channel, and raw frames on a socket, there
// and back through real processes. node test/bench/serve/transport.ts [--rounds 300]
import { parseArgs } from 'node:util';
import { silentLog } from '../../../engine/base/index.ts';
import { spawnChild } from '../../../engine/children/index.ts';
import { createReplicaSet } from '../../../engine/serve/index.ts';
import { graphBuilder } from '../../../engine/graph/index.ts';
import type { BundleParts } from '../../../engine/bundle/index.ts';
import { packOf, regressionParts, scratch } from '../../unit/bundle/sample.ts';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '300' } } });
const rounds = Number(options.rounds);

/** Takes an image beside its number and gives it back, so that the way is all that is measured. */
function echoParts(): BundleParts {
  const parts = regressionParts();
  const g = graphBuilder('echo');
  const numeric = g.input('numeric', 'float64', ['batch', 1]);
  g.output(g.op('Cast', [numeric], { to: 1 }), 'prediction');
  const picture = g.input('picture', 'float32', ['batch', 'size']);
  g.output(g.op('Identity', [picture]), 'same');
  return { ...parts, graph: g.build() };
}

const place = scratch();
const sizes = [30, 150_528];
const rows: { bytes: number; way: string; p50: number; p99: number }[] = [];
try {
  const { grant } = packOf(place.dir, 'echo', echoParts());
  for (const way of ['IPC', 'frames'] as const) {
    const lease = { id: 'bench', device: 'cpu', threads: 1, memory: 2 * 1024 ** 3 };
    const set = createReplicaSet({
      min: 1,
      max: 1,
      lease: () => lease,
      release: () => undefined,
      spawn: () => spawnChild('host', { log: silentLog, memory: lease.memory, data: way === 'frames' }),
    });
    await set.serve({ model: { id: 'echo', name: 'echo', version: 1 }, bundle: grant });
    for (const size of sizes) {
      const data = new Uint8Array(new Float32Array(size).fill(0.5).buffer);
      const tensors = [
        { name: 'numeric', dtype: 'float64', dims: [1, 1], data: new Uint8Array(8) },
        { name: 'picture', dtype: 'float32', dims: [1, size], data },
      ];
      const spent: number[] = [];
      for (let i = 0; i < rounds + 50; i++) {
        const began = performance.now();
        const { computeMs } = await set.infer({ tensors, outputs: ['prediction'] });
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
