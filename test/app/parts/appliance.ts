// What the whole-process tests share: a data directory of their own, an appliance process over it, and its client.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Client, createClient } from '../../../engine/client/index.ts';
import type { Dataset, Fault, FaultBody, Run, TrainRequest } from '../../../engine/schema/index.ts';

/** A place that nothing outside is written to: data, keys, temporary files. */
export interface Place {
  root: string;
  dataDir: string;
  tmp: string;
  env: NodeJS.ProcessEnv;
  remove(): void;
}

export interface Running {
  url: string;
  token: string;
  pid: number;
  client: Client;
  /** Of the vault, when this start made it. */
  recoveryCode: string | undefined;
  /** SIGKILL: what a power cut leaves. */
  crash(): Promise<void>;
  /** SIGTERM: the orderly way. */
  stop(): Promise<void>;
}

export function makePlace(): Place {
  const root = mkdtempSync(join(tmpdir(), 'neutrino-app-'));
  const [dataDir, tmp, config] = ['data', 'tmp', 'config'].map((name) => join(root, name)) as [string, string, string];
  mkdirSync(tmp);
  const env = { ...process.env, TMPDIR: tmp, XDG_CONFIG_HOME: config, HOME: root, NEUTRINO_PASSPHRASE: '' };
  return { root, dataDir, tmp, env, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** Starts an appliance process; throws the fault's body when it does not start. */
export async function launch(place: Place, settings: Record<string, unknown> = {}): Promise<Running> {
  const script = fileURLToPath(new URL('./serve.ts', import.meta.url));
  const config = JSON.stringify({ dataDir: place.dataDir, port: 0, ...settings });
  const child = spawn(process.execPath, ['--no-warnings', script, config], {
    env: place.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const said = await firstLine(child);
  const { url, token, recoveryCode, fault } = JSON.parse(said) as {
    url: string;
    token: string;
    recoveryCode?: string;
    fault?: FaultBody;
  };
  if (fault) throw fault;
  const end = (signal: 'SIGKILL' | 'SIGTERM') => {
    child.kill(signal);
    return gone;
  };
  return {
    url,
    token,
    pid: child.pid as number,
    client: createClient({ url, key: token }),
    recoveryCode,
    crash: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    if (!child.stdout) return reject(new Error('no output'));
    createInterface({ input: child.stdout })
      .once('line', resolve)
      .once('close', () => reject(new Error('ended without a word')));
  });
}

/** Imports by path and waits until it is ready or failed. */
export async function importPath(client: Client, path: string, name?: string): Promise<Dataset> {
  const started = await client.call('datasets.import', { body: { path, ...(name ? { name } : {}) } });
  return client.waitDataset(started.id);
}

/** Trains and waits for the end, whatever it is. */
export async function train(client: Client, request: Partial<TrainRequest> & { dataset: string }): Promise<Run> {
  const run = await client.call('runs.create', { body: request });
  return client.waitRun(run.id);
}

/** Ids of the processes that an appliance has forked, by kind. */
export function childrenOf(pid: number, kind: string): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
  return children.filter((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes(`children/${kind}.`));
}

/** The fault of a call that must not succeed. */
export async function faultOf(call: Promise<unknown>): Promise<Fault> {
  try {
    await call;
  } catch (error) {
    return error as Fault;
  }
  throw new Error('the call succeeded');
}
