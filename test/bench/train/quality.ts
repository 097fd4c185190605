// How good models are on the sample data: five seeds, the held-out tenth, through the parts that a trainer runs.
//   node test/bench/train/quality.ts [dataset,…] [seed,…] [{"request":"fields"}]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importDataset, openDataset } from '../../../engine/data/index.ts';
import { servedGraph } from '../../../engine/models/index.ts';
import { trainRequest } from '../../../engine/schema/index.ts';
import { openPack } from '../../../engine/store/index.ts';
import { assess, headline, prepareRun, runTraining } from '../../../engine/train/index.ts';

const goals: Record<string, { target: string; figure: string; least: number }> = {
  'package-topics': { target: 'label', figure: 'accuracy', least: 0.9 },
  'breast-cancer': { target: 'target', figure: 'accuracy', least: 0.96 },
  diabetes: { target: 'target', figure: 'r2', least: 0.45 },
  iris: { target: 'target', figure: 'accuracy', least: 0.95 },
  digits: { target: 'target', figure: 'accuracy', least: 0.97 },
};
const [names = Object.keys(goals).join(), seeds = '1,2,3,4,5', extra = '{}'] = process.argv.slice(2);
const samples = new URL('../../../resources/samples/', import.meta.url).pathname;
const dir = await mkdtemp(join(tmpdir(), 'neutrino-quality-'));
const rows: Record<string, unknown>[] = [];
try {
  for (const name of names.split(',')) {
    const { target, figure, least } = goals[name];
    const pack = { id: name, path: join(dir, `${name}.sqlite`), key: crypto.getRandomValues(new Uint8Array(32)) };
    const source = { kind: 'path' as const, path: join(samples, `${name}.csv`) };
    await importDataset({
      source,
      options: {},
      pack,
      threads: 2,
      memory: 2 ** 31,
      progress: () => undefined,
      signal: new AbortController().signal,
    });
    const reader = openDataset(openPack(pack.path, pack));
    const scores: number[] = [];
    const seconds: number[] = [];
    const families: string[] = [];
    for (const seed of seeds.split(',').map(Number)) {
      const request = trainRequest.parse({ dataset: name, target, seed, ...(JSON.parse(extra) as object) });
      const began = performance.now();
      const setup = await prepareRun(reader, undefined, request);
      const result = await runTraining({ ...setup, device: 'cpu', threads: Number(process.env['THREADS'] ?? 4), seed });
      const facts = {
        seconds: 0,
        epochs: result.epochs,
        bestEpoch: result.bestEpoch,
        steps: result.steps,
        weights: '',
      };
      const graph = servedGraph(result.rows.preprocess, result.graph);
      const report = await assess(graph, result.rows.preprocess, setup.encodeTest(result.rows.preprocess), facts);
      scores.push(headline(report)[figure]);
      seconds.push((performance.now() - began) / 1000);
      families.push(
        `${result.candidate.family}:${setup.candidates.indexOf(result.candidate)}@${result.bestEpoch}/${result.epochs}`,
      );
    }
    reader.close();
    const mean = scores.reduce((a, b) => a + b) / scores.length;
    rows.push({ name, figure, mean, least, reached: mean >= least, scores, seconds, families });
    console.error(
      `${name.padEnd(16)} ${figure.padEnd(9)} ${mean.toFixed(4)} (least ${least})  ${scores.map((s) => s.toFixed(3)).join(' ')}  ${seconds.map((s) => s.toFixed(1)).join(' ')} s  ${families.join(' ')}`,
    );
  }
} finally {
  await rm(dir, { recursive: true, force: true });
}
console.log(JSON.stringify({ bench: 'train/quality', rows }));
