// An appliance in a process of its own for benchmarks, with a model served and a predictor's key, and a load generator (wrk).
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findAppliance } from '../../../engine/appliance.ts';
import { type BundleParts, exportBundle } from '../../../engine/bundle/index.ts';
import { type Client, createClient } from '../../../engine/client/index.ts';
import { createIdentity } from '../../../engine/security/index.ts';
import { openPack } from '../../../engine/store/index.ts';
import { packOf } from '../../unit/bundle/sample.ts';

export interface Served {
  url: string;
  key: string;
  pid: number;
  client: Client;
  /** Imports a model and serves it. */
  deploy(name: string, parts: BundleParts, more?: Record<string, unknown>): Promise<string>;
  stop(): Promise<void>;
}

/** Starts an appliance over `dir`. */
export async function startServing(dir: string): Promise<Served> {
  const dataDir = join(dir, 'appliance');
  const cli = join(import.meta.dirname, '../../../main/cli.ts');
  const child = spawn(
    process.execPath,
    ['--no-warnings', cli, 'start', '--data-dir', dataDir, '--port', '0', '--json'],
    {
      env: { ...process.env, NEUTRINO_PASSPHRASE: 'a passphrase for one run of this benchmark' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    void exited.then(() => reject(new Error('the appliance ended before it was up')));
  });
  const found = findAppliance(dataDir);
  if (!found) throw new Error('the appliance wrote no lock file');
  const client = createClient({ url: found.url, key: found.token });
  const { secret } = await client.call('keys.create', { body: { role: 'predictor' } });
  let count = 0;
  return {
    url: found.url,
    key: secret,
    pid: child.pid as number,
    client,
    async deploy(name, parts, more = {}) {
      const { grant } = packOf(dir, `bench${count++}`, parts);
      const pack = openPack(grant.path, grant);
      const pieces: Uint8Array[] = [];
      for await (const piece of exportBundle(pack, await createIdentity('bench'))) pieces.push(piece);
      pack.close();
      const model = await client.upload('models.import', new Blob(pieces as BlobPart[]), { query: {} });
      await client.call('deployments.create', { body: { model: model.id, name, ...more } });
      return model.id;
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Processor time of a process and its children so far, ms; the clock ticks a hundred times a second (Linux). */
export function processorMs(pid: number): number {
  const own = (id: string) => {
    const fields = readFileSync(`/proc/${id}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  };
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return [String(pid), ...children].reduce((sum, id) => sum + own(id), 0);
}

/** Resident memory of a process, bytes (Linux). */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

export interface Load {
  requests: number;
  /** Answers a second, those that were not 200 left out. */
  rate: number;
  refused: number;
  p50: number;
  p99: number;
}

/**
 * Loads a URL with one body by wrk: `concurrency` connections that each wait for their answer; `jsonBytes` of the body are JSON
 * where tensors follow. Latencies in ms.
 */
export function load(
  url: string,
  body: string | Uint8Array,
  {
    concurrency,
    seconds,
    key = '',
    jsonBytes,
  }: { concurrency: number; seconds: number; key?: string; jsonBytes?: number },
): Load {
  const dir = mkdtempSync(join(tmpdir(), 'neutrino-wrk-'));
  const script = join(dir, 'post.lua');
  writeFileSync(join(dir, 'body'), body);
  writeFileSync(
    script,
    `wrk.method = "POST"
wrk.body = io.open(${JSON.stringify(join(dir, 'body'))}, "rb"):read("*a")
wrk.headers["Content-Type"] = "${jsonBytes === undefined ? 'application/json' : 'application/octet-stream'}"
${jsonBytes === undefined ? '' : `wrk.headers["Inference-Header-Content-Length"] = "${jsonBytes}"`}
wrk.headers["Authorization"] = "Bearer ${key}"
done = function(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration, summary.errors.status, latency:percentile(50), latency:percentile(99)))
end
`,
  );
  const ran = spawnSync(
    'wrk',
    [
      '-t',
      String(Math.min(2, concurrency)),
      '-c',
      String(concurrency),
      '-d',
      `${seconds}s`,
      '--timeout',
      '30s',
      '-s',
      script,
      url,
    ],
    { encoding: 'utf8' },
  );
  rmSync(dir, { recursive: true });
  const line = /RESULT (\d+) (\d+) (\d+) (\d+) (\d+)/.exec(ran.stdout ?? '');
  if (!line) throw new Error(`wrk said nothing: ${ran.stderr || ran.error?.message}`);
  const [requests, us, refused, p50, p99] = line.slice(1).map(Number) as [number, number, number, number, number];
  return { requests, refused, rate: ((requests - refused) * 1e6) / us, p50: p50 / 1000, p99: p99 / 1000 };
}
