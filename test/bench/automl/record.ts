// Makes the table of recorded trials that replay.ts searches in: configurations drawn evenly from the spaces, each with the loss and
// time of every fold and the loss on rows that no fold saw. Made once and kept, since it takes a quarter of an hour a set.
//   node test/bench/automl/record.ts breast-cancer|diabetes|sections
//   … tastes   adds to a kept table what each configuration is on the first fold when it is fitted on a share of its rows
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { foldRows, noFold, someOf } from '../../../engine/automl/runner.ts';
import { type Field, openField, settle } from '../../../engine/automl/index.ts';
import { fitModel } from '../../../engine/automl/learner.ts';
import { lossesOf, meanOf, softmaxOf, temperatureOf } from '../../../engine/automl/scores.ts';
import { tasteShare } from '../../../engine/automl/waiting.ts';
import { type SearchFamily, spacesFor } from '../../../engine/automl/spaces.ts';
import { propose } from '../../../engine/automl/tpe.ts';
import { rng } from '../../../engine/base/index.ts';
import { importDataset, openDataset } from '../../../engine/data/index.ts';
import type { Hyper } from '../../../engine/schema/index.ts';
import { openPack } from '../../../engine/store/index.ts';

/** Configurations of each family, and the trees of a forest: few, so that the table can be made. */
const each = 40;
const trees = 60;
const seed = 1;

const [set = 'diabetes', tastes] = process.argv.slice(2);
const target = set === 'sections' ? 'section' : 'target';
const dir = mkdtempSync(join(tmpdir(), 'neutrino-record-'));

function source(): string {
  const sample = (name: string) => new URL(`../../../resources/samples/${name}.csv`, import.meta.url).pathname;
  if (set !== 'sections') return sample(set);
  // The eight largest sections, numbers and categories only.
  const rows = parse<Record<string, string>>(readFileSync(sample('packages')), { columns: true });
  const counts = new Map<string, number>();
  for (const { section } of rows) counts.set(section, (counts.get(section) ?? 0) + 1);
  const kept = new Set(
    [...counts]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 8)
      .map(([name]) => name),
  );
  const drawn = rng(seed, 'rows')
    .shuffle(rows.filter(({ section }) => kept.has(section)))
    .slice(0, 900);
  const path = join(dir, 'sections.csv');
  const left = ['name', 'homepage', 'contact_email', 'summary'];
  const plain = drawn.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !left.includes(name))));
  writeFileSync(path, stringify(plain, { header: true }));
  return path;
}

async function open(): Promise<Field> {
  const pack = { id: set, path: join(dir, 'rows.sqlite'), key: crypto.getRandomValues(new Uint8Array(32)) };
  await importDataset({
    source: { kind: 'path', path: source() },
    options: {},
    pack,
    threads: 1,
    memory: 2 ** 30,
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  return openField(openDataset(openPack(pack.path, pack)), undefined, { target, seed });
}

const round = (value: number) => Number(value.toPrecision(5));

try {
  const field = await open();
  const { rows } = field;
  // The last fifth of the folds' rows is seen by nobody but the last column of the table.
  const hidden = new Set(
    rng(seed, 'hidden')
      .shuffle(Array.from({ length: rows.rows }, (_, i) => i))
      .slice(0, Math.floor(rows.rows / 5)),
  );
  const shown: Field = { ...field, folds: field.folds.map((fold, row) => (hidden.has(row) ? noFold : fold)) };
  const unseen = Uint32Array.from([...hidden].sort((a, b) => a - b));
  const lossOf = (logits: Float32Array, of: Uint32Array) => {
    const factor = temperatureOf(logits, of, rows);
    return meanOf(lossesOf(rows.labels ? softmaxOf(logits, rows.outputs, factor) : logits, of, rows));
  };
  const path = join(import.meta.dirname, 'recorded', `${set}.json`);
  /** A fit on the share of the first fold's rows: its loss, and its time as a share of a whole fit's, the quicker of two turns. */
  const taste = async (family: SearchFamily, hyper: Hyper, i: number) => {
    const { train, held } = foldRows(shown, 0);
    const all = train.filter((row) => !hidden.has(row));
    const some = someOf(all, shown, 0, tasteShare);
    const fit = async (own: Uint32Array) => {
      const began = performance.now();
      const model = await fitModel(shown, { family, hyper, seed: i, threads: 1, train: own, validation: held });
      return { ms: performance.now() - began, model };
    };
    const [first, whole, again] = [await fit(some), await fit(all), await fit(some)];
    const share = Math.min(1, Math.min(first.ms, again.ms) / Math.max(0.01, whole.ms));
    return { loss: round(lossOf(await first.model.logits(held), held)), share };
  };
  if (tastes) {
    type Row = { family: SearchFamily; hyper: Hyper; ms: number };
    const kept = JSON.parse(readFileSync(path, 'utf8')) as Row[];
    const tasted: unknown[] = [];
    for (const row of kept) {
      const i = kept.filter(({ family }) => family === row.family).indexOf(row);
      const { loss, share } = await taste(row.family, row.hyper, i);
      tasted.push({ ...row, taste: { loss, ms: round(share * row.ms) } });
    }
    writeFileSync(path, `[\n${tasted.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);
    rmSync(dir, { recursive: true, force: true });
    process.exit(0);
  }
  const table: unknown[] = [];
  for (const { family, dimensions } of spacesFor(field)) {
    if (family === 'mlp') continue;
    for (let i = 0; i < each; i++) {
      const drawn = propose(dimensions, [], rng(seed, 'record', family, i));
      const hyper = 'trees' in drawn ? { ...drawn, trees } : drawn;
      settle(family, hyper);
      const losses: number[] = [];
      const times: number[] = [];
      let test = 0;
      for (let fold = 0; fold < field.foldCount; fold++) {
        const { train, held } = foldRows(shown, fold);
        const own = train.filter((row) => !hidden.has(row));
        const began = performance.now();
        const model = await fitModel(shown, { family, hyper, seed: i, threads: 1, train: own, validation: held });
        times.push(performance.now() - began);
        losses.push(round(lossOf(await model.logits(held), held)));
        test += lossOf(await model.logits(unseen), unseen) / field.foldCount;
      }
      // The middle one: the machine may be busy with something else.
      const ms = times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
      const { loss, share } = await taste(family, hyper, i);
      const own = { loss, ms: round(share * ms) };
      table.push({ family, hyper, losses, ms: round(ms), test: round(test), taste: own });
    }
    console.error(`${set}: ${family} done, ${table.length} configurations`);
  }
  writeFileSync(path, `[\n${table.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
