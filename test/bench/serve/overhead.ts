// What serving costs over the bare session: one row at a time through a forked host, and through the whole appliance over
// loopback, beside `run` of the same model, all in one run. This process is the client; the appliance and its hosts are
// others. With --training a run trains on all cores beside the second half. What the machine itself does to such requests is
// told by a bare express + onnxruntime handler in the same run, and by how long a busy loop is held up.
// Run alone: node test/bench/serve/overhead.ts [--requests 2000] [--warm 5000] [--training]
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { silentLog } from '../../../engine/base/index.ts';
import { readBundle } from '../../../engine/bundle/index.ts';
import { spawnChild } from '../../../engine/children/index.ts';
import { modelOf } from '../../../engine/graph/index.ts';
import { encodeModel, tensor } from '../../../engine/onnx/index.ts';
import { compile } from '../../../engine/runtime/index.ts';
import type { PackGrant } from '../../../engine/schema/index.ts';
import { createReplicaSet } from '../../../engine/serve/index.ts';
import { openPack } from '../../../engine/store/index.ts';
import { packOf, scratch } from '../../unit/bundle/sample.ts';
import { type Served, startServing } from './appliance.ts';
import { names, row, tableParts } from './models.ts';
import { startPeer } from './peers.ts';

const { values: options } = parseArgs({
  options: {
    requests: { type: 'string', default: '2000' },
    warm: { type: 'string', default: '5000' },
    training: { type: 'boolean', default: false },
  },
});
const requests = Number(options.requests);
/** A server's code is compiled while it runs: its first some thousand requests take twice as long. */
const warmUp = Number(options.warm);

interface Figures {
  path: string;
  p50: number;
  p99: number;
}

/** Milliseconds of one call after the other. */
async function timed(path: string, call: () => Promise<unknown>): Promise<Figures> {
  for (let i = 0; i < warmUp; i++) await call();
  const times = new Float64Array(requests);
  for (let i = 0; i < requests; i++) {
    const began = performance.now();
    await call();
    times[i] = performance.now() - began;
  }
  times.sort();
  const at = (share: number) => times[Math.min(requests - 1, Math.floor(share * requests))];
  return { path, p50: at(0.5), p99: at(0.99) };
}

async function bare(grant: PackGrant, path: string): Promise<Figures> {
  const pack = openPack(grant.path, grant);
  const program = await compile(readBundle(pack).model, { threads: 1 });
  pack.close();
  const numeric = tensor('float64', [1, names.length], Object.values(row));
  return timed(path, () => program.run({ numeric }));
}

async function host(grant: PackGrant): Promise<{ figures: Figures; startMs: number }> {
  const lease = { id: 'bench', device: 'cpu', threads: 1, memory: 2 * 1024 ** 3 };
  const set = createReplicaSet({
    min: 1,
    max: 1,
    lease: () => lease,
    release: () => undefined,
    spawn: () => spawnChild('host', { log: silentLog, memory: lease.memory, data: true }),
  });
  const began = performance.now();
  await set.serve({ model: { id: 'bench', name: 'tabular', version: 1 }, bundle: grant });
  const startMs = performance.now() - began;
  const figures = await timed('forked host', () => set.predict([row]));
  await set.stop();
  return { figures, startMs };
}

/** How much of two seconds' busy loop the system took away, and the longest time at once, ms. */
function heldUp(): { share: number; longest: number } {
  const began = performance.now();
  let last = began;
  let lost = 0;
  let longest = 0;
  while (last - began < 2000) {
    const now = performance.now();
    if (now - last > 0.2) lost += now - last;
    longest = Math.max(longest, now - last);
    last = now;
  }
  return { share: lost / (last - began), longest };
}

/** POSTs over one kept connection, without the time that an HTTP library of the client's would take. */
async function poster({ url, key }: Pick<Served, 'url' | 'key'>): Promise<{
  post: (path: string, body: string) => () => Promise<string>;
  end: () => void;
}> {
  const { hostname, port, host: name } = new URL(url);
  const socket = connect(Number(port), hostname);
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.setNoDelay(true);
  let heard: ((text: string) => void) | undefined;
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (piece: string) => {
    text += piece;
    const end = text.indexOf('\r\n\r\n');
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1]);
    if (end < 0 || text.length < end + 4 + length) return;
    const whole = text;
    text = '';
    heard?.(whole);
  });
  return {
    post(path, body) {
      const request = Buffer.from(
        `POST ${path} HTTP/1.1\r\nHost: ${name}\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
      return () =>
        new Promise((resolve, reject) => {
          heard = (answer) => (answer.startsWith('HTTP/1.1 200') ? resolve(answer) : reject(new Error(answer)));
          socket.write(request);
        });
    },
    end: () => socket.destroy(),
  };
}

/** A run that trains on all cores until it is stopped. */
async function train({ client }: Served): Promise<() => Promise<unknown>> {
  const path = join(import.meta.dirname, '../../../resources/samples/package-topics.csv');
  const dataset = await client.call('datasets.import', { body: { path } });
  await client.waitDataset(dataset.id);
  const { id } = await client.call('runs.create', {
    body: { dataset: dataset.id, target: 'label', model: 'transformer', epochs: 1000, batchSize: 128 },
  });
  for (;;) {
    const run = await client.call('runs.show', { params: { id } });
    if (run.error) throw new Error(run.error.message);
    if ((run.progress?.done ?? 0) > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return () => client.call('runs.stop', { params: { id }, body: {} });
}

const place = scratch();
const served = await startServing(place.dir);
try {
  const { grant } = packOf(place.dir, 'overhead', tableParts());
  const base = await bare(grant, 'bare run');
  const { figures, startMs } = await host(grant);
  await served.deploy('bench', tableParts());
  const { post, end } = await poster(served);
  const predict = post('/api/v1/deployments/bench/predict', JSON.stringify({ inputs: [row] }));
  const input = { name: 'numeric', datatype: 'FP64', shape: [1, names.length], data: Object.values(row) };
  const infer = post('/v2/models/bench/infer', JSON.stringify({ inputs: [input] }));
  const rows = [base, figures, await timed('REST predict', predict), await timed('REST v2 infer', infer)];
  const file = join(place.dir, 'table.onnx');
  writeFileSync(file, encodeModel(modelOf(tableParts().graph)));
  const peer = await startPeer(process.execPath, ['--no-warnings', join(import.meta.dirname, 'bare_handler.ts'), file]);
  const other = await poster({ url: peer.url, key: '' });
  rows.push(await timed('express + ort', other.post('/predict', JSON.stringify({ inputs: [Object.values(row)] }))));
  other.end();
  peer.stop();
  rows.push(await bare(grant, 'bare run again'));
  const lost = heldUp();
  if (options.training) {
    const stop = await train(served);
    rows.push(
      await timed('REST predict beside training', predict),
      await timed('REST v2 infer beside training', infer),
    );
    await stop();
  }
  end();
  console.log(`batch-1 tabular prediction, ${requests} requests each, ${availableParallelism()} cores; milliseconds`);
  console.log(`host start to ready: ${startMs.toFixed(0)} ms`);
  console.log(
    `a busy loop was held up ${(100 * lost.share).toFixed(1)} % of its time, ${lost.longest.toFixed(1)} ms at once`,
  );
  const alone = (path: string) => rows.find((one) => path.startsWith(`${one.path} beside`))?.p99;
  console.table(
    rows.map(({ path, p50, p99 }) => ({
      path,
      p50: Number(p50.toFixed(3)),
      p99: Number(p99.toFixed(3)),
      'over bare p50': Number((p50 - base.p50).toFixed(3)),
      'over bare p99': Number((p99 - base.p99).toFixed(3)),
      'p99 × alone': Number((p99 / (alone(path) ?? p99)).toFixed(2)),
    })),
  );
  console.log(JSON.stringify({ bench: 'serve/overhead', requests, warmUp, startMs, lost, rows }));
} finally {
  await served.stop();
  place.remove();
}
