// Gradient boosting as a family: hyper-parameters to options, and the ensemble as logits and as a graph.
import type { Hyper } from '../schema/index.ts';
import { bothSides, type ClassicFamily, type ClassicModel, openInputs } from './model.ts';
import type { ClassicRows } from './rows.ts';
import { boost } from './trees/boost.ts';
import { binnedMatrix, ensembleOf } from './trees/graph.ts';
import { type Ensemble, leafValues } from './trees/tree.ts';

/** Gradient-boosted trees on histograms. */
export const boosting: ClassicFamily = {
  name: 'boosting',
  says: 'gradient boosted trees on histograms: splits numbers and categories, bears missing values; the one to beat on tables',
  hyper: {
    rounds: { kind: 'integer', default: 1000, range: [1, 10_000], says: 'most rounds; validation rows end it earlier' },
    rate: { kind: 'number', default: 0.08, range: [0.001, 1], log: true, says: 'how much of a tree is added' },
    leaves: { kind: 'integer', default: 31, range: [2, 1024], log: true, says: 'most leaves of a tree' },
    depth: {
      kind: 'integer',
      default: 0,
      range: [0, 16],
      says: 'most levels of a tree; 0 for no bound but the leaves',
    },
    growth: {
      kind: 'choice',
      default: 'leaf',
      choices: ['leaf', 'level'],
      says: 'what is split next: the leaf that gains most, or all of a level',
    },
    subsample: { kind: 'number', default: 1, range: [0.1, 1], says: 'share of the rows that a tree sees' },
    columns: { kind: 'number', default: 1, range: [0.05, 1], says: 'share of the columns that a tree sees' },
    lambda: { kind: 'number', default: 1, range: [0, 1000], says: 'penalty on the values of leaves' },
    weight: { kind: 'number', default: 1, range: [0, 1000], says: 'least hessian of a leaf' },
    gain: { kind: 'number', default: 0, range: [0, 100], says: 'least gain of a split' },
    bins: { kind: 'integer', default: 255, range: [2, 255], says: 'most bins of a column' },
    patience: {
      kind: 'integer',
      default: 30,
      range: [0, 1000],
      says: 'rounds without a better validation loss after which it stops; 0 for never',
    },
    quantile: {
      kind: 'number',
      default: 0,
      range: [0, 0.999],
      says: 'predicts this quantile of a number; 0 for the mean',
    },
    directions: {
      kind: 'list',
      default: [],
      range: [-1, 1],
      most: 2000,
      says: 'by numeric column: 1 where the answer may only rise with it, -1 where it may only fall, 0 for neither',
    },
  },
  suits: ({ numericWidth, sizes }) => numericWidth + sizes.length > 0,
  async fit(data, train, validation, hyper, { seed, threads, stop, progress }) {
    const numbers = Object.fromEntries(
      Object.entries(hyper).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
    );
    const { rounds, rate, leaves, depth, subsample, columns, lambda, weight, gain, bins, patience, quantile } = numbers;
    const made = boost(
      data,
      train,
      validation,
      {
        rounds,
        learningRate: rate,
        maxDepth: depth,
        maxLeaves: leaves,
        policy: hyper['growth'] === 'level' ? 'level' : 'leaf',
        maxBins: bins,
        subsample,
        columns,
        lambda,
        minChildWeight: Math.max(weight, 1e-9),
        minGain: gain,
        patience,
        directions: directionsOf(hyper),
        ...(quantile > 0 ? { quantile } : {}),
        seed,
        threads,
      },
      {
        round(done, loss) {
          progress?.(done / rounds, loss);
          return stop?.();
        },
      },
    );
    return modelOf(data, made.ensemble, made.rounds, made.bestRound);
  },
};

const directionsOf = ({ directions }: Hyper): number[] => (Array.isArray(directions) ? directions : []);

function modelOf(data: ClassicRows, ensemble: Ensemble, rounds: number, bestRound: number): ClassicModel {
  const { trees, columns, base } = ensemble;
  const isBinary = data.labels !== undefined && data.outputs === 2;
  const { sizes } = data;
  return {
    rounds,
    bestRound,
    size: trees.reduce((sum, tree) => sum + tree.feature.length, 0),
    graph() {
      const inputs = openInputs('boosting', data);
      const { g } = inputs;
      const used = {
        numeric: data.numericWidth > 0 ? inputs.numeric() : null,
        codes: sizes.length > 0 ? inputs.codes() : null,
      };
      const { matrix, places } = binnedMatrix(g, columns, trees, used, sizes);
      const score = ensembleOf(g, matrix, trees, ensemble.outputs, base, places, columns);
      g.output(isBinary ? bothSides(g, score) : score, 'logits');
      return g.build();
    },
    logits(other, of) {
      const scores = leafValues(ensemble, other, of);
      if (!isBinary) return scores;
      const out = new Float32Array(2 * of.length);
      for (let i = 0; i < of.length; i++) out[2 * i + 1] = scores[i];
      return out;
    },
  };
}
