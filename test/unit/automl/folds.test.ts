// Folds of a search that follow what the request says of parting rows.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { automl, type Field, localRunner } from '../../../engine/automl/index.ts';
import { rng } from '../../../engine/base/index.ts';
import type { TrainRequest } from '../../../engine/schema/index.ts';
import { fieldOf } from './sample.ts';

/** Twelve machines that are measured on thirty days each. */
async function machines(split: TrainRequest['split']): Promise<Field> {
  const dir = mkdtempSync(join(tmpdir(), 'neutrino-automl-'));
  const path = join(dir, 'machines.csv');
  const random = rng(1, 'machines');
  const lines = Array.from({ length: 360 }, (_, i) => {
    const [machine, day] = [i % 12, Math.floor(i / 12)];
    const heat = random.normal() + machine / 6;
    return `m${machine},${day + 1},${heat.toFixed(4)},${heat + 0.3 * random.normal() > 1 ? 'worn' : 'sound'}`;
  });
  writeFileSync(path, `machine,day,heat,state\n${lines.join('\n')}\n`);
  try {
    return await fieldOf(path, { target: 'state', seed: 1, ...(split ? { split } : {}) });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const shares = { validation: 0.1, test: 0.1 };
const column = ({ preprocess, rows }: Field, name: string): number[] => {
  const j = preprocess.numeric.findIndex((input) => input.column === name);
  const k = preprocess.category.findIndex((input) => input.column === name);
  return Array.from({ length: rows.rows }, (_, row) =>
    j >= 0 ? rows.numeric[row * preprocess.numeric.length + j] : rows.codes[row * preprocess.category.length + k],
  );
};

test('as many folds as a request wants, of all rows', async () => {
  const field = await machines({ by: 'random', folds: 4, ...shares });
  expect(field.foldCount).toBe(4);
  expect(new Set(field.folds)).toEqual(new Set([0, 1, 2, 3]));
});

test('a group of rows is in one fold only', async () => {
  const field = await machines({ by: 'group', column: 'machine', ...shares });
  const folds = new Map<number, Set<number>>();
  for (const [row, machine] of column(field, 'machine').entries()) {
    folds.set(machine, (folds.get(machine) ?? new Set()).add(field.folds[row]));
  }
  expect([...folds.values()].map(({ size }) => size)).toEqual(Array.from({ length: folds.size }, () => 1));
  expect(new Set(field.folds)).toEqual(new Set(Array.from({ length: field.foldCount }, (_, i) => i)));
});

test('in order of time every fold is held against what came before it, and a search goes through', async () => {
  const field = await machines({ by: 'time', column: 'day', ...shares });
  const days = column(field, 'day');
  const daysOf = (fold: number) => days.filter((_, row) => field.folds[row] === fold);
  const [first, ...rest] = [255, ...Array.from({ length: field.foldCount }, (_, i) => i)].map(daysOf);
  let last = Math.max(...first);
  for (const own of rest) {
    expect(Math.min(...own)).toBeGreaterThan(last);
    last = Math.max(...own);
  }
  const { trials, ensemble } = await automl(field, localRunner(field, 1), { seed: 1, trials: 3, families: ['glm'] });
  expect(trials.map(({ state }) => state)).toEqual(['finished', 'finished', 'finished']);
  expect(ensemble.score).toBeGreaterThan(0.75);
});
