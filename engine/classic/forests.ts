// Random forest and extra trees as families, on scaled columns side by side with the codes of large categories.
import type { Value } from '../graph/index.ts';
import type { HyperTable } from '../schema/index.ts';
import { type ClassicFamily, type ClassicModel, openInputs } from './model.ts';
import type { ClassicRows } from './rows.ts';
import { type ForestRows, forestScores, growForest } from './trees/forest.ts';
import { ensembleOf } from './trees/graph.ts';
import type { Tree } from './trees/tree.ts';

/** TensorProto.DataType of what Cast makes. */
const float32 = 1;
/** Shares below are held to it, so that no class is impossible. */
const leastShare = 1e-3;
/** Leaves that an exported forest may have in all; larger data gets larger leaves. */
const mostLeaves = 2_000_000;

const hyper = (trees: number, columns: number): HyperTable => ({
  trees: { kind: 'integer', default: trees, range: [1, 5000], log: true, says: 'trees' },
  columns: {
    kind: 'number',
    default: columns,
    range: [0, 1],
    says: 'share of the columns that a split looks at; 0 for the square root of their number, or a third for numbers',
  },
  leaf: { kind: 'integer', default: 1, range: [1, 1000], log: true, says: 'least rows of a leaf' },
  depth: { kind: 'integer', default: 0, range: [0, 64], says: 'most levels of a tree; 0 for no bound' },
});

const family = (name: 'forest' | 'extra-trees', says: string): ClassicFamily => ({
  name,
  says,
  hyper: hyper(300, 0),
  suits: ({ denseWidth, embeddedSizes }) => denseWidth + embeddedSizes.length > 0,
  async fit(data, train, _validation, given, { seed, threads, stop, progress }) {
    const rows = forestRows(data);
    const trees = Number(given['trees']);
    const asked = Number(given['columns']);
    const share =
      asked > 0 ? asked : data.labels ? Math.sqrt(rows.columns) / rows.columns : name === 'forest' ? 1 / 3 : 1;
    let done = 0;
    const grown = await growForest(
      rows,
      train,
      {
        kind: name === 'forest' ? 'best' : 'extra',
        trees,
        columns: share,
        minLeaf: Math.max(Number(given['leaf']), Math.ceil((train.length * trees) / mostLeaves / 4)),
        maxDepth: Number(given['depth']),
        bootstrap: name === 'forest',
        seed,
        threads,
      },
      () => {
        progress?.(++done / trees);
        return stop?.() ?? false;
      },
    );
    return modelOf(data, grown);
  },
});

/** Random forests: bootstrapped rows, best splits (Breiman 2001). */
export const forest = family(
  'forest',
  'random forest: many deep trees on drawn rows and columns, averaged; hard to get wrong on tables',
);
/** Extremely randomised trees: all rows, splits drawn (Geurts et al. 2006). */
export const extraTrees = family(
  'extra-trees',
  'extremely randomised trees: cuts are drawn by lot and averaged; smoother than a forest, good on pixels',
);

/** Scaled columns and codes, column by column on shared memory. */
function forestRows(data: ClassicRows): ForestRows {
  const { rows, dense, denseWidth, embedded, embeddedSizes, labels, targets, outputs, weights } = data;
  const columns = denseWidth + embeddedSizes.length;
  const values = new Float32Array(new SharedArrayBuffer(4 * Math.max(1, rows * columns)));
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < denseWidth; j++) values[j * rows + row] = dense[row * denseWidth + j];
    for (let j = 0; j < embeddedSizes.length; j++) {
      values[(denseWidth + j) * rows + row] = embedded[row * embeddedSizes.length + j];
    }
  }
  return {
    rows,
    columns,
    values,
    labels: labels ?? targets ?? [],
    classes: labels ? outputs : 0,
    ...(weights ? { weights } : {}),
  };
}

function modelOf(data: ClassicRows, trees: readonly Tree[]): ClassicModel {
  const { outputs } = data;
  const isClasses = data.labels !== undefined;
  return {
    rounds: trees.length,
    bestRound: trees.length,
    size: trees.reduce((sum, tree) => sum + tree.feature.length, 0),
    graph() {
      const inputs = openInputs('forest', data);
      const { g } = inputs;
      const parts: Value[] = [];
      if (data.denseWidth > 0) parts.push(inputs.dense());
      if (data.embeddedSizes.length > 0) parts.push(g.op('Cast', [inputs.embedded()], { to: float32 }));
      const matrix = parts.length === 1 ? parts[0] : g.op('Concat', parts, { axis: 1 });
      const shares = ensembleOf(g, matrix, trees, outputs, new Float32Array(outputs));
      const logits = isClasses ? g.op('Log', [g.op('Max', [shares, g.constant(leastShare)])]) : shares;
      g.output(logits, 'logits');
      return g.build();
    },
    logits(other, of) {
      const shares = forestScores(trees, forestRows(other), of, outputs);
      return isClasses ? shares.map((share) => Math.log(Math.max(share, leastShare))) : shares;
    },
  };
}
