// How well the autoencoder finds what it never trained on, beside scikit-learn's PCA residual and isolation forest on the same
// rows: malignant cells among benign ones, and each digit among the nine others. Five folds, mean ROC-AUC.
//   node test/bench/train/anomaly.ts [breast-cancer,digits] [digit,…] [{"hyper":"values"}]
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rng } from '../../../engine/base/index.ts';
import { type DatasetReader, importDataset, openDataset } from '../../../engine/data/index.ts';
import { servedGraph } from '../../../engine/models/index.ts';
import { trainRequest } from '../../../engine/schema/index.ts';
import { openPack } from '../../../engine/store/index.ts';
import { assess, prepareRun, runTraining } from '../../../engine/train/index.ts';

const folds = 5;
const [data = 'breast-cancer,digits', digits = '0,1,2,3,4,5,6,7,8,9', extra = '{}'] = process.argv.slice(2);
const cases = data
  .split(',')
  .flatMap((name) =>
    name === 'digits'
      ? digits.split(',').map((anomalous) => ({ name, anomalous }))
      : [{ name, anomalous: 'malignant' }],
  );
const samples = new URL('../../../resources/samples/', import.meta.url).pathname;
const peer = new URL('anomaly_peer.py', import.meta.url).pathname;
const dir = await mkdtemp(join(tmpdir(), 'neutrino-anomaly-'));
const opened: DatasetReader[] = [];

async function load(path: string): Promise<DatasetReader> {
  const id = `d${opened.length}`;
  const pack = { id, path: join(dir, `${id}.sqlite`), key: crypto.getRandomValues(new Uint8Array(32)) };
  await importDataset({
    source: { kind: 'path', path },
    options: {},
    pack,
    threads: 1,
    memory: 2 ** 31,
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  const reader = openDataset(openPack(pack.path, pack));
  opened.push(reader);
  return reader;
}

/** ROC-AUC of a fold's rows by each of the three. */
async function score(name: string, anomalous: string, fold: number): Promise<Record<string, number>> {
  const [head, ...lines] = (await readFile(join(samples, `${name}.csv`), 'utf8')).trimEnd().split(/\r?\n/);
  const shuffled = rng(1, 'folds').shuffle(lines);
  const paths = { train: join(dir, 'train.csv'), test: join(dir, 'test.csv') };
  const inFold = (i: number) => i % folds === fold;
  await writeFile(paths.train, [head, ...shuffled.filter((_, i) => !inFold(i))].join('\n'));
  await writeFile(paths.test, [head, ...shuffled.filter((_, i) => inFold(i))].join('\n'));
  const [own, test] = [await load(paths.train), await load(paths.test)];
  const request = trainRequest.parse({
    dataset: name,
    target: 'target',
    model: 'autoencoder',
    seed: fold + 1,
    hyper: { clean: true, anomalous, ...(JSON.parse(extra) as object) },
  });
  const setup = await prepareRun(own, test, request);
  const result = await runTraining({ ...setup, device: 'cpu', threads: 1, seed: fold + 1 });
  const { preprocess } = result.rows;
  const facts = { seconds: 0, epochs: 0, bestEpoch: 0, steps: 0, weights: '' };
  const report = await assess(servedGraph(preprocess, result.graph), preprocess, setup.encodeTest(preprocess), facts);
  if (report.task !== 'anomaly') throw new Error(`a report of ${report.task}`);
  const out = spawnSync('/usr/bin/python3', [peer, paths.train, paths.test, anomalous], { encoding: 'utf8' });
  if (out.status !== 0) throw new Error(out.stderr);
  const { labels } = report;
  console.error(
    `${name} ${anomalous} fold ${fold + 1}: ${labels?.rocAuc?.toFixed(4)} (AP ${labels?.prAuc?.toFixed(4)}, recall ${labels?.recall.toFixed(2)}, ${report.flagged.toFixed(2)} flagged) ${out.stdout.trim()} best ${result.bestEpoch}/${result.epochs} R² ${result.validation.score.toFixed(3)}`,
  );
  return { autoencoder: labels?.rocAuc ?? Number.NaN, ...(JSON.parse(out.stdout) as Record<string, number>) };
}

const rows: Record<string, unknown>[] = [];
try {
  for (const { name, anomalous } of cases) {
    const scores: Record<string, number>[] = [];
    for (let fold = 0; fold < folds; fold++) scores.push(await score(name, anomalous, fold));
    const mean = (key: string) => scores.reduce((sum, row) => sum + (row[key] ?? Number.NaN), 0) / folds;
    rows.push({
      name,
      anomalous,
      autoencoder: mean('autoencoder'),
      pca: mean('pca'),
      isolationForest: mean('isolationForest'),
    });
  }
} finally {
  for (const reader of opened) reader.close();
  await rm(dir, { recursive: true, force: true });
}
console.table(rows);
console.log(JSON.stringify({ bench: 'train/anomaly', figure: 'ROC-AUC, mean of five folds', rows }));
