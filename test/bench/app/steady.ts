// How quickly the appliance answers while children work and die: health and a list of runs, idle, beside an import,
// beside a training run, and around a kill -9 of the trainer. Run alone: node test/bench/app/steady.ts [--rounds 5]
import { parseArgs } from 'node:util';
import { childrenOf, launch, makePlace, type Running } from '../../app/parts/appliance.ts';
import { flowers } from '../../app/parts/data.ts';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = Number(options.rounds);
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks one after the other until `work` is over; the times of all answers, ms. */
async function during(appliance: Running, work: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  const over = new AbortController();
  const ask = async () => {
    const began = performance.now();
    await appliance.client.call(times.length % 2 ? 'runs.list' : 'system.health', {});
    times.push(performance.now() - began);
  };
  const asking = (async () => {
    while (!over.signal.aborted) {
      await ask();
      await wait(1);
    }
  })();
  await work();
  over.abort();
  await asking;
  return times;
}

function figures(what: string, times: number[]) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) =>
    Number(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]?.toFixed(2));
  return { what, answers: sorted.length, p50: at(0.5), p99: at(0.99), most: at(1) };
}

const place = makePlace();
try {
  const appliance = await launch(place, { checkpointSeconds: 1 });
  const { client } = appliance;
  const path = flowers(place, 50_000);
  await during(appliance, () => wait(500));
  const rows = [figures('idle', await during(appliance, () => wait(2000)))];
  const imported = await during(appliance, async () => {
    const dataset = await client.call('datasets.import', { body: { path, name: 'flowers' } });
    await client.waitDataset(dataset.id);
  });
  rows.push(figures('an import', imported));
  const start = () =>
    client.call('runs.create', { body: { dataset: 'flowers', target: 'kind', model: 'mlp', epochs: 1000, seed: 1 } });
  const training = await start();
  while ((await client.call('runs.show', { params: { id: training.id } })).state !== 'running') await wait(50);
  rows.push(figures('a training run', await during(appliance, () => wait(4000))));
  const killed: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const times = await during(appliance, async () => {
      await wait(1500 + 200 * round);
      process.kill(childrenOf(appliance.pid, 'trainer')[0], 'SIGKILL');
      await client.waitRun(training.id);
      await client.call('runs.resume', { params: { id: training.id }, body: {} });
      while ((await client.call('runs.show', { params: { id: training.id } })).state !== 'running') await wait(20);
    });
    killed.push(...times);
  }
  rows.push(figures('kill -9 of the trainer, and resuming', killed));
  await client.call('runs.stop', { params: { id: training.id }, body: {} });
  await client.waitRun(training.id);
  await appliance.stop();
  console.log('milliseconds until the appliance answers (health, list of runs), beside');
  console.table(rows);
  console.log(JSON.stringify({ bench: 'app/steady', rounds, rows }));
} finally {
  place.remove();
}
