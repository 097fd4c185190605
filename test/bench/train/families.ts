// How good the families are on the sample data, through the parts that a trainer runs: texts over five seeds on the held-out
// tenth, digits over five folds; linear (texts) and mlp (digits) beside them as peers.
//   node test/bench/train/families.ts [family,…] [seed or fold,…] [{"request":"fields"}]
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rng } from '../../../engine/base/index.ts';
import { type DatasetReader, importDataset, openDataset } from '../../../engine/data/index.ts';
import { servedGraph } from '../../../engine/models/index.ts';
import { type FamilyName, familyNames, trainRequest } from '../../../engine/schema/index.ts';
import { openPack } from '../../../engine/store/index.ts';
import { assess, headline, prepareRun, runTraining } from '../../../engine/train/index.ts';

type Data = 'package-topics' | 'digits';
const texts: readonly FamilyName[] = ['linear', 'textcnn', 'gru', 'lstm', 'transformer'];
const images: readonly FamilyName[] = ['mlp', 'cnn', 'resnet', 'vit'];
const plan: readonly { data: Data; target: string; families: readonly FamilyName[]; least: number }[] = [
  { data: 'package-topics', target: 'label', families: texts, least: 0.905 },
  { data: 'digits', target: 'target', families: images, least: 0.985 },
];
const folds = 5;

const [asked = 'textcnn,gru,transformer,cnn', parts = '1,2,3,4,5', extra = '{}'] = process.argv.slice(2);
const wanted = asked.split(',').map((name) => familyNames.find((known) => known === name) ?? fail(name));
const samples = new URL('../../../resources/samples/', import.meta.url).pathname;
const dir = await mkdtemp(join(tmpdir(), 'neutrino-families-'));
const readers: DatasetReader[] = [];

function fail(name: string): never {
  throw new Error(`there is no family ${name}; these are: ${familyNames.join(', ')}`);
}

async function load(path: string): Promise<DatasetReader> {
  const id = `d${readers.length}`;
  const pack = { id, path: join(dir, `${id}.sqlite`), key: crypto.getRandomValues(new Uint8Array(32)) };
  await importDataset({
    source: { kind: 'path', path },
    options: {},
    pack,
    threads: 2,
    memory: 2 ** 31,
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  const reader = openDataset(openPack(pack.path, pack));
  readers.push(reader);
  return reader;
}

/** The rows of a file but a fold, and the fold: each row is in one fold of five. */
async function loadFold(data: Data, fold: number): Promise<[DatasetReader, DatasetReader]> {
  const [head, ...lines] = (await readFile(join(samples, `${data}.csv`), 'utf8')).trimEnd().split(/\r?\n/);
  const shuffled = rng(1, 'folds').shuffle(lines);
  const write = async (name: string, own: string[]) => {
    const path = join(dir, `${name}-${fold}.csv`);
    await writeFile(path, [head, ...own].join('\n'));
    return load(path);
  };
  return [
    await write(
      'train',
      shuffled.filter((_, i) => i % folds !== fold - 1),
    ),
    await write(
      'test',
      shuffled.filter((_, i) => i % folds === fold - 1),
    ),
  ];
}

const rows: Record<string, unknown>[] = [];
try {
  for (const { data, target, families, least } of plan) {
    for (const model of families.filter((family) => wanted.includes(family))) {
      const scores: number[] = [];
      const seconds: number[] = [];
      for (const part of parts.split(',').map(Number)) {
        const [reader, test] =
          data === 'digits' ? await loadFold(data, part) : [await load(join(samples, `${data}.csv`))];
        const request = trainRequest.parse({
          dataset: data,
          target,
          model,
          seed: part,
          ...(JSON.parse(extra) as object),
        });
        const began = performance.now();
        const setup = await prepareRun(reader, test, request);
        const threads = Number(process.env['THREADS'] ?? 4);
        const result = await runTraining({ ...setup, device: 'cpu', threads, seed: part });
        const facts = {
          seconds: 0,
          epochs: result.epochs,
          bestEpoch: result.bestEpoch,
          steps: result.steps,
          weights: '',
        };
        const { preprocess } = result.rows;
        const report = await assess(
          servedGraph(preprocess, result.graph),
          preprocess,
          setup.encodeTest(preprocess),
          facts,
        );
        scores.push(headline(report)['accuracy']);
        seconds.push((performance.now() - began) / 1000);
        console.error(
          `${data} ${model} ${part}: ${scores.at(-1)?.toFixed(4)} after epoch ${result.bestEpoch} of ${result.epochs}, ${seconds.at(-1)?.toFixed(0)} s`,
        );
      }
      const mean = scores.reduce((a, b) => a + b) / scores.length;
      rows.push({ data, model, mean, least, reached: mean >= least, scores, seconds });
      console.error(`${data} ${model} mean ${mean.toFixed(4)} (least ${least})`);
    }
  }
} finally {
  for (const reader of readers) reader.close();
  await rm(dir, { recursive: true, force: true });
}
console.log(JSON.stringify({ bench: 'train/families', rows }));
