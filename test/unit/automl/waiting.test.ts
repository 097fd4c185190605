// Trials that are put off and gone on with, over a runner whose clock and losses are made up: what is fitted, and how often.
import { expect, test } from 'vitest';
import type { Trial, TrialRunner, TrialSpec } from '../../../engine/automl/index.ts';
import { search } from '../../../engine/automl/search.ts';
import type { Space } from '../../../engine/automl/spaces.ts';
import { openWaitingRoom } from '../../../engine/automl/waiting.ts';

const folds = 5;

/** Folds of one row each whose only number is 0: the answer's square is the loss. */
const field = {
  rows: {
    rows: folds,
    numeric: new Float64Array(0),
    numericWidth: 0,
    codes: new Int32Array(0),
    sizes: [],
    dense: new Float32Array(0),
    denseWidth: 0,
    denseNumbers: 0,
    embedded: new Int32Array(0),
    embeddedSizes: [],
    text: [],
    textSizes: [],
    targets: new Float64Array(folds),
    outputs: 1,
  },
  folds: Uint8Array.from({ length: folds }, (_, i) => i),
  foldCount: folds,
  isOrdered: false,
};

const spaces: readonly Space[] = [
  { family: 'boosting', starts: [], dimensions: { rate: { kind: 'number', range: [0, 1] } }, suits: () => true },
  { family: 'glm', starts: [], dimensions: { c: { kind: 'number', range: [0, 1] } }, suits: () => true },
];

/** Boosting loses how far its rate is from 0.4 and takes a hundred times a linear model's time; a fit on some of the rows loses more and takes less. */
function made(): { runner: TrialRunner; clock: { now: number }; fits: (TrialSpec & { fold: number })[] } {
  const clock = { now: 0 };
  const fits: (TrialSpec & { fold: number })[] = [];
  return {
    clock,
    fits,
    runner: {
      slots: 1,
      fold(spec, fold) {
        fits.push({ ...spec, fold });
        const { family, hyper, share = 1 } = spec;
        const fitMs = (family === 'boosting' ? 100 : 1) * share;
        clock.now += fitMs;
        const own = family === 'boosting' ? 1 + Math.abs(Number(hyper['rate']) - 0.4) : 3 + Number(hyper['c']);
        const stray = 0.1 * Math.sin(fold + 7 * own);
        const loss = own + stray + (share < 1 ? 0.5 : 0);
        return Promise.resolve({
          logits: Float32Array.of(Math.sqrt(loss)),
          fitMs,
          predictMs: 0,
          size: 1,
          bestRound: 1,
        });
      },
      whole: () => Promise.reject(new Error('nothing is fitted here')),
      cancel: () => undefined,
    },
  };
}

async function run(
  budget: number,
): Promise<{ trials: Trial[]; fits: (TrialSpec & { fold: number })[]; ends: number[] }> {
  const { runner, clock, fits } = made();
  const ends: number[] = [];
  const options = { seed: 3, spaces, left: () => budget - clock.now };
  const trials = await search(field, runner, options, { ended: ({ id }) => void ends.push(id) });
  return { trials, fits, ends };
}

test('under a clock a dear family is fitted on a quarter of a fold first, and no fold of a trial is fitted twice', async () => {
  const { trials, fits } = await run(25_000);
  const later = fits.filter(({ id }) => id >= spaces.length && id > 12);
  const first = later.filter(
    ({ family }, i) => family === 'boosting' && later.findIndex((f) => f.id === later[i].id) === i,
  );
  expect(first.length).toBeGreaterThan(5);
  expect(new Set(first.map(({ share }) => share))).toEqual(new Set([0.25]));
  expect(fits.some(({ family, share }) => family === 'glm' && share !== undefined)).toBe(false);
  const whole = fits.filter(({ share }) => share === undefined).map(({ id, fold }) => `${id}/${fold}`);
  expect(new Set(whole).size).toBe(whole.length);
  // Most of them stayed at their taste; the best boosting came through all folds.
  const tasted = trials.filter(({ taste }) => taste !== undefined);
  expect(tasted.filter(({ losses }) => losses.length === 0).length).toBeGreaterThan(tasted.length / 2);
  const best = tasted.reduce((least, one) => (Number(one.taste) < Number(least.taste) ? one : least));
  expect(best.losses.length).toBeGreaterThan(0);
});

test('a trial that was put off ends a second time when it is gone on with, further than before', async () => {
  const { trials, ends } = await run(25_000);
  const twice = ends.filter((id, i) => ends.indexOf(id) !== i);
  expect(twice.length).toBeGreaterThan(0);
  for (const id of twice) expect(trials.find((trial) => trial.id === id)?.losses.length).toBeGreaterThan(0);
  expect(new Set(trials.map(({ id }) => id)).size).toBe(trials.length);
});

test('a search by number tastes nothing', async () => {
  const { runner, fits } = made();
  await search(field, runner, { seed: 3, spaces, trials: 12 });
  expect(fits.some(({ share }) => share !== undefined)).toBe(false);
});

test('what was decided under a clock is gone through as far as it was then', async () => {
  const { trials } = await run(3000);
  const { runner, fits } = made();
  const again = await search(field, runner, { seed: 3, spaces, script: trials });
  expect(again.map(({ id, losses, state }) => ({ id, losses, state }))).toEqual(
    trials.map(({ id, losses, state }) => ({ id, losses, state })),
  );
  expect(fits.some(({ share }) => share !== undefined)).toBe(false);
});

test('a quarter of the tastes of a family go on, those known from before a break counted', () => {
  const room = openWaitingRoom([], 0);
  expect([5, 4, 3, 6, 2, 7, 8].map((taste) => room.tasted('boosting', taste))).toEqual([
    true,
    true,
    true,
    false,
    true,
    false,
    false,
  ]);
});
