// What a trained pair of towers becomes when it is served: the user's tower, and all items as one table in the graph. A known
// user's columns that a request leaves out are what they were in training; what the user had is not proposed again.
import { compose, type Graph, graphBuilder, type GraphBuilder, type Value } from '../graph/index.ts';
import { tensor } from '../onnx/index.ts';
import type { Hyper, Preprocess } from '../schema/index.ts';
import { featureGraph } from './features.ts';
import { openGraph } from './inputs.ts';
import type { Layout } from './layout.ts';
import { userTower } from './twoTower.ts';

/** All that a served recommender holds beside the user tower. */
export interface Shelf {
  names: readonly string[];
  /** [items × width], row-major, and one number an item. */
  vectors: Float32Array;
  popularity: Float32Array;
  /** Items that a known user is not to be shown again, by user code (0: a stranger). */
  had: readonly ArrayLike<number>[];
  top: number;
}

/**
 * Inputs of the layout's users to `items` string and `scores` float32 [batch, top]: the best items first. Weights of the user
 * tower have the names of the family's.
 */
function recommender(layout: Layout, hyper: Hyper, shelf: Shelf): Graph {
  const parts = openGraph('two-tower', layout, 0);
  const { g, inputs } = parts;
  const user = userTower(parts, layout, hyper);
  const count = shelf.names.length;
  const width = hyper['width'] as number;
  // Column 0 is no item: what pads the lists of items that users had.
  const table = new Float32Array(width * (count + 1));
  for (let item = 0; item < count; item++)
    for (let k = 0; k < width; k++) table[k * (count + 1) + item + 1] = shelf.vectors[item * width + k];
  const bias = new Float32Array(count + 1);
  bias.set(shelf.popularity, 1);
  bias[0] = never;
  const scores = g.op('Add', [
    g.op('MatMul', [user, g.parameter('items.table', tensor('float32', [width, count + 1], table))]),
    g.parameter('items.popularity', tensor('float32', [1, count + 1], bias)),
  ]);
  const open = withoutHad(g, scores, inputs.codes[0], shelf.had);
  const [best, which] = g.ops('TopK', [open, g.ints([Math.min(shelf.top, count)])], { axis: 1 }, 2);
  g.output(best, 'scores');
  const names = g.op('LabelEncoder', [which], {
    keys_int64s: shelf.names.map((_, i) => i + 1),
    values_strings: [...shelf.names],
    default_string: '',
  });
  g.output(names, 'items');
  return g.build();
}

/** Score of what is not to be shown. */
const never = -1e30;

function withoutHad(g: GraphBuilder, scores: Value, code: Value, had: Shelf['had']): Value {
  const longest = had.reduce((most, items) => Math.max(most, items.length), 0);
  if (longest === 0) return scores;
  const lists = new BigInt64Array(had.length * longest);
  for (const [user, items] of had.entries())
    for (let i = 0; i < items.length; i++) lists[user * longest + i] = BigInt(items[i] + 1);
  const own = g.op('Gather', [g.constant(tensor('int64', [had.length, longest], lists)), code], { axis: 0 });
  const shape = g.op('Shape', [own]);
  const closed = g.op('Expand', [g.constant(tensor('float32', [1, 1], [never])), shape]);
  return g.op('ScatterElements', [scores, own, closed], { axis: 1 });
}

/** What is known of users, by code (0: a stranger, of whom nothing is). */
export interface KnownUsers {
  /** [users + 1 × k], NaN where unknown. */
  numeric: Float64Array;
  /** [users + 1 × c], 0 where unknown; the first column is the code itself. */
  codes: Int32Array;
}

/** `numeric` and `codes` of a request with what is left out filled in for users that are known, as `filled_numeric` and `filled_codes`. */
function knownUserGraph({ numeric, codes }: KnownUsers, columns: { numeric: number; codes: number }): Graph {
  const g = graphBuilder('users');
  const users = codes.length / columns.codes;
  const given = g.input('codes', 'int64', ['batch', columns.codes]);
  const user = g.op('Gather', [given, g.ints(0)], { axis: 1 });
  const of = (table: ReturnType<typeof tensor>) => g.op('Gather', [g.constant(table), user], { axis: 0 });
  if (columns.numeric > 0) {
    const values = g.input('numeric', 'float64', ['batch', columns.numeric]);
    const known = of(tensor('float64', [users, columns.numeric], numeric));
    g.output(g.op('Where', [g.op('IsNaN', [values]), known, values]), 'filled_numeric');
  }
  const known = of(tensor('int64', [users, columns.codes], BigInt64Array.from(codes, BigInt)));
  g.output(g.op('Where', [g.op('Equal', [given, g.ints(0)]), known, given]), 'filled_codes');
  return g.build();
}

/**
 * `numeric` and `codes` of users, as the edge gives them, to the recommender's answers. `weights` is the trained graph of the
 * family.
 */
export function recommenderGraph(
  preprocess: Preprocess,
  layout: Layout,
  hyper: Hyper,
  parts: { weights: Graph; shelf: Shelf; users: KnownUsers },
): Graph {
  const columns = { numeric: preprocess.numeric.length, codes: preprocess.category.length };
  const known = knownUserGraph(parts.users, columns);
  const features = featureGraph(preprocess);
  const bare = recommender(layout, hyper, parts.shelf);
  const own = bare.parameters.flatMap((name) => {
    const value = parts.weights.initializers.get(name);
    return value ? [[name, value] as const] : [];
  });
  const model = { ...bare, initializers: new Map([...bare.initializers, ...own]) };
  const wires = (first: Graph, pairs: Record<string, string>) =>
    Object.fromEntries(Object.entries(pairs).filter(([from]) => first.outputs.some(({ name }) => name === from)));
  if (!features) return model;
  const filled = compose(known, features, wires(known, { filled_numeric: 'numeric', filled_codes: 'codes' }));
  const whole = compose(filled, model, wires(filled, { dense: 'dense', embedded: 'embedded' }));
  return { ...whole, name: model.name };
}
