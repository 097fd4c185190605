// Searches over the table of recorded trials (record.ts), by the table's clock: TPE with early stopping beside random search, and
// more time beside less. The search is the very one that trains; only its runner looks figures up. Seconds, not hours.
//   node test/bench/automl/replay.ts [seeds] [set,…] [likeness]
// With `likeness`, random search too takes the recorded configuration that is most like one it draws, as the search must: those that
// few others are like are then drawn more often than by chance.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TrialRunner } from '../../../engine/automl/index.ts';
import { search } from '../../../engine/automl/search.ts';
import type { Dimension, Space } from '../../../engine/automl/spaces.ts';
import { spacesFor } from '../../../engine/automl/spaces.ts';
import { propose } from '../../../engine/automl/tpe.ts';
import { rng } from '../../../engine/base/index.ts';
import type { Hyper } from '../../../engine/schema/index.ts';

interface Recorded {
  family: string;
  hyper: Hyper;
  losses: number[];
  /** Of a fold. */
  ms: number;
  /** The first fold after a fit on a share of its rows. */
  taste: { loss: number; ms: number };
  /** Loss on rows that no fold saw. */
  test: number;
}

const sets = (process.argv[3] ?? 'diabetes,breast-cancer,sections').split(',');
/** Trials of random search: its final best is the mark. */
const randomTrials = 60;
const seeds = Number(process.argv[2] ?? 50);
const byLikeness = process.argv[4] === 'likeness';
const folds = 5;
/** What asking a trainer for a fold costs beside the fit, ms. */
const askMs = 5;

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
/** Half the width of the 95 % interval of a mean. */
const half = (values: readonly number[]) => {
  const middle = mean(values);
  const variance = mean(values.map((value) => (value - middle) ** 2)) * (values.length / (values.length - 1));
  return 1.96 * Math.sqrt(variance / values.length);
};

function place(dimension: Dimension, value: unknown): number {
  if (dimension.kind === 'choice') return dimension.choices.indexOf(value as string);
  const [low, high] = dimension.range;
  const at = Number(value);
  return dimension.log ? (Math.log(at) - Math.log(low)) / (Math.log(high) - Math.log(low)) : (at - low) / (high - low);
}

/** The recorded configuration of a family that is most like one, of those that were not taken before while there are any. */
function nearest(table: readonly Recorded[], space: Space, hyper: Hyper, taken: Set<Recorded>): Recorded {
  const distance = (other: Hyper) =>
    Object.entries(space.dimensions).reduce((sum, [name, dimension]) => {
      const [a, b] = [hyper[name], other[name]];
      if (a === undefined && b === undefined) return sum;
      if (a === undefined || b === undefined) return sum + 1;
      if (name === 'trees') return sum;
      if (dimension.kind === 'choice') return sum + Number(a !== b);
      return sum + (place(dimension, a) - place(dimension, b)) ** 2;
    }, 0);
  const all = table.filter(({ family }) => family === space.family);
  const open = all.filter((row) => !taken.has(row));
  const found = (open.length > 0 ? open : all).reduce((best, row) =>
    distance(row.hyper) < distance(best.hyper) ? row : best,
  );
  taken.add(found);
  return found;
}

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

const meanLoss = ({ losses }: Recorded) => mean(losses);

/** Random search: draws a family and one of its recorded configurations, which were drawn evenly themselves, and goes through all folds. */
function drawn(table: readonly Recorded[], spaces: readonly Space[], seed: number): { best: number; cost: number } {
  const random = rng(seed, 'random search');
  const taken = new Set<Recorded>();
  let [best, cost] = [Number.POSITIVE_INFINITY, 0];
  for (let i = 0; i < randomTrials; i++) {
    const space = spaces[random.int(spaces.length)];
    const open = table.filter((row) => row.family === space.family && !taken.has(row));
    const row = byLikeness
      ? nearest(table, space, propose(space.dimensions, [], random), taken)
      : open[random.int(open.length)];
    taken.add(row);
    cost += folds * (row.ms + askMs);
    best = Math.min(best, meanLoss(row));
  }
  return { best, cost };
}

interface Outcome {
  /** When a better one had come through all folds, and its loss. */
  steps: { at: number; loss: number }[];
  /** Of the best that came through all folds: its loss there, and on rows that no fold saw. */
  loss: number;
  test: number;
}

/** The search that trains, over the table, for so many ms of the table's time. */
async function searched(
  table: readonly Recorded[],
  spaces: readonly Space[],
  seed: number,
  budget: number,
): Promise<Outcome> {
  let now = 0;
  const steps: Outcome['steps'] = [];
  const rowOf = new Map<number, Recorded>();
  const taken = new Set<Recorded>();
  const runner: TrialRunner = {
    slots: 1,
    fold({ id, family, hyper, share }, fold) {
      const space = spaces.find((one) => one.family === family) as Space;
      const row = rowOf.get(id) ?? nearest(table, space, hyper, taken);
      rowOf.set(id, row);
      const { loss, ms } = share === undefined ? { loss: row.losses[fold], ms: row.ms } : row.taste;
      now += ms + askMs;
      return Promise.resolve({
        logits: Float32Array.of(Math.sqrt(loss)),
        fitMs: ms + askMs,
        predictMs: 0,
        size: 1,
        bestRound: 1,
      });
    },
    whole: () => Promise.reject(new Error('nothing is fitted here')),
    cancel: () => undefined,
  };
  const trials = await search(
    field,
    runner,
    { seed, spaces, left: () => budget - now },
    {
      ended(trial) {
        if (trial.state === 'finished' && trial.loss < (steps.at(-1)?.loss ?? Number.POSITIVE_INFINITY))
          steps.push({ at: now, loss: trial.loss });
      },
    },
  );
  const done = trials.filter(({ state }) => state === 'finished').sort((a, b) => a.loss - b.loss);
  const best = done[0] && rowOf.get(done[0].id);
  return { steps, loss: best ? meanLoss(best) : Number.NaN, test: best?.test ?? Number.NaN };
}

/** Share of random search's cost at which the mean of the best so far over all seeds is as low as random search's final mean. */
function meets(curves: readonly { steps: Outcome['steps']; cost: number }[], mark: number): number {
  for (let share = 0.01; share <= 2; share += 0.01) {
    // Before anything came through, the first that did stands for it.
    const best = curves.map(({ steps, cost }) => (steps.findLast(({ at }) => at <= share * cost) ?? steps[0]).loss);
    if (mean(best) <= mark && curves.every(({ steps, cost }) => steps[0].at <= share * cost)) return share;
  }
  return 2;
}

const rows: Record<string, unknown>[] = [];
for (const set of sets) {
  const table = JSON.parse(readFileSync(join(import.meta.dirname, 'recorded', `${set}.json`), 'utf8')) as Recorded[];
  const rest = { rows: { ...field.rows, rows: 500, denseWidth: 10, numericWidth: 10, labels: field.folds } };
  const all = spacesFor(rest as never).filter(({ family }) => table.some((row) => row.family === family));
  /** Without its starting points, so that what is measured is the search and not the portfolio. */
  const bare = all.map((space) => ({ ...space, starts: [] }));
  const shares: Record<'search' | 'with starts', number[]> = { search: [], 'with starts': [] };
  const curves: Record<'search' | 'with starts', { steps: Outcome['steps']; cost: number }[]> = {
    search: [],
    'with starts': [],
  };
  const finals: number[] = [];
  const gains: Record<string, { loss: number[]; test: number[] }> = {};
  for (let seed = 1; seed <= seeds; seed++) {
    const random = drawn(table, bare, seed);
    finals.push(random.best);
    for (const [name, spaces] of [
      ['search', bare],
      ['with starts', all],
    ] as const) {
      const { steps } = await searched(table, spaces, seed, 2 * random.cost);
      const reached = steps.find(({ loss }) => loss <= random.best + 1e-6)?.at ?? Number.POSITIVE_INFINITY;
      shares[name].push(Math.min(2, reached / random.cost));
      curves[name].push({ steps, cost: random.cost });
    }
    const budgets = [0.1, 0.3, 1].map((share) => share * random.cost);
    const ends = [];
    for (const budget of budgets) ends.push(await searched(table, all, seed, budget));
    for (let i = 1; i < ends.length; i++) {
      const own = (gains[`${[0.1, 0.3, 1][i - 1]} to ${[0.1, 0.3, 1][i]}`] ??= { loss: [], test: [] });
      own.loss.push(ends[i].loss - ends[i - 1].loss);
      own.test.push(ends[i].test - ends[i - 1].test);
    }
  }
  const row = {
    set,
    configurations: table.length,
    shares: Object.fromEntries(
      Object.entries(shares).map(([name, values]) => [
        name,
        {
          mean: mean(values),
          interval: half(values),
          median: median(values),
          curve: meets(curves[name as keyof typeof curves], mean(finals)),
        },
      ]),
    ),
    more: Object.fromEntries(
      Object.entries(gains).map(([name, { loss, test }]) => [
        name,
        { loss: mean(loss), lossInterval: half(loss), test: mean(test), testInterval: half(test) },
      ]),
    ),
  };
  rows.push(row);
  for (const [name, { mean: at, interval, median: middle, curve }] of Object.entries(row.shares)) {
    console.error(
      `${set.padEnd(14)} ${name.padEnd(12)} reaches the best of ${randomTrials} random trials in ${at.toFixed(2)} ± ${interval.toFixed(2)} of their cost (median ${middle.toFixed(2)}); the mean curve is there at ${curve.toFixed(2)}`,
    );
  }
  for (const [name, { loss, lossInterval, test, testInterval }] of Object.entries(row.more)) {
    console.error(
      `${set.padEnd(14)} time ${name}: loss ${loss.toFixed(5)} ± ${lossInterval.toFixed(5)} on folds, ${test.toFixed(5)} ± ${testInterval.toFixed(5)} on rows that no fold saw (below 0 is better)`,
    );
  }
}
console.log(JSON.stringify({ seeds, rows }));
