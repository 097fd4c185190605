import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openLog, silentLog } from '../../../engine/base/index.ts';
import { deathFault, type SpawnOptions, spawnChild } from '../../../engine/children/index.ts';
import type { ChildExit, ChildPort } from '../../../engine/schema/index.ts';

const entry = fileURLToPath(new URL('./entries/echo.ts', import.meta.url));
const mib = 1024 * 1024;
const started: ChildPort<'importer'>[] = [];

function start(options: Partial<SpawnOptions> = {}) {
  const child = spawnChild('importer', { log: silentLog, memory: 512 * mib, entry, ...options });
  started.push(child);
  const messages: unknown[] = [];
  child.onMessage((message) => messages.push(message));
  return {
    child,
    messages,
    ask: (ask: unknown) => child.send(ask as never),
    exit: new Promise<ChildExit>((resolve) => child.onExit(resolve)),
    said: (count: number) =>
      vi.waitFor(() => expect(messages.length).toBeGreaterThanOrEqual(count), { timeout: 10_000 }),
  };
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

afterEach(() => {
  for (const child of started.splice(0)) child.kill();
});

describe('spawnChild', () => {
  it('carries typed arrays both ways', async () => {
    const { ask, messages, said } = start();
    const value = { key: new Uint8Array([1, 2, 3]), floats: new Float32Array([0.5, -1]) };
    expect(ask({ type: 'echo', value })).toBe(true);
    await said(2);
    expect(messages).toEqual(['up', value]);
  });

  it('delivers the last words of a child before its end', async () => {
    const { ask, messages, exit, child } = start();
    ask({ type: 'leave' });
    expect(await exit).toEqual({ code: 7, signal: null });
    expect(messages).toEqual(['up', ...Array.from({ length: 100 }, (_, i) => i)]);
    expect(child.send({ type: 'cancel' })).toBe(false);
  });

  it('keeps secrets out of the environment', async () => {
    vi.stubEnv('NEUTRINO_KEY', 'nk_secret');
    vi.stubEnv('NEUTRINO_PASSPHRASE', 'secret');
    vi.stubEnv('MY_API_TOKEN', 'secret');
    try {
      const { ask, messages, said } = start();
      ask({ type: 'env' });
      await said(2);
      const names = messages[1] as string[];
      expect(names.filter((name) => /KEY|PASSPHRASE|TOKEN/.test(name))).toEqual([]);
      expect(names).toContain('PATH');
      expect(names).toContain('NEUTRINO_CHILD');
      expect(names).toContain('ORT_DISABLE_TELEMETRY');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('ends a child that grows past its memory and says why', async () => {
    const { ask, exit } = start({ memory: 200 * mib });
    ask({ type: 'grow' });
    const end = await exit;
    expect(end).toEqual({ code: null, signal: 'SIGKILL', why: 'memory' });
    expect(deathFault('importer', end, 'Raise it.')).toMatchObject({ code: 'out_of_memory' });
  });

  it('says which part of the program a child could not load', async () => {
    const { exit } = start({ entry: fileURLToPath(new URL('./entries/broken.ts', import.meta.url)) });
    const end = await exit;
    expect(end).toEqual({ code: 1, signal: null, missing: 'parquet-of-nobody' });
    expect(deathFault('importer', end, 'Try again.').message).toMatch(
      /^The importer could not load parquet-of-nobody, a part/,
    );
  });

  it('ends a child that runs out of time', async () => {
    const { exit } = start({ seconds: 0.3 });
    expect(await exit).toEqual({ code: null, signal: 'SIGKILL', why: 'timeout' });
  });

  it('counts the time of one that waits from its first task on', async () => {
    const { ask, exit, said } = start({ seconds: 0.3, waits: true });
    ask({ type: 'prepare' });
    await said(1);
    const ended = exit.then(() => 'ended');
    expect(await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 600, 'waits'))])).toBe('waits');
    ask({ type: 'echo', value: 1 });
    expect(await exit).toEqual({ code: null, signal: 'SIGKILL', why: 'timeout' });
  });

  it('ends a child that computes and says nothing, and leaves one alone that only waits', async () => {
    // Two seconds of computing: on a machine that others load down, a process takes more than half a second to begin.
    const [hanging, waiting] = [start({ silence: 2 }), start({ silence: 2 })];
    await Promise.all([hanging.said(1), waiting.said(1)]);
    hanging.ask({ type: 'spin' });
    expect(await hanging.exit).toEqual({ code: null, signal: 'SIGKILL', why: 'timeout' });
    expect(isAlive(Number(waiting.child.pid))).toBe(true);
  });

  it('tells a kill by the appliance from one by somebody else', async () => {
    const own = start();
    await own.said(1);
    own.child.kill();
    expect(await own.exit).toEqual({ code: null, signal: 'SIGKILL', why: 'killed' });
    const other = start();
    await other.said(1);
    process.kill(other.child.pid as number, 'SIGKILL');
    expect(await other.exit).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('streams bytes into a child that reads its input', async () => {
    const { ask, child, messages, said } = start({ input: true });
    ask({ type: 'read' });
    for (let i = 0; i < 8; i++) child.stdin?.write(Buffer.alloc(mib));
    child.stdin?.end();
    await said(2);
    expect(messages[1]).toBe(8 * mib);
  });

  it('logs how much a child printed, and nothing of it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'neutrino-spawn-'));
    try {
      const { ask, said, exit, child } = start({ log: openLog(dir, 'appliance', 'debug') });
      ask({ type: 'print', value: 'a cell of the user' });
      await said(2);
      child.kill();
      await exit;
      const log = readFileSync(join(dir, 'logs', 'appliance.jsonl'), 'utf8');
      expect(log).toContain('"bytes":18');
      expect(log).not.toContain('cell of the user');
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it('leaves no orphan when its appliance is killed', async () => {
    const parent: ChildProcess = fork(fileURLToPath(new URL('./entries/parent.ts', import.meta.url)), [], {
      execArgv: [],
    });
    const pid = await new Promise<number>((resolve) => parent.once('message', (pid) => resolve(pid as number)));
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 10_000 });
  });
});
