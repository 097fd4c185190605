// How near two towers come to the model that made the data. Data: of MovieLens's kind (400 users, 500 items, some 40,000 rows;
// users take 20 items and more, log-normally, 100 in the mean; popularity falls as a power of rank) from known factors: a user
// has 4 factors, four fifths of whose variance come from age group, occupation and gender; an item likewise from genre, decade
// and the words of its title; a user takes items without putting back, with probability proportional to exp(strength · factors ·
// factors / √4 + popularity). The generating model ranks by those very numbers, without what the user had: what a user took is a
// draw, so that even it is far from 1. Five seeds, mean; popularity beside.
//   node test/bench/train/ranking.ts [seed,…] [{"hyper":"values"}] [{"request":"fields"}]
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rng } from '../../../engine/base/index.ts';
import { importDataset, openDataset } from '../../../engine/data/index.ts';
import { servedGraph } from '../../../engine/models/index.ts';
import { trainRequest } from '../../../engine/schema/index.ts';
import { openPack } from '../../../engine/store/index.ts';
import { assess, figuresOf, prepareRun, runTraining } from '../../../engine/train/index.ts';

const shape = {
  users: 400,
  items: 500,
  factors: 4,
  fromFeatures: 0.8,
  least: 20,
  median: 75,
  spread: 0.8,
  strength: 2.5,
  fame: 0.9,
};
const ages = ['under 18', '18-24', '25-34', '35-44', '45-54', '55 and over'];
const occupations = Array.from({ length: 21 }, (_, i) => `occupation ${i + 1}`);
const genders = ['f', 'm'];
const genres = Array.from({ length: 18 }, (_, i) => `genre ${i + 1}`);
const decades = ['1940s', '1950s', '1960s', '1970s', '1980s', '1990s'];
const words = Array.from({ length: 200 }, (_, i) => `word${i}`);

interface World {
  csv: string;
  /** The generating model's score of an item for a user. */
  score(user: string, item: string): number;
  items: string[];
}

function makeWorld(seed: number): World {
  const random = rng(seed, 'world');
  const vector = (size: number) => Float64Array.from({ length: shape.factors }, () => random.normal() * size);
  const tables = new Map(
    [...ages, ...occupations, ...genders, ...genres, ...decades, ...words].map((name) => [name, vector(1)]),
  );
  const pick = <T>(values: readonly T[]): T => values[random.int(values.length)];
  /** Factors of unit variance, most of it from the features. */
  const factorsOf = (features: readonly string[]): Float64Array => {
    const own = vector(Math.sqrt(1 - shape.fromFeatures));
    const share = Math.sqrt(shape.fromFeatures / features.length);
    for (const feature of features)
      for (const [k, value] of (tables.get(feature) ?? own).entries()) own[k] += value * share;
    return own;
  };
  const users = Array.from({ length: shape.users }, (_, i) => {
    const features = [pick(ages), pick(occupations), pick(genders)];
    return { name: `u${i + 1}`, features, factors: factorsOf(features) };
  });
  const items = Array.from({ length: shape.items }, (_, i) => {
    const title = Array.from({ length: 3 }, () => pick(words));
    const features = [pick(genres), pick(decades)];
    return {
      name: `i${i + 1}`,
      title: title.join(' '),
      features,
      factors: factorsOf([...features, ...title]),
      fame: -shape.fame * Math.log(i + 8),
    };
  });
  const scoreOf = (u: (typeof users)[number], i: (typeof items)[number]) =>
    (shape.strength / Math.sqrt(shape.factors)) * u.factors.reduce((sum, value, k) => sum + value * i.factors[k], 0) +
    i.fame;
  const lines = ['user,item,age,occupation,gender,genre,decade,title'];
  for (const user of users) {
    const count = Math.min(
      700,
      Math.max(shape.least, Math.round(shape.median * Math.exp(shape.spread * random.normal()))),
    );
    // Gumbel's trick draws without putting back.
    const drawn = items
      .map((item) => ({ item, key: scoreOf(user, item) - Math.log(-Math.log(Math.max(1e-300, random.next()))) }))
      .sort((a, b) => b.key - a.key)
      .slice(0, count);
    for (const { item } of drawn) {
      lines.push([user.name, item.name, ...user.features, ...item.features, item.title].join(','));
    }
  }
  const [byUser, byItem] = [new Map(users.map((u) => [u.name, u])), new Map(items.map((i) => [i.name, i]))];
  return {
    csv: lines.join('\n'),
    items: items.map(({ name }) => name),
    score(user, item) {
      const [u, i] = [byUser.get(user), byItem.get(item)];
      return u && i ? scoreOf(u, i) : Number.NEGATIVE_INFINITY;
    },
  };
}

const [seeds = '1,2,3,4,5', hyper = '{}', extra = '{}'] = process.argv.slice(2);
const dir = await mkdtemp(join(tmpdir(), 'neutrino-ranking-'));
const rows: Record<string, unknown>[] = [];
try {
  for (const seed of seeds.split(',').map(Number)) {
    const world = makeWorld(seed);
    const path = join(dir, `${seed}.csv`);
    await writeFile(path, world.csv);
    const pack = { id: `d${seed}`, path: join(dir, `${seed}.sqlite`), key: crypto.getRandomValues(new Uint8Array(32)) };
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
    const request = trainRequest.parse({
      dataset: 'movies',
      model: 'two-tower',
      target: 'item',
      ranking: { user: 'user' },
      seed,
      hyper: JSON.parse(hyper) as object,
      ...(JSON.parse(extra) as object),
    });
    const began = performance.now();
    const setup = await prepareRun(reader, undefined, request);
    const result = await runTraining({ ...setup, device: 'cpu', threads: Number(process.env['THREADS'] ?? 4), seed });
    const { preprocess, data } = result.rows;
    const facts = { seconds: 0, epochs: 0, bestEpoch: 0, steps: 0, weights: '' };
    const encoded = setup.encodeTest(preprocess);
    const report = await assess(servedGraph(preprocess, result.graph), preprocess, encoded, facts);
    if (report.task !== 'ranking') throw new Error(`a report of ${report.task}`);
    const names = preprocess.category[0].values;
    const served = data.ranking?.served;
    let ideal = 0;
    for (let r = 0; r < encoded.rows; r++) {
      const code = encoded.codes[r * preprocess.category.length];
      const had = new Set(Array.from(served?.had[code] ?? [], (item) => served?.names[item]));
      const best = world.items
        .filter((item) => !had.has(item))
        .map((item) => ({ item, score: world.score(names[code - 1], item) }))
        .sort((a, b) => b.score - a.score)
        .map(({ item }) => item);
      ideal += figuresOf(best, encoded.taken?.items[r] ?? []).ndcg / encoded.rows;
    }
    const row = {
      seed,
      rows: reader.rows,
      ndcg: report.ndcg,
      generating: ideal,
      ratio: report.ndcg / ideal,
      popularity: report.popularity.ndcg,
      recall: report.recall,
      mrr: report.mrr,
      coverage: report.coverage,
      best: result.bestEpoch,
      validation: result.validation.score,
      seconds: (performance.now() - began) / 1000,
    };
    rows.push(row);
    console.error(JSON.stringify(row));
    reader.close();
  }
} finally {
  await rm(dir, { recursive: true, force: true });
}
console.table(rows);
const mean = (key: string) => rows.reduce((sum, row) => sum + Number(row[key]), 0) / rows.length;
console.log(
  JSON.stringify({
    bench: 'train/ranking',
    shape,
    mean: { ndcg: mean('ndcg'), generating: mean('generating'), popularity: mean('popularity') },
    ratio: mean('ndcg') / mean('generating'),
    least: 0.9,
    rows,
  }),
);
