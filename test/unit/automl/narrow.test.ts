// A user's own space, and a search that is done again by its script.
import { expect, test } from 'vitest';
import { automl, localRunner } from '../../../engine/automl/index.ts';
import { narrowed } from '../../../engine/automl/narrow.ts';
import type { Space } from '../../../engine/automl/spaces.ts';
import { sampleField } from './sample.ts';

const suits = () => true;
const spaces: Space[] = [
  {
    family: 'glm',
    starts: [{}, { c: 0.02 }],
    dimensions: { c: { kind: 'number', range: [0.001, 100], log: true } },
    suits,
  },
  {
    family: 'knn',
    starts: [{}, { neighbours: 15 }],
    dimensions: { neighbours: { kind: 'integer', range: [1, 60] } },
    suits,
  },
];

test('a space names the families that are tried and what is set of each', () => {
  const [knn] = narrowed(spaces, { knn: { neighbours: { from: 3, to: 9 }, weights: 'distance' } });
  expect(knn).toEqual({
    ...spaces[1],
    dimensions: {
      neighbours: { kind: 'integer', range: [3, 9] },
      weights: { kind: 'choice', choices: ['distance'] },
    },
    starts: [
      { neighbours: 5, weights: 'distance' },
      { neighbours: 9, weights: 'distance' },
    ],
  });
  expect(narrowed(spaces, { glm: { c: [0.5, 2] } })[0].starts).toEqual([{ c: 0.5 }]);
});

test.each([
  [{ boosting: {} }, 'boosting'],
  [{ glm: { depth: 3 } }, 'depth'],
  [{ glm: { c: -1 } }, '"c"'],
  [{ glm: { c: { from: 2, to: 1 } } }, '"from" must be below "to"'],
  [{}, 'names no family'],
])('a space that cannot be is refused by name: %j', (space, words) => {
  expect(() => narrowed(spaces, space)).toThrow(expect.objectContaining({ code: 'bad_request' }));
  expect(() => narrowed(spaces, space)).toThrow(words);
});

test('a search is done again by its script: the same trials as far as they came, the same members, the same bits', async () => {
  const field = await sampleField('iris');
  const families = ['glm', 'naive-bayes', 'knn'] as const;
  // A clock that the folds move on, so that decisions are the clock's.
  let now = 0;
  const own = localRunner(field, 1);
  const runner = {
    ...own,
    async fold(...args: Parameters<typeof own.fold>) {
      now += 50;
      return { ...(await own.fold(...args)), fitMs: 50 };
    },
  };
  const first = await automl(field, runner, { seed: 3, left: () => 3000 - now, families });
  const members = first.ensemble.members.map(({ trial, weight }) => ({ id: trial.id, weight }));
  const script = { trials: first.trials, members };
  const again = await automl(field, localRunner(field, 1), { seed: 3, families, script });
  const shown = (trials: typeof first.trials) =>
    trials.map(({ id, state, hyper, losses }) => ({ id, state, hyper, losses }));
  expect(shown(again.trials)).toEqual(shown(first.trials));
  expect(again.hash).toBe(first.hash);
});
