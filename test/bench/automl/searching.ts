// What benches of whole searches share: the sets, their rows as datasets, and one search in a trainer process of its own.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { silentLog } from '../../../engine/base/index.ts';
import { spawnChild } from '../../../engine/children/index.ts';
import { importDataset } from '../../../engine/data/index.ts';
import { type DatasetGrant, type PackGrant, type Report, trainRequest } from '../../../engine/schema/index.ts';

export interface Set {
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
/** By name. */
export const sets: Record<string, Set> = {
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

const dir = mkdtempSync(join(tmpdir(), 'neutrino-automl-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));

/** Rows of a set's file. */
export function read(file: string): Record<string, string>[] {
  const path = [
    new URL(`../../../../shared/data/${file}.csv`, import.meta.url).pathname,
    new URL(`../../../resources/samples/${file}.csv`, import.meta.url).pathname,
  ].find(existsSync);
  if (!path) throw new Error(`${file}.csv is in neither shared/data nor resources/samples`);
  return parse<Record<string, string>>(readFileSync(path), { columns: true });
}

/** Rows as a dataset, and the file that they were written to. */
export async function importRows(
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
export function search(
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

/** Accuracy or R². */
export const scoreOf = (report: Report): number =>
  'accuracy' in report ? report.accuracy : 'r2' in report ? report.r2 : Number.NaN;
