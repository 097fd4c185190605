// One training step of ours beside PyTorch's (and on the MLP beside TensorFlow.js' WebAssembly backend), each at its best
// thread count and in turns, so that both meet the same neighbours: a table on stderr, JSON on stdout.
//   node test/bench/train/index.ts [--threads 1,2,4] [--steps 30] [--rounds 2] [--no-peer] [--tfjs FOLDER] [WORKLOAD ...]
//   node test/bench/train/index.ts --grow 1000 mlp       resident memory every 100 steps
// FOLDER is where @tensorflow/tfjs and tfjs-backend-wasm are installed.
import { execFileSync, fork } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compileTraining, type TrainingProgram } from '../../../engine/train/index.ts';
import { type Workload, workloads } from './workloads.ts';

interface Timing {
  threads: number;
  median_ms: number;
  min_ms: number;
  /** Peak resident memory of the process, MB. */
  peak_mb: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '1,2,4' },
    steps: { type: 'string', default: '30' },
    rounds: { type: 'string', default: '2' },
    grow: { type: 'string' },
    tfjs: { type: 'string' },
    'no-peer': { type: 'boolean' },
    child: { type: 'string' },
  },
});
const steps = Number(values.steps);
const counts = values.threads.split(',').map(Number);

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const fastest = <T extends Timing>(timings: readonly T[]): T =>
  timings.toSorted((a, b) => a.median_ms - b.median_ms)[0];

interface Trained extends Workload {
  training: TrainingProgram;
}

async function trained(work: string, threads: number): Promise<Trained> {
  const workload = workloads[work]();
  const optimizer = { kind: 'adamw' } as const;
  const options = { loss: 'cross_entropy', optimizer, device: 'cpu', threads, seed: 1 } as const;
  return { ...workload, training: await compileTraining(workload.graph, options) };
}

async function time(work: string, threads: number): Promise<Timing> {
  const { training, feeds, labels, weights } = await trained(work, threads);
  const times: number[] = [];
  for (let i = 0; i < steps + 3; i++) {
    const start = performance.now();
    await training.step(feeds, labels, weights, 1e-3);
    times.push(performance.now() - start);
  }
  const kept = times.slice(3);
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  return { threads, median_ms: median(kept), min_ms: Math.min(...kept), peak_mb: peak };
}

/** Resident memory in MB after every hundred steps. */
async function growth(work: string, total: number): Promise<number[]> {
  const { training, feeds, labels, weights } = await trained(work, Math.max(...counts));
  const resident: number[] = [];
  for (let i = 1; i <= total; i++) {
    await training.step(feeds, labels, weights, 1e-3);
    if (i % 100 === 0) resident.push(Math.round(process.memoryUsage.rss() / 2 ** 20));
  }
  return resident;
}

/** Each measurement in a process of its own, so that memory and thread pools do not mix. */
function measure(work: string, threads: number): Promise<Timing> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, ['--child', `${work}:${threads}`, '--steps', String(steps)]);
    child.once('message', (message) => resolve(message as Timing));
    child.once('exit', (code) => reject(new Error(`the measurement of ${work} ended with ${code}`)));
  });
}

function peer(command: string, script: string, args: string[]): Timing {
  const text = execFileSync(command, [join(import.meta.dirname, script), '--steps', String(steps), ...args], {
    encoding: 'utf8',
  });
  return JSON.parse(text) as Timing;
}

const torch = (work: string, threads: number): Timing =>
  peer('/usr/bin/python3', 'torch_bench.py', ['--threads', String(threads), work]);
const tfjs = (threads: number): Timing =>
  peer(process.execPath, 'tfjs_bench.ts', ['--folder', values.tfjs ?? '', '--threads', String(threads)]);

/** Rounds of one side at the thread count that was best in its first. */
interface Side {
  one(threads: number): Promise<Timing>;
  best?: number;
}

async function round(side: Side): Promise<Timing> {
  if (side.best !== undefined) return side.one(side.best);
  const timings: Timing[] = [];
  for (const threads of counts) timings.push(await side.one(threads));
  const first = fastest(timings);
  side.best = first.threads;
  return first;
}

async function compare(work: string): Promise<void> {
  const own: Side = { one: (threads) => measure(work, threads) };
  const peers: Record<string, Side> = {
    ...(values['no-peer'] ? {} : { PyTorch: { one: (threads: number) => Promise.resolve(torch(work, threads)) } }),
    ...(values.tfjs && work === 'mlp'
      ? { 'tfjs-wasm': { one: (threads: number) => Promise.resolve(tfjs(threads)) } }
      : {}),
  };
  const ours: Timing[] = [];
  const theirs: Record<string, Timing[]> = Object.fromEntries(Object.keys(peers).map((name) => [name, []]));
  for (let i = 0; i < Number(values.rounds); i++) {
    ours.push(await round(own));
    for (const [name, side] of Object.entries(peers)) theirs[name].push(await round(side));
  }
  const row = (timings: readonly Timing[]) => ({
    threads: timings[0].threads,
    median_ms: Number(median(timings.map((t) => t.median_ms)).toFixed(2)),
    min_ms: Number(Math.min(...timings.map((t) => t.min_ms)).toFixed(2)),
    peak_mb: timings[0].peak_mb,
  });
  const text = (t: Timing) => `${t.median_ms} ms (${t.threads} threads, ${t.peak_mb} MB)`;
  const result = Object.entries(theirs).map(([name, timings]) => {
    const ratio = median(timings.map((t, i) => t.median_ms / ours[i].median_ms));
    return { peer: name, ...row(timings), ratio: Number(ratio.toFixed(2)) };
  });
  const shown = result.map((r) => `  ${r.peer} ${text(r)} ratio ${r.ratio}`).join('');
  console.error(`${work.padEnd(10)} ours ${text(row(ours))}${shown}`);
  console.log(JSON.stringify({ work, ours: row(ours), peers: result }));
}

if (values.child) {
  const [work, threads] = values.child.split(':');
  process.send?.(await time(work, Number(threads)));
} else {
  for (const work of positionals.length > 0 ? positionals : Object.keys(workloads)) {
    if (values.grow) console.log(JSON.stringify({ work, resident_mb: await growth(work, Number(values.grow)) }));
    else await compare(work);
  }
}
