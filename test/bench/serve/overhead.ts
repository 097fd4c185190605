// What serving costs over the bare session: one row at a time through a forked host, and through the whole appliance
// over REST on loopback, beside `run` of the same model, all in one run. This process is the client; the appliance and
// its hosts are others. Run alone: node test/bench/serve/overhead.ts [--requests 2000]
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findAppliance } from '../../../engine/appliance.ts';
import { rng, silentLog } from '../../../engine/base/index.ts';
import { type BundleParts, exportBundle, readBundle } from '../../../engine/bundle/index.ts';
import { spawnChild } from '../../../engine/children/index.ts';
import { createClient } from '../../../engine/client/index.ts';
import { graphBuilder } from '../../../engine/graph/index.ts';
import { tensor } from '../../../engine/onnx/index.ts';
import { compile } from '../../../engine/runtime/index.ts';
import type { Column, PackGrant } from '../../../engine/schema/index.ts';
import { createIdentity } from '../../../engine/security/index.ts';
import { createReplicaSet } from '../../../engine/serve/index.ts';
import { openPack } from '../../../engine/store/index.ts';
import { packOf, regressionParts, scratch } from '../../unit/bundle/sample.ts';

const { values: options } = parseArgs({ options: { requests: { type: 'string', default: '2000' } } });
const requests = Number(options.requests);
const warmUp = 200;
const columns = 30;
const width = 64;
const names = Array.from({ length: columns }, (_, i) => `f${i}`);
const row = Object.fromEntries(names.map((name, i) => [name, Math.sin(i) * 3]));

/** A regression on 30 numbers with two hidden layers of 64: the size of model that a small table gets. */
function tabularParts(): BundleParts {
  const random = rng(1, 'overhead');
  const normal = (rows: number, cols: number) =>
    tensor(
      'float32',
      [rows, cols],
      Float32Array.from({ length: rows * cols }, () => random.normal() / Math.sqrt(rows)),
    );
  const g = graphBuilder('tabular');
  const numeric = g.input('numeric', 'float64', ['batch', columns]);
  let hidden = g.op('Cast', [numeric], { to: 1 });
  for (const [from, to] of [
    [columns, width],
    [width, width],
  ] as const) {
    hidden = g.op('Relu', [g.op('MatMul', [hidden, g.constant(normal(from, to))])]);
  }
  g.output(g.op('MatMul', [hidden, g.constant(normal(width, 1))]), 'prediction');
  const parts = regressionParts();
  const [input] = parts.preprocess.numeric;
  const [column] = parts.manifest.columns as [Column];
  return {
    ...parts,
    graph: g.build(),
    manifest: {
      ...parts.manifest,
      name: 'tabular',
      features: names.map((name) => ({ column: name, type: 'number', as: 'numeric' })),
      columns: names.map((name) => ({ ...column, name })),
    },
    preprocess: {
      ...parts.preprocess,
      numeric: names.map((name) => ({ ...input, column: name })),
      columns: [...names.map((name) => ({ name, type: 'number' as const })), { name: 'height', type: 'number' }],
    },
  };
}

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

async function bare(grant: PackGrant): Promise<Figures> {
  const pack = openPack(grant.path, grant);
  const program = await compile(readBundle(pack).model, { threads: 1 });
  pack.close();
  const numeric = tensor('float64', [1, columns], Object.values(row));
  return timed('bare run', () => program.run({ numeric }));
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

/** A POST over a kept-alive connection, the answer read to its end. */
function poster(url: string, key: string): (path: string, body: string) => Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return (path, body) =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      };
      const sent = request(new URL(path, url), { method: 'POST', agent, headers }, (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('end', () => {
          const text = Buffer.concat(pieces).toString();
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`${path}: ${response.statusCode} ${text}`));
        });
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });
}

async function rest(grant: PackGrant, dir: string): Promise<Figures[]> {
  const dataDir = join(dir, 'appliance');
  const cli = join(import.meta.dirname, '../../../main/cli.ts');
  const appliance = spawn(
    process.execPath,
    [cli, 'start', '--no-cluster', '--data-dir', dataDir, '--port', '0', '--json'],
    {
      env: { ...process.env, NEUTRINO_PASSPHRASE: 'a passphrase for one run of this benchmark' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exited = new Promise<void>((resolve) => appliance.once('exit', () => resolve()));
  try {
    await new Promise((resolve, reject) => {
      appliance.stdout.once('data', resolve);
      void exited.then(() => reject(new Error('the appliance ended before it was up')));
    });
    const found = findAppliance(dataDir);
    if (!found) throw new Error('the appliance wrote no lock file');
    const client = createClient({ url: found.url, key: found.token });
    const pack = openPack(grant.path, grant);
    const pieces: Uint8Array[] = [];
    for await (const piece of exportBundle(pack, await createIdentity('bench'))) pieces.push(piece);
    pack.close();
    const model = await client.upload('models.import', new Blob(pieces as BlobPart[]), { query: {} });
    await client.call('deployments.create', { body: { model: model.id, name: 'bench' } });
    const { secret } = await client.call('keys.create', { body: { role: 'predictor' } });
    const post = poster(found.url, secret);
    const predict = JSON.stringify({ inputs: [row] });
    const infer = JSON.stringify({
      inputs: [{ name: 'numeric', datatype: 'FP64', shape: [1, columns], data: Object.values(row) }],
    });
    return [
      await timed('REST predict', () => post('/api/v1/deployments/bench/predict', predict)),
      await timed('REST v2 infer', () => post('/v2/models/bench/infer', infer)),
    ];
  } finally {
    appliance.kill('SIGTERM');
    await exited;
  }
}

const place = scratch();
try {
  const { grant } = packOf(place.dir, 'bench', tabularParts());
  const base = await bare(grant);
  const { figures, startMs } = await host(grant);
  const whole = existsSync(join(import.meta.dirname, '../../../main/cli.ts')) ? await rest(grant, place.dir) : [];
  const again = await bare(grant);
  const rows = [base, figures, ...whole, { ...again, path: 'bare run again' }];
  console.log(`batch-1 tabular prediction, ${requests} requests each, ${availableParallelism()} cores; milliseconds`);
  console.log(`host start to ready: ${startMs.toFixed(0)} ms`);
  console.table(
    rows.map(({ path, p50, p99 }) => ({
      path,
      p50: Number(p50.toFixed(3)),
      p99: Number(p99.toFixed(3)),
      'over bare p50': Number((p50 - base.p50).toFixed(3)),
      'over bare p99': Number((p99 - base.p99).toFixed(3)),
      ratio: Number((p50 / base.p50).toFixed(1)),
    })),
  );
  console.log(JSON.stringify({ bench: 'serve/overhead', requests, startMs, rows }));
} finally {
  place.remove();
}
