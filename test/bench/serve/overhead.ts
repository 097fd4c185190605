// What serving costs over the bare session: one row at a time through a forked host, and through the whole appliance over
// loopback, beside `run` of the same model, all in one run. This process is the client; the appliance and its hosts are
// others. With --training a run trains on all cores beside the second half. All are asked in turns, some hundred requests each,
// so that what the machine does meanwhile meets them alike. How much of a figure is the machine's and Node's is told by a bare
// node:http server that answers as many bytes (the floor), by a bare express + onnxruntime handler, and by how long a busy
// loop is held up.
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

/** What is timed: a name, and one request. */
interface Path {
  path: string;
  call: () => Promise<unknown>;
}

/** Requests of one path before it is the next one's turn. */
const turn = 250;

/** Milliseconds of one call after the other, in turns. */
async function timed(paths: readonly Path[], warm = warmUp): Promise<Figures[]> {
  const times = paths.map(() => new Float64Array(requests));
  for (const { call } of paths) for (let i = 0; i < warm; i++) await call();
  for (let from = 0; from < requests; from += turn) {
    for (const [p, { call }] of paths.entries()) {
      for (let i = from; i < Math.min(requests, from + turn); i++) {
        const began = performance.now();
        await call();
        times[p][i] = performance.now() - began;
      }
    }
  }
  return paths.map(({ path }, p) => {
    const sorted = times[p].sort();
    const at = (share: number) => sorted[Math.min(requests - 1, Math.floor(share * requests))];
    return { path, p50: at(0.5), p99: at(0.99) };
  });
}

async function bare(grant: PackGrant): Promise<Path> {
  const pack = openPack(grant.path, grant);
  const program = await compile(readBundle(pack).model, { threads: 1 });
  pack.close();
  const numeric = tensor('float64', [1, names.length], Object.values(row));
  return { path: 'bare run', call: () => program.run({ numeric }) };
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
  const [figures] = (await timed([{ path: 'forked host', call: () => set.predict([row]) }])) as [Figures];
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
  let broke: ((error: Error) => void) | undefined;
  socket.on('close', () => broke?.(new Error(`${name} closed the connection`)));
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
          broke = reject;
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
const stops: (() => void)[] = [];
try {
  const { grant } = packOf(place.dir, 'overhead', tableParts());
  const { figures, startMs } = await host(grant);
  await served.deploy('bench', tableParts());
  const { post, end } = await poster(served);
  stops.push(end);
  const predict = post('/api/v1/deployments/bench/predict', JSON.stringify({ inputs: [row] }));
  const input = { name: 'numeric', datatype: 'FP64', shape: [1, names.length], data: Object.values(row) };
  const inferBody = JSON.stringify({ inputs: [input] });
  const infer = post('/v2/models/bench/infer', inferBody);
  const answer = await infer();

  const file = join(place.dir, 'table.onnx');
  writeFileSync(file, encodeModel(modelOf(tableParts().graph)));
  const beside = async (script: string, argument: string, body: string) => {
    const peer = await startPeer(process.execPath, ['--no-warnings', join(import.meta.dirname, script), argument]);
    const other = await poster({ url: peer.url, key: '' });
    stops.push(() => {
      other.end();
      peer.stop();
    });
    return other.post('/predict', body);
  };
  const bytes = String(answer.length - answer.indexOf('\r\n\r\n') - 4);
  const paths: Path[] = [
    await bare(grant),
    { path: 'node:http echo', call: await beside('echo.ts', bytes, inferBody) },
    {
      path: 'express + ort',
      call: await beside('bare_handler.ts', file, JSON.stringify({ inputs: [Object.values(row)] })),
    },
    { path: 'REST predict', call: predict },
    { path: 'REST v2 infer', call: infer },
  ];
  const rows = [...(await timed(paths)), figures];
  const lost = heldUp();
  if (options.training) {
    const stop = await train(served);
    const again = paths.slice(1).map(({ path, call }) => ({ path: `${path} beside training`, call }));
    rows.push(...(await timed(again, turn)));
    await stop();
  }
  console.log(`batch-1 tabular prediction, ${requests} requests each, ${availableParallelism()} cores; milliseconds`);
  console.log(`host start to ready: ${startMs.toFixed(0)} ms`);
  console.log(
    `a busy loop was held up ${(100 * lost.share).toFixed(1)} % of its time, ${lost.longest.toFixed(1)} ms at once`,
  );
  const [base, floor] = rows as [Figures, Figures];
  const alone = (path: string) => rows.find((one) => path.startsWith(`${one.path} beside`))?.p99;
  const round = (ms: number) => Number(ms.toFixed(3));
  console.table(
    rows.map(({ path, p50, p99 }) => ({
      path,
      p50: round(p50),
      p99: round(p99),
      'over bare p50': round(p50 - base.p50),
      'over bare p99': round(p99 - base.p99),
      'over echo p50': round(p50 - floor.p50),
      'over echo p99': round(p99 - floor.p99),
      'p99 × alone': Number((p99 / (alone(path) ?? p99)).toFixed(2)),
    })),
  );
  console.log(JSON.stringify({ bench: 'serve/overhead', requests, warmUp, startMs, lost, rows }));
} finally {
  for (const stop of stops) stop();
  await served.stop();
  place.remove();
}
