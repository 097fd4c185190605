// The one way to start a child process. It finds the entry file in the sources, in dist, beside an asar and in the
// single executable, keeps secrets out of the child's environment, and ends it when it takes more memory than its lease.
// It never writes what a child prints anywhere: sizes go to the log, content may quote a user's data.
import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { basename, extname } from 'node:path';
import { isSea } from 'node:sea';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { debuglog } from 'node:util';
import type { Log } from '../base/index.ts';
import {
  type ChildExit,
  type ChildKind,
  type ChildPort,
  Fault,
  type FromChild,
  type ToChild,
} from '../schema/index.ts';
import { childVariable, dataDescriptor } from './entry.ts';

export interface SpawnOptions {
  log: Log;
  /** Resident memory at which the child is ended, bytes. */
  memory: number;
  /** Opens the child's standard input, for one that reads a stream. */
  input?: boolean;
  /** Opens a socket for bulk bytes, the child's descriptor `dataDescriptor`. */
  data?: boolean;
  /** Folder where compiled code is kept between processes, so that the next one starts quicker. */
  cache?: string;
  /** Seconds after which the child is ended; never when left out. */
  seconds?: number;
  /** Seconds of its own computing without a word after which the child hangs and is ended; for kinds that say that they live. */
  silence?: number;
  /** Its seconds and its silence are counted from the first word after `prepare`: it may wait before that. */
  waits?: boolean;
  /** Entry file in place of the kind's own, for tests. */
  entry?: string;
}

/** Importers and trainers run at a lower priority than hosts and the appliance, so that predictions stay quick. */
const niceness: Record<ChildKind, number> = { importer: 10, trainer: 19, trial: 19, host: 0, probe: 10 };
const watchEveryMs = 500;
const mib = 1024 * 1024;

/** Starts a child of this kind. Throws `child_died` when the process cannot be started at all. */
export function spawnChild<K extends ChildKind>(kind: K, options: SpawnOptions): ChildPort<K> {
  const { log, memory } = options;
  const heap = `--max-old-space-size=${Math.max(64, Math.floor((memory * 0.75) / mib))}`;
  const alone = isSea();
  const child = fork(options.entry ?? entryPath(kind), [], {
    execPath: process.execPath,
    execArgv: alone ? [] : [heap, '--no-warnings'],
    env: {
      ...scrub(process.env),
      ...quiet,
      [childVariable]: kind,
      ...(options.cache === undefined ? {} : { NODE_COMPILE_CACHE: options.cache }),
      ...(alone ? { NODE_OPTIONS: heap, NEUTRINO_APP: process.env['NEUTRINO_APP'] } : {}),
    },
    serialization: 'advanced',
    stdio: [
      options.input ? 'pipe' : 'ignore',
      'pipe',
      printsThrough() ? 'inherit' : 'pipe',
      'ipc',
      options.data ? 'pipe' : 'ignore',
    ],
  });
  const data = options.data ? (child.stdio[dataDescriptor] as unknown as Duplex) : null;
  data?.on('error', () => undefined);
  const pid = child.pid;
  if (pid === undefined) {
    child.on('error', () => undefined);
    throw new Fault('child_died', `The ${kind} could not be started. Check the number of processes and free memory.`);
  }
  renice(pid, niceness[kind]);
  log.info({ child: kind, childPid: pid, memory }, 'child started');
  let why: ChildExit['why'];
  const end = (reason: NonNullable<ChildExit['why']>) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    why ??= reason;
    child.kill('SIGKILL');
  };
  let missing: string | undefined;
  capture(child, log, kind, {
    heapFull: () => (why ??= 'memory'),
    lacks: (part) => (missing ??= part),
  });
  child.stdin?.on('error', () => undefined);
  child.on('error', (err) => log.warn({ child: kind, childPid: pid, err }, 'child error'));
  let hangs: ReturnType<typeof openHang> | undefined;
  let clock: NodeJS.Timeout | undefined;
  let isCounted = false;
  const count = () => {
    if (isCounted) return;
    isCounted = true;
    if (options.silence !== undefined) hangs = openHang(pid, options.silence);
    if (options.seconds) clock = setTimeout(() => end('timeout'), options.seconds * 1000).unref();
  };
  if (!options.waits) count();
  child.on('message', () => hangs?.heard());
  const weigh = async () => {
    if (((await residentBytes(pid)) ?? 0) > memory) end('memory');
    else if (await hangs?.now()) end('timeout');
  };
  const watch = setInterval(() => void weigh(), watchEveryMs).unref();
  const exited = endOf(child, data).then(({ code, signal }): ChildExit => {
    clearInterval(watch);
    clearTimeout(clock);
    log.info({ child: kind, childPid: pid, code, signal, why }, 'child ended');
    return { code, signal, ...(why ? { why } : {}), ...(missing && code ? { missing } : {}) };
  });
  return {
    pid,
    stdin: child.stdin,
    data,
    send(message: ToChild[K]) {
      if (!child.connected || child.exitCode !== null || child.signalCode !== null) return false;
      if (message.type !== 'prepare') count();
      child.send(message, () => undefined);
      return true;
    },
    onMessage: inbox<K>(child),
    onExit(listener) {
      void exited.then(listener);
    },
    kill: () => end('killed'),
  };
}

/** What to tell the user about a child that ended without being asked to. */
export function deathFault(kind: ChildKind, exit: ChildExit, remedy: string): Fault {
  if (exit.why === 'memory') {
    return new Fault('out_of_memory', `The ${kind} took more memory than it was given. ${remedy}`);
  }
  if (exit.why === 'timeout') return new Fault('timeout', `The ${kind} ran out of time. ${remedy}`);
  if (exit.missing !== undefined) {
    return new Fault(
      'child_died',
      `The ${kind} could not load ${exit.missing}, a part of this program. Install Neutrino again; “neutrino doctor” tells what else is missing.`,
    );
  }
  const how = exit.signal ? `was killed (${exit.signal})` : `ended with code ${exit.code}`;
  return new Fault('child_died', `The ${kind} ${how}. ${remedy}`);
}

/** Messages kept until somebody listens, so that a quick child's first words are not lost. */
function inbox<K extends ChildKind>(child: ChildProcess): ChildPort<K>['onMessage'] {
  type Message = FromChild[K];
  const early: Message[] = [];
  let heard: ((message: Message) => void) | undefined;
  child.on('message', (message) => (heard ? heard(message as Message) : early.push(message as Message)));
  return (listener) => {
    heard = listener;
    for (const message of early.splice(0)) listener(message);
  };
}

/** The process is gone and its channel is read to the end: nothing more can arrive. */
async function endOf(
  child: ChildProcess,
  data: Duplex | null,
): Promise<{ code: number | null; signal: string | null }> {
  const closed = new Promise<void>((resolve) => child.once('disconnect', resolve));
  const read = data ? new Promise<void>((resolve) => data.once('close', resolve)) : undefined;
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('exit', (code, signal) => resolve([code, signal])),
  );
  if (child.connected || (data && !data.closed)) {
    // A grandchild could hold the channels open; messages that were sent are here long before this.
    const ended = Promise.all([child.connected ? closed : undefined, data?.closed ? undefined : read]);
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 1000).unref())]);
  }
  return { code, signal };
}

/** The entry beside this file: .ts in the sources, .js in dist; a process cannot run from inside an asar. */
function entryPath(kind: ChildKind): string {
  const here = fileURLToPath(import.meta.url);
  const path = fileURLToPath(new URL(`./${kind}${extname(here)}`, import.meta.url));
  return path.replace(/([\\/])app\.asar([\\/])/, '$1app.asar.unpacked$2');
}

/** onnxruntime would report to its makers; runtime/ says so too, but a thread's own `process.env` does not reach the library. */
const quiet = { ORT_DISABLE_TELEMETRY: '1' };

/** The environment without anything that opens the vault or the API. */
function scrub(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const secret = /^NEUTRINO_|^NODE_OPTIONS$|^NODE_CHANNEL|KEY|TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIAL/i;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !secret.test(name)));
}

/** For a developer at a terminal only (NODE_DEBUG=neutrino): children's error output goes to it. */
function printsThrough(): boolean {
  return debuglog('neutrino').enabled;
}

/** What Node and the system's loader print of a file that is missing or does not fit; the name alone is kept. */
const unloaded =
  /Cannot find (?:module|package) '([^']{1,300})'|((?:\/|[A-Z]:\\)[^\s:]{1,300}\.(?:node|so|dylib|dll)[.\d]*)(?=:)/;

function capture(
  child: ChildProcess,
  log: Log,
  kind: ChildKind,
  on: { heapFull(): void; lacks(part: string): void },
): void {
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (bytes: Buffer) => {
      if (bytes.includes('heap out of memory')) on.heapFull();
      const found = name === 'stderr' ? unloaded.exec(bytes.toString('utf8')) : null;
      if (found) on.lacks(basename(found[1] ?? found[2]));
      log.debug({ child: kind, childPid: child.pid, stream: name, bytes: bytes.length }, 'child output');
    });
  }
}

function renice(pid: number, nice: number): void {
  if (nice === 0) return;
  try {
    setPriority(pid, nice);
  } catch {
    // Gone already, or the system does not allow it: priority is a courtesy, not a promise.
  }
}

/** A child that computes and says nothing hangs; one that waits for its turn on a busy machine does not. */
function openHang(pid: number, seconds: number): { heard(): void; now(): Promise<boolean> } {
  let [at, spent] = [performance.now(), 0];
  let isFresh = true;
  return {
    heard() {
      at = performance.now();
      isFresh = true;
    },
    async now() {
      const used = await processorSeconds(pid);
      if (isFresh) [spent, isFresh] = [used ?? 0, false];
      const silent = (performance.now() - at) / 1000;
      return silent > seconds && (used === undefined ? silent > 3 * seconds : used - spent > seconds);
    },
  };
}

/** Processor time of a process so far, s; undefined where the system does not say. */
async function processorSeconds(pid: number): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [user, system] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return Number.isFinite(user + system) ? (user + system) / ticks : undefined;
}

/** Ticks of Linux' processor clock a second, as its interface to users has them. */
const ticks = 100;

/** Resident memory of a process, bytes; undefined where the system does not say (the child then watches itself). */
async function residentBytes(pid: number): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(text)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}
