// Local rounds beside a meeting at every step: bytes that a member sends and accuracy on the test part, five folds and five seeds,
// paired. Members share one process, so that it is about results, not time.
//   node test/bench/cluster/local.ts [dataset,…] [folds] [seed,…] [members] [{"request":"fields"}]
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatasetReader, importDataset, openDataset } from '../../../engine/data/index.ts';
import { servedGraph } from '../../../engine/models/index.ts';
import { meetingOf, trainRequest } from '../../../engine/schema/index.ts';
import { openPack } from '../../../engine/store/index.ts';
import { assess, headline, prepareRun, type RunState, runTraining } from '../../../engine/train/index.ts';
import { openCircle } from '../../cluster/parts/circle.ts';

const [names = 'digits,package-topics', folds = '5', seeds = '1,2,3,4,5', members = '2', extra = '{}'] =
  process.argv.slice(2);
const targets: Record<string, string> = { digits: 'target', 'package-topics': 'label', iris: 'target' };
const samples = new URL('../../../resources/samples/', import.meta.url).pathname;
const dir = await mkdtemp(join(tmpdir(), 'neutrino-local-'));

/** The rows of a file whose place gives `rest` when divided, or all others. */
async function part(name: string, fold: number, held: boolean): Promise<DatasetReader> {
  const [head = '', ...lines] = (await readFile(join(samples, `${name}.csv`), 'utf8')).trimEnd().split('\n');
  const own = lines.filter((_, i) => (i % Number(folds) === fold) === held);
  const id = `${name}-${fold}-${held ? 'test' : 'train'}`;
  await writeFile(join(dir, `${id}.csv`), [head, ...own].join('\n'));
  const pack = { id, path: join(dir, `${id}.sqlite`), key: crypto.getRandomValues(new Uint8Array(32)) };
  await importDataset({
    source: { kind: 'path', path: join(dir, `${id}.csv`) },
    options: {},
    pack,
    threads: 1,
    memory: 2 ** 31,
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  return openDataset(openPack(pack.path, pack));
}

async function score(train: DatasetReader, test: DatasetReader, request: object) {
  const asked = trainRequest.parse({ dataset: 'x', ...request, ...(JSON.parse(extra) as object) });
  const circle = openCircle<RunState>(Number(members));
  const [first] = await Promise.all(
    circle.averagers.map(async (averager) => {
      const setup = await prepareRun(train, test, asked);
      const job = { ...setup, device: 'cpu', threads: 1, seed: asked.seed, averager, every: meetingOf(asked) };
      return { setup, result: await runTraining(job) };
    }),
  );
  if (!first) throw new Error('no members');
  const { result, setup } = first;
  const facts = { seconds: 0, epochs: result.epochs, bestEpoch: result.bestEpoch, steps: result.steps, weights: '' };
  const { preprocess } = result.rows;
  const report = await assess(servedGraph(preprocess, result.graph), preprocess, setup.encodeTest(preprocess), facts);
  return { accuracy: headline(report)['accuracy'] ?? Number.NaN, bytes: circle.sent, epochs: result.bestEpoch };
}

const rows: Record<string, unknown>[] = [];
try {
  for (const name of names.split(',')) {
    const differences: number[] = [];
    const found = { sync: 0, local: 0, bytes: 0, localBytes: 0 };
    for (let fold = 0; fold < Number(folds); fold++) {
      const [train, test] = [await part(name, fold, false), await part(name, fold, true)];
      for (const seed of seeds.split(',').map(Number)) {
        const request = { target: targets[name], seed };
        const sync = await score(train, test, { ...request, sync: 'sync' });
        const local = await score(train, test, { ...request, sync: 'local' });
        differences.push(local.accuracy - sync.accuracy);
        found.sync += sync.accuracy;
        found.local += local.accuracy;
        found.bytes += sync.bytes;
        found.localBytes += local.bytes;
        process.stderr.write(
          `${name} fold ${fold} seed ${seed}: ${sync.accuracy.toFixed(4)} ${local.accuracy.toFixed(4)}  epochs ${sync.epochs} ${local.epochs}  ${(sync.bytes / local.bytes).toFixed(0)} times fewer bytes\n`,
        );
      }
      train.close();
      test.close();
    }
    const count = differences.length;
    const mean = differences.reduce((a, b) => a + b, 0) / count;
    const spread = Math.sqrt(differences.reduce((sum, one) => sum + (one - mean) ** 2, 0) / Math.max(1, count - 1));
    rows.push({
      name,
      members: Number(members),
      runs: count,
      sync: Number((found.sync / count).toFixed(4)),
      local: Number((found.local / count).toFixed(4)),
      'local − sync, points': Number((mean * 100).toFixed(2)),
      '± (standard error)': Number(((spread / Math.sqrt(count)) * 100).toFixed(2)),
      'times fewer bytes': Math.round(found.bytes / found.localBytes),
    });
    process.stderr.write(`${JSON.stringify(rows.at(-1))}\n`);
  }
} finally {
  await rm(dir, { recursive: true, force: true });
}
process.stdout.write(`${JSON.stringify(rows)}\n`);
