// Ranking: from a table of who took which item to rows for two towers, and back to a report. Items are told apart from users
// by what their columns depend on; the last that each user took is what validation and test are about.
import { rng } from '../base/index.ts';
import {
  batchText,
  type DatasetReader,
  type EncodedRows,
  encodeDataset,
  fitPreprocess,
  rankingColumnsOf,
  type TargetRows,
} from '../data/index.ts';
import { families, type ItemSide, layoutOf, settleHyper } from '../models/index.ts';
import { Fault, type Preprocess, type RankingReport, type TrainRequest } from '../schema/index.ts';
import { chooseCandidates } from './candidates.ts';
import type { Prepared, Setup } from './prepare.ts';
import { type Deed, type Deeds, readDeeds, splitDeeds } from './rankingDeeds.ts';
import { hadOf, type RankingRows } from './rankingRows.ts';
import type { RunFacts } from './report.ts';
import { modelRows } from './rows.ts';

/** Up to this many training rows, the model is trained once more with the validation rows too. */
const rowsToRefit = 200_000;
/** Rows that a validation looks at, at most. */
const mostValidation = 4000;
/** Items of an answer that figures are about. */
const cutoff = 10;

/** Splits, fits and encodes for two towers. Faults: `bad_target`, `bad_data`, `bad_request`. */
export async function prepareRanking(
  reader: DatasetReader,
  testReader: DatasetReader | undefined,
  request: TrainRequest,
): Promise<Setup> {
  const hyper = settleHyper(families['two-tower'], request.hyper);
  const columns = rankingColumnsOf(reader.shape, request);
  const all = readDeeds(reader, columns, String(hyper['liked']));
  const parts = splitDeeds(all, request.seed, testReader ? 0 : 0.1);
  if (parts.train.length === 0) {
    throw new Fault(
      'bad_data',
      `No user of ${JSON.stringify(columns.user)} took enough items to learn from; import more rows.`,
    );
  }
  const sides = sidesOf(reader, request, columns, all, [...parts.train, ...parts.validation]);
  const users = await userSide(reader, sides, columns);
  const items = await itemSide(reader, sides);
  const layout = { ...layoutOf(users.preprocess), items };
  const row = (deed: Deed) => [sides.userPlace.get(deed.user) ?? 0, sides.itemPlace.get(deed.item) ?? 0] as const;
  const had = hadOf(sides.users.length, [...parts.train, ...parts.validation, ...parts.other].map(row));
  const take = (train: readonly Deed[], validation: readonly Deed[]): Prepared => {
    const deeds = [...train, ...validation].map(row);
    const counts = new Float64Array(items.count);
    for (const deed of train) counts[row(deed)[1]]++;
    const ranking: RankingRows = {
      users: Uint32Array.from(deeds, ([user]) => user),
      items: Uint32Array.from(deeds, ([, item]) => item),
      counts,
      known: hadOf(sides.users.length, train.map(row)),
      negatives: hyper['negatives'] as number,
      newcomers: hyper['newcomers'] as number,
      served: {
        names: sides.items.map(({ name }) => name),
        had: hyper['repeat'] ? [] : had,
        numeric: users.encoded.numeric,
        codes: users.encoded.codes,
      },
    };
    const places = Uint32Array.from(deeds, (_, i) => i);
    return {
      preprocess: users.preprocess,
      layout,
      data: { ...users.rows, rows: deeds.length, labels: Int32Array.from(ranking.items), ranking },
      train: places.subarray(0, train.length),
      validation: places.subarray(train.length),
    };
  };
  const held = rng(request.seed, 'validation')
    .shuffle([...parts.validation])
    .slice(0, mostValidation);
  const rows = take(parts.train, held);
  const { candidates, reasons } = chooseCandidates(
    { ...request, model: 'two-tower' },
    layout,
    parts.train.length,
    items.count,
  );
  reasons.push(
    `${sides.users.length} users of ${columns.user} took ${items.count} items of ${columns.item}`,
    `about users: ${sides.userColumns.join(', ') || 'nothing'}; about items: ${sides.itemColumns.join(', ') || 'nothing'}`,
  );
  if (all.liked !== undefined) reasons.push(`${columns.rating} from ${all.liked} on counts as liked`);
  const isSmall = parts.train.length <= rowsToRefit;
  if (isSmall) reasons.push('trained once more on training and validation rows for as many epochs as were best');
  return {
    rows,
    refit: isSmall ? () => Promise.resolve(take([...parts.train, ...parts.validation], [])) : null,
    candidates,
    reasons,
    counts: {
      train: parts.train.length,
      validation: parts.validation.length,
      test: testReader ? testReader.rows : parts.test.length,
    },
    encodeTest(fitted) {
      const tested = testReader ?? reader;
      const deeds = testReader ? readDeeds(testReader, columns, String(all.liked ?? '')).taken : parts.test;
      const popular = rankByCount(rows.data.ranking?.counts ?? new Float64Array(0));
      const isRepeat = hyper['repeat'] as boolean;
      return takenBy(
        tested,
        fitted,
        deeds,
        (user) => {
          const own = isRepeat ? [] : (had[(sides.userPlace.get(user) ?? -1) + 1] ?? []);
          const without = new Set(own);
          return popular
            .filter((item) => !without.has(item))
            .slice(0, cutoff)
            .map((item) => sides.items[item].name);
        },
        items.count,
      );
    },
  };
}

/** What is about users and what about items, in the order of their codes. */
interface Sides {
  /** First row of each, and its name. */
  users: { name: string; row: number }[];
  items: { name: string; row: number }[];
  userPlace: Map<string, number>;
  itemPlace: Map<string, number>;
  userColumns: string[];
  itemColumns: string[];
  others: { column: string; why: string }[];
}

/** Share of rows that may disagree about whose a column is: slips of the keyboard. */
const slips = 0.002;

function sidesOf(
  reader: DatasetReader,
  { ignore = [] }: TrainRequest,
  columns: ReturnType<typeof rankingColumnsOf>,
  all: Deeds,
  learned: readonly Deed[],
): Sides {
  const first = (key: (deed: Deed) => string) => {
    const rows = new Map<string, number>();
    for (const deed of [...learned, ...all.other]) if (!rows.has(key(deed))) rows.set(key(deed), deed.row);
    return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, row]) => ({ name, row }));
  };
  const [users, items] = [first(({ user }) => user), first(({ item }) => item)];
  const own = new Set(Object.values(columns));
  const sides: Sides = {
    users,
    items,
    userPlace: new Map(users.map(({ name }, i) => [name, i])),
    itemPlace: new Map(items.map(({ name }, i) => [name, i])),
    userColumns: [],
    itemColumns: [],
    others: [],
  };
  for (const { name, type } of reader.shape.columns) {
    if (own.has(name)) continue;
    if (ignore.includes(name)) {
      sides.others.push({ column: name, why: 'left out by request' });
      continue;
    }
    const texts = reader.texts(name);
    const depends = (key: (deed: Deed) => string): boolean => {
      const values = new Map<string, string | null>();
      let [known, wrong] = [0, 0];
      for (const deed of learned) {
        const before = values.get(key(deed));
        if (before === undefined) values.set(key(deed), texts[deed.row]);
        else if (++known && before !== texts[deed.row]) wrong++;
      }
      return known > 0 && wrong <= slips * known;
    };
    if (depends(({ item }) => item)) sides.itemColumns.push(name);
    else if (!depends(({ user }) => user))
      sides.others.push({ column: name, why: 'the same neither for a user nor for an item' });
    else if (type === 'text') sides.others.push({ column: name, why: 'texts of users are not read' });
    else sides.userColumns.push(name);
  }
  return sides;
}

/** A fit over the given columns alone; without any, the empty one. */
function fitSide(
  reader: DatasetReader,
  rows: readonly number[],
  columns: readonly string[],
  target: TargetRows,
  text?: object,
): Preprocess {
  const taken = new Set(columns);
  const others = reader.shape.columns.map(({ name }) => name).filter((name) => !taken.has(name));
  const empty: Preprocess = {
    format: 'neutrino-preprocess',
    formatVersion: 1,
    task: 'ranking',
    target: { column: target.column },
    classes: [],
    numeric: [],
    category: [],
    text: [],
    columns: reader.shape.columns.map(({ name, type }) => ({ name, type })),
    ignored: [],
  };
  if (columns.length === 0) return empty;
  const order = Uint32Array.from(rows).sort();
  try {
    const fitted = fitPreprocess(reader, order, {
      target,
      ignore: others.filter((name) => name !== target.column),
      ...(text ? { text } : {}),
    });
    return { ...fitted, ignored: fitted.ignored.filter(({ column }) => taken.has(column)) };
  } catch (error) {
    // Columns that are the same everywhere say nothing; the codes alone still do.
    if (error instanceof Fault && error.code === 'bad_data') return empty;
    throw error;
  }
}

async function userSide(reader: DatasetReader, sides: Sides, columns: ReturnType<typeof rankingColumnsOf>) {
  const target: TargetRows = { column: columns.item, task: 'ranking', classes: [] };
  const rows = sides.users.map(({ row }) => row);
  const fitted = fitSide(reader, rows, sides.userColumns, target);
  const key = {
    column: columns.user,
    boolean: false,
    values: sides.users.map(({ name }) => name),
    embed: true as const,
  };
  const preprocess: Preprocess = {
    ...fitted,
    category: [key, ...fitted.category],
    ranking: columns,
    ignored: [...fitted.ignored, ...sides.others],
  };
  const encoded = encodeDataset(reader, preprocess, Uint32Array.from(rows));
  return { preprocess, encoded, rows: await modelRows(encoded, preprocess) };
}

/** Words of an item's text that are read, and n-grams that the items have together. */
const itemText = { size: 20_000, maxTokens: 48, analyzer: { words: [1, 1] as [number, number], sublinear: true } };

async function itemSide(reader: DatasetReader, sides: Sides): Promise<ItemSide> {
  const rows = sides.items.map(({ row }) => row);
  const fitted = fitSide(reader, rows, sides.itemColumns, { column: '', task: 'ranking', classes: [] }, itemText);
  const encoded = encodeDataset(reader, fitted, Uint32Array.from(rows));
  const { dense, embedded, text } = await modelRows(encoded, fitted);
  return {
    layout: layoutOf(fitted),
    count: rows.length,
    dense,
    embedded,
    texts: text.map((ragged) => {
      const { ids, weights, width } = batchText(ragged, [...rows.keys()]);
      return { ids, weights, width };
    }),
  };
}

const rankByCount = (counts: Float64Array): number[] =>
  Array.from(counts.keys()).sort((a, b) => counts[b] - counts[a] || a - b);

/** Rows of users that took something, and what. */
function takenBy(
  reader: DatasetReader,
  fitted: Preprocess,
  deeds: readonly Deed[],
  popular: (user: string) => string[],
  catalogue: number,
): EncodedRows {
  const users = new Map<string, { row: number; items: string[] }>();
  for (const { user, item, row } of deeds) {
    const known = users.get(user);
    if (known) known.items.push(item);
    else users.set(user, { row, items: [item] });
  }
  const encoded = encodeDataset(
    reader,
    fitted,
    Uint32Array.from(users.values(), ({ row }) => row),
  );
  return {
    ...encoded,
    taken: {
      items: [...users.values()].map(({ items }) => [...new Set(items)]),
      popular: [...users.keys()].map(popular),
      catalogue,
    },
  };
}

type Figures = RankingReport['popularity'];

/** Figures of the first ten proposals to one user; `taken` is not empty. */
export function figuresOf(proposed: readonly string[], taken: readonly string[]): Figures {
  const own = new Set(taken);
  const gain = (rank: number) => 1 / Math.log2(rank + 2);
  let [dcg, hits, mrr] = [0, 0, 0];
  for (const [rank, item] of proposed.slice(0, cutoff).entries()) {
    if (!own.has(item)) continue;
    dcg += gain(rank);
    if (hits++ === 0) mrr = 1 / (rank + 1);
  }
  let best = 0;
  for (let rank = 0; rank < Math.min(cutoff, own.size); rank++) best += gain(rank);
  return { ndcg: dcg / best, recall: hits / own.size, mrr };
}

function meanOf(figures: readonly Figures[]): Figures {
  const mean = (key: keyof Figures) => figures.reduce((sum, one) => sum + one[key], 0) / Math.max(1, figures.length);
  return { ndcg: mean('ndcg'), recall: mean('recall'), mrr: mean('mrr') };
}

/** Report of proposals (best first, a list a row) against what users took. */
export function rankingReport(
  encoded: EncodedRows,
  proposals: readonly (readonly string[])[],
  facts: Omit<RunFacts, 'loss'>,
): RankingReport {
  const { taken } = encoded;
  if (!taken || taken.items.length === 0) {
    throw new Fault('bad_data', 'no user is left to test the model on; import more rows or pass a test file');
  }
  const shown = new Set(proposals.flatMap((items) => items.slice(0, cutoff)));
  const figures = meanOf(proposals.map((items, i) => figuresOf(items, taken.items[i])));
  return {
    task: 'ranking',
    rows: taken.items.reduce((sum, items) => sum + items.length, 0),
    loss: 1 - figures.ndcg,
    ...facts,
    ...figures,
    users: taken.items.length,
    items: taken.catalogue,
    coverage: shown.size / Math.max(1, taken.catalogue),
    popularity: meanOf(taken.popular.map((items, i) => figuresOf(items, taken.items[i]))),
  };
}
