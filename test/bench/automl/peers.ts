// AutoML beside scikit-learn and XGBoost: the same rows in the same run. Small sets in five folds, the search inside each training
// part; packages in one split of a fifth held out. Each search is a real trainer process with a real budget.
//   node test/bench/automl/peers.ts [set,…] [budget] [seed,…] [folds]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { rng, silentLog } from '../../../engine/base/index.ts';
import { spawnChild } from '../../../engine/children/index.ts';
import { importDataset } from '../../../engine/data/index.ts';
import { type DatasetGrant, type PackGrant, type Report, trainRequest } from '../../../engine/schema/index.ts';

interface Set {
  file: string;
  target: string;
  task: 'classes' | 'number';
  budget: string;
  folds: number;
  /** Rows to keep, and columns to leave out. */
  keep?: (rows: Record<string, string>[]) => Record<string, string>[];
  ignore?: string[];
}

const small = { target: 'target', budget: '60s', folds: 5 } as const;
const sets: Record<string, Set> = {
  iris: { file: 'iris', task: 'classes', ...small },
  'breast-cancer': { file: 'breast-cancer', task: 'classes', ...small },
  digits: { file: 'digits', task: 'classes', ...small },
  diabetes: { file: 'diabetes', task: 'number', ...small },
  topics: { file: 'package-topics', target: 'label', task: 'classes', budget: '120s', folds: 1 },
  sections: {
    file: 'packages',
    target: 'section',
    task: 'classes',
    budget: '120s',
    folds: 1,
    // Numbers and categories only, as the peers see them.
    ignore: ['name', 'homepage', 'contact_email', 'summary'],
    keep(rows) {
      const counts = new Map<string, number>();
      for (const { section } of rows) counts.set(section, (counts.get(section) ?? 0) + 1);
      const kept = new Set(
        [...counts]
          .sort((a, b) => b[1] - a[1])
          .slice(0, 12)
          .map(([name]) => name),
      );
      return rows.filter(({ section }) => kept.has(section));
    },
  },
};

// An empty argument is as good as none.
const [asked, budget, seeds = '1', folds] = process.argv.slice(2).map((text) => text || undefined);
const names = asked?.split(',') ?? Object.keys(sets);
const unknown = names.find((name) => !Object.hasOwn(sets, name));
if (unknown !== undefined) throw new Error(`there is no set ${unknown}: ${Object.keys(sets).join(', ')}`);
const dir = mkdtempSync(join(tmpdir(), 'neutrino-automl-'));

function read(file: string): Record<string, string>[] {
  const path = [
    new URL(`../../../../shared/data/${file}.csv`, import.meta.url).pathname,
    new URL(`../../../resources/samples/${file}.csv`, import.meta.url).pathname,
  ].find(existsSync);
  if (!path) throw new Error(`${file}.csv is in neither shared/data nor resources/samples`);
  return parse<Record<string, string>>(readFileSync(path), { columns: true });
}

async function importRows(
  name: string,
  rows: Record<string, string>[],
): Promise<{ grant: DatasetGrant; path: string }> {
  const path = join(dir, `${name}.csv`);
  writeFileSync(path, stringify(rows, { header: true }));
  const pack: PackGrant = {
    id: name,
    path: join(dir, `${name}.sqlite`),
    key: crypto.getRandomValues(new Uint8Array(32)),
  };
  const { shape, sha256 } = await importDataset({
    source: { kind: 'path', path },
    options: {},
    pack,
    threads: 2,
    memory: 2 ** 31,
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  return { grant: { id: name, name, sha256, shape, pack }, path };
}

/** One search in a trainer of its own. */
function search(
  request: object,
  dataset: DatasetGrant,
  test: DatasetGrant,
): Promise<{ report: Report; seconds: number }> {
  const bundle: PackGrant = {
    id: `bundle${Math.random()}`,
    path: join(dir, `bundle-${Date.now()}.sqlite`),
    key: crypto.getRandomValues(new Uint8Array(32)),
  };
  const began = performance.now();
  const child = spawnChild('trainer', { log: silentLog, memory: 8 * 2 ** 30 });
  return new Promise((resolve, reject) => {
    child.onMessage((message) => {
      if (message.type === 'wantCheckpoint') {
        const pack = { ...bundle, id: `c${Math.random()}`, path: join(dir, `c-${Math.random()}.sqlite`) };
        child.send({ type: 'checkpointPack', pack });
      }
      if (message.type === 'failed') reject(new Error(message.fault.message));
      if (message.type === 'finished') {
        resolve({ report: message.report, seconds: (performance.now() - began) / 1000 });
      }
    });
    child.onExit(() => reject(new Error('the trainer died')));
    child.send({
      type: 'train',
      runId: 'bench',
      publish: { name: 'bench', version: 1 },
      request: trainRequest.parse({ dataset: dataset.name, ...request }),
      dataset,
      test,
      lease: { id: 'bench', device: 'cpu', threads: availableParallelism(), memory: 8 * 2 ** 30 },
      checkpointSeconds: 60,
      bundle,
      spentMs: 0,
    });
  });
}

const scoreOf = (report: Report): number =>
  'accuracy' in report ? report.accuracy : 'r2' in report ? report.r2 : Number.NaN;
const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const deviation = (values: number[]) =>
  Math.sqrt(values.reduce((sum, v) => sum + (v - mean(values)) ** 2, 0) / Math.max(1, values.length - 1));

const results: Record<string, unknown>[] = [];
try {
  for (const name of names) {
    const set = sets[name];
    const all = read(set.file);
    const rows = set.keep ? set.keep(all) : all;
    const ours: number[] = [];
    const seconds: number[] = [];
    const peers: Record<string, number[]> = {};
    for (const seed of seeds.split(',').map(Number)) {
      const order = rng(seed, 'outer').shuffle([...rows.keys()]);
      // Stratified: classes are dealt to the folds one by one.
      if (set.task === 'classes') order.sort((a, b) => (rows[a][set.target] < rows[b][set.target] ? -1 : 1));
      const count = set.folds === 1 ? 5 : set.folds;
      for (let fold = 0; fold < Math.min(set.folds, Number(folds ?? set.folds)); fold++) {
        const id = `${name}-${seed}-${fold}`;
        const train = await importRows(
          `${id}-train`,
          rows.filter((_, i) => order.indexOf(i) % count !== fold),
        );
        const test = await importRows(
          `${id}-test`,
          rows.filter((_, i) => order.indexOf(i) % count === fold),
        );
        const request = { target: set.target, budget: budget ?? set.budget, seed, ignore: set.ignore };
        const found = await search(request, train.grant, test.grant);
        ours.push(scoreOf(found.report));
        seconds.push(found.seconds);
        const job = {
          train: train.path,
          test: test.path,
          target: set.target,
          task: set.task,
          ignore: set.ignore ?? [],
        };
        const ran = spawnSync('/usr/bin/python3', [join(import.meta.dirname, 'peers.py'), JSON.stringify(job)], {
          // Only scores are compared; on a busy machine threads that wait for each other take minutes.
          env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
        });
        if (ran.status !== 0) throw new Error(`the peers did not run: ${ran.stderr.toString()}`);
        const scores = JSON.parse(ran.stdout.toString()) as Record<string, number>;
        for (const [peer, score] of Object.entries(scores)) (peers[peer] ??= []).push(score);
        console.error(
          `  ${id}: ours ${scoreOf(found.report).toFixed(4)} in ${found.seconds.toFixed(1)} s; ${JSON.stringify(scores)}`,
        );
      }
    }
    const [best, scores] = Object.entries(peers).sort((a, b) => mean(b[1]) - mean(a[1]))[0];
    const differences = ours.map((score, i) => score - scores[i]);
    const error = deviation(differences) / Math.sqrt(ours.length);
    const row = {
      name,
      ours: mean(ours),
      best,
      peer: mean(scores),
      difference: mean(differences),
      error,
      slowest: Math.max(...seconds),
    };
    results.push(row);
    console.error(
      `${name.padEnd(14)} ours ${row.ours.toFixed(4)}, best peer ${best} ${row.peer.toFixed(4)}: ${row.difference >= 0 ? '+' : ''}${row.difference.toFixed(4)} (standard error ${error.toFixed(4)}); slowest search ${row.slowest.toFixed(1)} s of ${budget ?? set.budget}`,
    );
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
console.log(JSON.stringify({ seeds, budget: budget ?? 'as issued', results }));
