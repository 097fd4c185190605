// Tree ensembles as ONNX: ai.onnx.ml's TreeEnsembleRegressor over one float32 matrix. A split by a set of categories becomes a
// column of its own, looked up in a table by the category's code, since the operator compares with one number only.
import type { GraphBuilder, Value } from '../../graph/index.ts';
import { tensor } from '../../onnx/index.ts';
import type { TreeColumn } from './bins.ts';
import { setWords } from './memory.ts';
import type { Tree } from './tree.ts';

/** TensorProto.DataType of what Cast makes. */
const float32 = 1;
/** Stands for a set of bins' column: at most this goes right. */
const half = 0.5;
/** Above every finite float32: all values go left, missing ones by their side. */
const greatest = 3.4028234663852886e38;

/** Places of the columns of the matrix. */
interface Places {
  /** Column of a numeric split. */
  number: Map<number, number>;
  /** Column of a set, by column and words. */
  set: Map<string, number>;
}

/** The matrix [batch, columns] that the ensemble of binned columns reads, from `numeric` and `codes`. */
export function binnedMatrix(
  g: GraphBuilder,
  columns: readonly TreeColumn[],
  trees: readonly Tree[],
  inputs: { numeric: Value | null; codes: Value | null },
  sizes: readonly number[],
): { matrix: Value; places: Places } {
  const numbers = columns.filter((column) => column.kind === 'number').length;
  const places: Places = { number: new Map(), set: new Map() };
  const parts: Value[] = [];
  if (inputs.numeric) {
    for (let i = 0; i < numbers; i++) places.number.set(i, i);
    parts.push(g.op('Cast', [inputs.numeric], { to: float32 }));
  }
  const width = inputs.numeric ? numbers : 0;
  /** Sets of each category, by their words. */
  const sets = new Map<number, Map<string, Uint32Array & { missing?: boolean }>>();
  for (const tree of trees) {
    for (let node = 0; node < tree.feature.length; node++) {
      if (tree.feature[node] < 0 || tree.set[node] < 0) continue;
      const own = sets.get(tree.feature[node]) ?? new Map<string, Uint32Array>();
      sets.set(tree.feature[node], own);
      own.set(setKey(tree, node), wordsOf(tree, node));
    }
  }
  let next = width;
  for (const [feature, own] of [...sets].sort(([a], [b]) => a - b)) {
    const { column, bins } = columns[feature];
    const list = [...own];
    const codes = sizes[column] + 1;
    const table = new Float32Array(codes * list.length);
    for (const [i, [key, words]] of list.entries()) {
      places.set.set(`${feature}:${key}`, next++);
      for (let code = 0; code < codes; code++) {
        const bin = Math.min(code - 1, bins - 1);
        const isIn = code === 0 ? key.endsWith('1') : ((words[bin >> 5] >>> (bin & 31)) & 1) !== 0;
        table[code * list.length + i] = isIn ? 1 : 0;
      }
    }
    const code = g.op('Gather', [inputs.codes, g.ints(column)], { axis: 1 });
    parts.push(g.op('Gather', [g.constant(tensor('float32', [codes, list.length], table)), code], { axis: 0 }));
  }
  return { matrix: parts.length === 1 ? parts[0] : g.op('Concat', parts, { axis: 1 }), places };
}

const wordsOf = ({ set, sets }: Tree, node: number): Uint32Array =>
  sets.slice(set[node] * setWords, (set[node] + 1) * setWords);
const setKey = (tree: Tree, node: number): string => `${wordsOf(tree, node).join('.')}/${tree.missingLeft[node]}`;

/** Sums of leaves [batch, outputs] float32. Without `places`, splits are by threshold on the matrix's columns as they are. */
export function ensembleOf(
  g: GraphBuilder,
  matrix: Value,
  trees: readonly Tree[],
  outputs: number,
  base: ArrayLike<number>,
  places?: Places,
  columns: readonly TreeColumn[] = [],
): Value {
  const names = ['treeids', 'nodeids', 'featureids', 'values', 'truenodeids', 'falsenodeids'] as const;
  const nodes = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    (typeof names)[number],
    number[]
  >;
  const modes: string[] = [];
  const missing: number[] = [];
  const target = { treeids: [] as number[], nodeids: [] as number[], ids: [] as number[], weights: [] as number[] };
  for (const [id, tree] of trees.entries()) {
    const { feature, bin, threshold, missingLeft, left, right, set, value, width, output } = tree;
    for (let node = 0; node < feature.length; node++) {
      const isLeaf = feature[node] < 0;
      const isSet = !isLeaf && set[node] >= 0;
      nodes.treeids.push(id);
      nodes.nodeids.push(node);
      modes.push(isLeaf ? 'LEAF' : 'BRANCH_LEQ');
      if (isLeaf) {
        nodes.featureids.push(0);
        nodes.values.push(0);
        nodes.truenodeids.push(0);
        nodes.falsenodeids.push(0);
        missing.push(0);
        for (let k = 0; k < width; k++) {
          const weight = value[node * width + k];
          // Every leaf must have a weight, but most classes of a pure leaf are 0.
          if (weight === 0 && k + 1 < width) continue;
          target.treeids.push(id);
          target.nodeids.push(node);
          target.ids.push(output + k);
          target.weights.push(weight);
        }
        continue;
      }
      const place = isSet
        ? places?.set.get(`${feature[node]}:${setKey(tree, node)}`)
        : places
          ? places.number.get(feature[node])
          : feature[node];
      nodes.featureids.push(place ?? 0);
      // In the column of a set, 1 is inside: what is at most a half goes right.
      nodes.truenodeids.push(isSet ? right[node] : left[node]);
      nodes.falsenodeids.push(isSet ? left[node] : right[node]);
      nodes.values.push(isSet ? half : (threshold?.[node] ?? edgeOf(columns[feature[node]], bin[node])));
      missing.push(!isSet && missingLeft[node] !== 0 ? 1 : 0);
    }
  }
  return g.op('TreeEnsembleRegressor', [matrix], {
    nodes_treeids: nodes.treeids,
    nodes_nodeids: nodes.nodeids,
    nodes_featureids: nodes.featureids,
    nodes_values: nodes.values,
    nodes_modes: modes,
    nodes_truenodeids: nodes.truenodeids,
    nodes_falsenodeids: nodes.falsenodeids,
    nodes_missing_value_tracks_true: missing,
    target_treeids: target.treeids,
    target_nodeids: target.nodeids,
    target_ids: target.ids,
    target_weights: target.weights,
    n_targets: outputs,
    base_values: Array.from(base),
    post_transform: 'NONE',
    aggregate_function: 'SUM',
  });
}

function edgeOf(column: TreeColumn, bin: number): number {
  return column.kind === 'number' ? (column.edges[bin] ?? greatest) : half;
}
