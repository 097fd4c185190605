// Ranking: which columns name whom, how deeds are split, what candidates of a batch are, and the figures of proposals.
import { describe, expect, test } from 'vitest';
import { rankingColumnsOf } from '../../../engine/data/index.ts';
import type { Column, DatasetShape } from '../../../engine/schema/index.ts';
import { figuresOf, rankingReport } from '../../../engine/train/ranking.ts';
import { type Deed, splitDeeds } from '../../../engine/train/rankingDeeds.ts';
import { hadOf, rankingBatch, type RankingRows } from '../../../engine/train/rankingRows.ts';

const column = (name: string, type: Column['type'] = 'category'): Column => ({ name, type, missing: 0, distinct: 9 });
const shapeOf = (...columns: Column[]): DatasetShape => ({ rows: 100, columns, warnings: [] });

describe('columns of a ranking', () => {
  test('are told by their names where none are given', () => {
    const shape = shapeOf(
      column('userId'),
      column('movie_id'),
      column('rating', 'number'),
      column('timestamp', 'number'),
    );
    expect(rankingColumnsOf(shape, {})).toEqual({
      user: 'userId',
      item: 'movie_id',
      rating: 'rating',
      time: 'timestamp',
    });
  });

  test('are those that were asked for', () => {
    const shape = shapeOf(column('member'), column('book'), column('day', 'date'));
    const asked = { target: 'book', ranking: { user: 'member', time: 'day' } };
    expect(rankingColumnsOf(shape, asked)).toEqual({ user: 'member', item: 'book', time: 'day' });
  });

  test('that do not fit are refused with a remedy', () => {
    const shape = shapeOf(column('who'), column('what'), column('stars'));
    expect(() => rankingColumnsOf(shape, { target: 'what' })).toThrow('Name it with --user: who, what, stars.');
    expect(() => rankingColumnsOf(shape, { target: 'what', ranking: { user: 'whi' } })).toThrow('Did you mean "who"?');
    expect(() => rankingColumnsOf(shape, { target: 'what', ranking: { user: 'what' } })).toThrow('at once');
    expect(() => rankingColumnsOf(shape, { target: 'what', ranking: { user: 'who' } })).toThrow('cannot be the rating');
  });
});

test('the last that each user took are tested on, those before validated, and one of a single deed is trained on', () => {
  const taken: Deed[] = Array.from({ length: 40 }, (_, i) => ({
    row: i,
    user: i < 30 ? 'a' : 'b',
    item: `i${i}`,
    time: i % 30,
  }));
  taken.push({ row: 40, user: 'c', item: 'i0', time: 3 });
  const parts = splitDeeds(
    {
      taken,
      other: [
        { row: 41, user: 'a', item: 'x', time: 0 },
        { row: 42, user: 'a', item: 'y', time: 99 },
      ],
    },
    1,
    0.1,
  );
  const timesOf = (deeds: Deed[], user: string) => deeds.filter((deed) => deed.user === user).map(({ time }) => time);
  const [train, validation, test] = [parts.train, parts.validation, parts.test].map((deeds) => timesOf(deeds, 'a'));
  expect(Math.max(...train)).toBeLessThan(Math.min(...validation));
  expect(Math.max(...validation)).toBeLessThan(Math.min(...test));
  expect(train.length + validation.length + test.length).toBe(30);
  expect(timesOf(parts.train, 'c')).toEqual([3]);
  // What was had after the test began is not known then.
  expect(parts.other.map(({ item }) => item)).toEqual(['x']);
});

const rows = (negatives: number): RankingRows => ({
  users: Uint32Array.from([0, 1, 2, 0]),
  items: Uint32Array.from([5, 5, 7, 9]),
  counts: Float64Array.from({ length: 50 }, (_, i) => i + 1),
  known: hadOf(3, [
    [0, 5],
    [0, 9],
  ]),
  negatives,
  newcomers: 0,
  served: { names: [], had: [], numeric: new Float64Array(0), codes: new Int32Array(0) },
});

describe('a batch', () => {
  const feeds = () => ({
    embedded: { dtype: 'int64' as const, dims: [4, 1], data: BigInt64Array.from([1n, 2n, 3n, 1n]) },
  });

  test('is compared with its own items and drawn ones, each once, at the logarithm of how likely each is among them', () => {
    const data = rows(4);
    const batch = rankingBatch(data, Uint32Array.from([0, 1, 2, 3]), 4, feeds, { seed: 1, epoch: 1 });
    const items = Array.from(batch.feeds['candidates'].data as BigInt64Array, Number);
    expect(items).toHaveLength(7);
    expect(new Set(items).size).toBe(7);
    expect(items.slice(0, 3)).toEqual([5, 7, 9]);
    expect(Array.from(batch.labels.data as BigInt64Array, (place) => items[Number(place)])).toEqual([5, 5, 7, 9]);
    const total = data.counts.reduce((a, b) => a + b, 0);
    const likely = items.map((item) => 1 - (1 - data.counts[item] / total) ** 4 * (1 - 4 / 50));
    for (const [i, logQ] of (batch.feeds['candidates_log_q'].data as Float32Array).entries())
      expect(logQ).toBeCloseTo(Math.log(likely[i]), 5);
  });

  test('that is evaluated, or draws more than there are, is compared with all items', () => {
    for (const draw of [null, { seed: 1, epoch: 1 }]) {
      const batch = rankingBatch(rows(draw ? 48 : 1), Uint32Array.from([0, 2]), 4, feeds, draw);
      expect(batch.feeds['candidates'].dims).toEqual([50]);
      expect(new Set(batch.feeds['candidates_log_q'].data as Float32Array)).toEqual(new Set([0]));
      expect(Array.from(batch.weights.data as Float32Array)).toEqual([1, 1, 0, 0]);
    }
  });
});

test('figures of proposals are NDCG, recall and reciprocal rank of the first ten', () => {
  const { ndcg, recall, mrr } = figuresOf(['a', 'b', 'c', 'd'], ['b', 'd', 'x']);
  const gain = (rank: number) => 1 / Math.log2(rank + 1);
  expect(ndcg).toBeCloseTo((gain(2) + gain(4)) / (gain(1) + gain(2) + gain(3)), 12);
  expect(recall).toBeCloseTo(2 / 3, 12);
  expect(mrr).toBe(0.5);
  expect(figuresOf(['a'], ['b'])).toEqual({ ndcg: 0, recall: 0, mrr: 0 });
});

test('a report stands beside what most users took', () => {
  const encoded = {
    rows: 2,
    numeric: new Float64Array(0),
    codes: new Int32Array(0),
    text: [],
    sequence: [],
    taken: { items: [['a'], ['b', 'c']], popular: [['b'], ['b']], catalogue: 8 },
  };
  const facts = { seconds: 1, epochs: 2, bestEpoch: 1, steps: 3, weights: '' };
  const report = rankingReport(
    encoded,
    [
      ['a', 'b'],
      ['d', 'a'],
    ],
    facts,
  );
  expect(report).toMatchObject({ users: 2, items: 8, rows: 3, ndcg: 0.5, recall: 0.5, mrr: 0.5, coverage: 3 / 8 });
  expect(report.popularity).toMatchObject({ recall: 0.25, mrr: 0.5 });
});
