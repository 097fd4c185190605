// Four times more than a deployment can do: how much of its capacity is still answered (goodput), whether what is answered is
// answered within its deadline, whether memory stays flat, and how soon it is itself again. Clients send on a clock and wait
// for nobody (an open loop). node test/bench/serve/overload.ts [--seconds 15 | --full] [--times 4]
import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';
import { scratch } from '../../unit/bundle/sample.ts';
import { processorMs, residentBytes, startServing } from './appliance.ts';
import { bertParts, tokens } from './models.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '15' },
    full: { type: 'boolean', default: false },
    times: { type: 'string', default: '4' },
    deadline: { type: 'string', default: '1000' },
  },
});
const seconds = options.full ? 60 : Number(options.seconds);
const times = Number(options.times);
const deadlineMs = Number(options.deadline);

interface Outcome {
  ok: number;
  refused: number;
  late: number;
  failed: number;
  latencies: number[];
}

const place = scratch();
const served = await startServing(place.dir);
const agent = new Agent({ keepAlive: true, maxSockets: 2048 });
const url = new URL(`${served.url}/v2/models/bench/infer`);
const body = Buffer.from(
  JSON.stringify({
    inputs: [{ name: 'text_0_tokens', datatype: 'INT64', shape: [1, 64], data: tokens(64) }],
    outputs: [{ name: 'probabilities' }],
  }),
);
const headers = {
  authorization: `Bearer ${served.key}`,
  'content-type': 'application/json',
  'content-length': body.length,
};
const timed = { ...headers, 'x-deadline-ms': String(deadlineMs) };

function one(outcome: Outcome, how: typeof headers): Promise<void> {
  const began = performance.now();
  return new Promise((resolve) => {
    const sent = request(url, { method: 'POST', agent, headers: how }, (response) => {
      response.resume();
      response.on('end', () => {
        const ms = performance.now() - began;
        if (response.statusCode === 200) {
          outcome.ok++;
          outcome.latencies.push(ms);
        } else if (response.statusCode === 429) outcome.refused++;
        else if (response.statusCode === 504) outcome.late++;
        else outcome.failed++;
        resolve();
      });
    });
    sent.on('error', () => {
      outcome.failed++;
      resolve();
    });
    sent.end(body);
  });
}

const empty = (): Outcome => ({ ok: 0, refused: 0, late: 0, failed: 0, latencies: [] });

/** As many as can be answered: 32 clients that wait for their answers, however long. */
async function closed(ms: number): Promise<{ rate: number; outcome: Outcome }> {
  const outcome = empty();
  const began = performance.now();
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      while (performance.now() - began < ms) await one(outcome, headers);
    }),
  );
  return { rate: (outcome.ok * 1000) / (performance.now() - began), outcome };
}

async function open(rate: number, ms: number): Promise<{ outcome: Outcome; seconds: number }> {
  const outcome = empty();
  const began = performance.now();
  const running = new Set<Promise<void>>();
  for (let sent = 0; performance.now() - began < ms; ) {
    const due = Math.floor(((performance.now() - began) * rate) / 1000);
    for (; sent < due; sent++) {
      const work = one(outcome, timed);
      running.add(work);
      void work.finally(() => running.delete(work));
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const elapsed = (performance.now() - began) / 1000;
  await Promise.all(running);
  return { outcome, seconds: elapsed };
}

const percentile = (values: number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0;

try {
  await served.deploy('bench', bertParts(), { replicas: { min: 2, max: 2 } });
  await closed(2000);
  const before = (await closed(4000)).rate;
  const memory = [residentBytes(served.pid)];
  const cpu = processorMs(served.pid);
  const weighing = setInterval(() => memory.push(residentBytes(served.pid)), (seconds * 1000) / 6);
  const over = await open(before * times, seconds * 1000);
  clearInterval(weighing);
  const goodput = over.outcome.ok / over.seconds;
  const began = performance.now();
  let recovered = Number.NaN;
  while (performance.now() - began < 10_000) {
    const probe = await open(before * 0.3, 250);
    if (probe.outcome.ok > 0 && probe.outcome.refused + probe.outcome.late + probe.outcome.failed === 0) {
      recovered = performance.now() - began;
      break;
    }
  }
  // On a machine that others use it is not the same a minute later: the mean of before and after.
  const after = (await closed(4000)).rate;
  const capacity = (before + after) / 2;
  const { ok, refused, late, failed, latencies } = over.outcome;
  const result = {
    bench: 'serve/overload',
    seconds,
    times,
    deadlineMs,
    capacity: Math.round(capacity),
    capacityBefore: Math.round(before),
    capacityAfter: Math.round(after),
    goodput: Math.round(goodput),
    share: Number((goodput / capacity).toFixed(3)),
    ok,
    refused,
    late,
    failed,
    p50: Number(percentile(latencies, 0.5).toFixed(1)),
    p99: Number(percentile(latencies, 0.99).toFixed(1)),
    withinDeadline: Number(
      (latencies.filter((ms) => ms <= deadlineMs * 1.1).length / Math.max(1, latencies.length)).toFixed(4),
    ),
    memoryMiB: memory.map((bytes) => Math.round(bytes / 1024 ** 2)),
    recoveredMs: Math.round(recovered),
    cpuSeconds: Math.round((processorMs(served.pid) - cpu) / 1000),
  };
  console.table(Object.entries(result).map(([what, value]) => ({ what, value: String(value) })));
  console.log(JSON.stringify(result));
} finally {
  agent.destroy();
  await served.stop();
  place.remove();
}
