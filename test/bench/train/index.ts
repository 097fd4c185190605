// One training step of ours beside PyTorch's, each at its best thread count, in one run: a table on stderr, JSON on stdout.
//   node test/bench/train/index.ts [--threads 1,2,4] [--steps 30] [--no-peer] [WORKLOAD ...]
import { execFileSync, fork } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compileTraining } from '../../../engine/train/index.ts';
import { workloads } from './workloads.ts';

interface Timing {
  work: string;
  threads: number;
  median_ms: number;
  min_ms: number;
  /** Peak resident memory of the process, MB. */
  peak_mb?: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '1,2,4' },
    steps: { type: 'string', default: '30' },
    'no-peer': { type: 'boolean' },
    child: { type: 'string' },
  },
});
const steps = Number(values.steps);

async function time(work: string, threads: number): Promise<Timing> {
  const { graph, feeds, labels, weights } = workloads[work]();
  const training = await compileTraining(graph, {
    loss: 'cross_entropy',
    optimizer: { kind: 'adamw' },
    device: 'cpu',
    threads,
    seed: 1,
  });
  const times: number[] = [];
  for (let i = 0; i < steps + 3; i++) {
    const start = performance.now();
    await training.step(feeds, labels, weights, 1e-3);
    times.push(performance.now() - start);
  }
  const sorted = times.slice(3).toSorted((a, b) => a - b);
  return {
    work,
    threads,
    median_ms: sorted[Math.floor(sorted.length / 2)],
    min_ms: sorted[0],
    peak_mb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

/** Each measurement in a process of its own, so that memory and thread pools do not mix. */
function measure(work: string, threads: number): Promise<Timing> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, ['--child', `${work}:${threads}`, '--steps', String(steps)]);
    child.once('message', (message) => resolve(message as Timing));
    child.once('exit', (code) => reject(new Error(`the measurement of ${work} ended with ${code}`)));
  });
}

function peer(work: string): Timing | undefined {
  if (values['no-peer']) return undefined;
  const script = join(import.meta.dirname, 'torch_bench.py');
  const text = execFileSync('/usr/bin/python3', [script, '--threads', values.threads, '--steps', String(steps), work], {
    encoding: 'utf8',
  });
  return JSON.parse(text) as Timing;
}

if (values.child) {
  const [work, threads] = values.child.split(':');
  process.send?.(await time(work, Number(threads)));
} else {
  for (const work of positionals.length > 0 ? positionals : Object.keys(workloads)) {
    const ours: Timing[] = [];
    for (const threads of values.threads.split(',')) ours.push(await measure(work, Number(threads)));
    const best = ours.toSorted((a, b) => a.median_ms - b.median_ms)[0];
    const torch = peer(work);
    const ratio = torch && torch.median_ms / best.median_ms;
    console.error(
      `${work.padEnd(10)} ours ${best.median_ms.toFixed(2)} ms (${best.threads} threads, ${best.peak_mb} MB)` +
        (torch
          ? `  PyTorch ${torch.median_ms.toFixed(2)} ms (${torch.threads} threads)  ratio ${ratio?.toFixed(2)}`
          : ''),
    );
    console.log(JSON.stringify({ ...best, peer_ms: torch?.median_ms, ratio }));
  }
}
