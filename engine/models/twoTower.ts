// Two towers (Covington et al. 2016; Yi et al. 2019): a vector for a user, one for an item, and their product says how likely
// the user takes it. Each vector is the sum of one that is learned for the very user or item and one that is made of features,
// so that a newcomer has one too. Which items a batch is compared with, and how often they come, is told by its inputs.
import { type Graph, graphBuilder, type GraphBuilder, type Value } from '../graph/index.ts';
import { tensor } from '../onnx/index.ts';
import { Fault, type Hyper } from '../schema/index.ts';
import type { Family } from './family.ts';
import { zeros } from './initial.ts';
import { bag, beside, dense, dropout, embed, embeddingWidth, type Inputs, openGraph, type Parts } from './inputs.ts';
import type { ItemSide, Layout } from './layout.ts';

/** Width of a text's vector before the tower's layers. */
const textWidth = 32;
/** Standard deviation of the learned vectors at the start: small, so that features speak first. */
const start = 0.05;

/** The item inputs of a graph: constants of all items, gathered for those that are asked for. */
function gathered(g: GraphBuilder, items: ItemSide, chosen: Value): Inputs {
  const take = (table: Value) => g.op('Gather', [table, chosen], { axis: 0 });
  const { layout, count } = items;
  const embedded = layout.embedded.map((_, i) =>
    BigInt64Array.from({ length: count }, (_, item) => items.embedded[item * layout.embedded.length + i]),
  );
  return {
    dense: layout.dense > 0 ? take(g.constant(tensor('float32', [count, layout.dense], items.dense))) : null,
    codes: embedded.map((codes) => take(g.constant(tensor('int64', [count], codes)))),
    texts: items.texts.map(({ ids, weights, width }) => ({
      ids: take(g.constant(tensor('int64', [count, width], ids))),
      weights: take(g.constant(tensor('float32', [count, width], weights))),
    })),
    tokens: [],
    pictures: [],
    sounds: [],
  };
}

/** Learned vector of `code` plus what layers make of the features: [rows, width]. */
function tower(parts: Parts, layout: Layout, code: { value: Value; rows: number }, name: string, hyper: Hyper): Value {
  const { g, inputs } = parts;
  const width = hyper['width'] as number;
  // Dropout is seeded by rows of the batch, which items are not.
  const share = name === 'user' ? (hyper['dropout'] as number) : 0;
  const own = embed(parts, code.value, code.rows, width, `${name}.own`, start);
  const features = [
    ...(inputs.dense ? [inputs.dense] : []),
    ...inputs.codes.map((codes, i) =>
      embed(parts, codes, layout.embedded[i], embeddingWidth(layout.embedded[i]), `${name}.category_${i}`, 0.5),
    ),
    ...inputs.texts.map((text, i) => bag(parts, text, layout.texts[i], textWidth, `${name}.text_${i}`, 0.3)),
  ];
  if (features.length === 0) return own;
  let x = beside(parts, features);
  for (const [i, columns] of (hyper['hidden'] as number[]).entries())
    x = dropout(parts, g.op('Relu', [dense(parts, x, columns, `${name}.hidden_${i}`, 'relu')]), share);
  return g.op('Add', [own, dense(parts, x, width, `${name}.features`, 'plain')]);
}

/** Vectors of users, [batch, size], from their code and their columns. Fault `bad_request` without a column of users. */
export function userTower(parts: Parts, layout: Layout, hyper: Hyper): Value {
  const [code, ...codes] = parts.inputs.codes;
  if (!code) throw new Fault('bad_request', 'model two-tower needs a column of users: name it with --user');
  const features = { ...parts, inputs: { ...parts.inputs, codes } };
  const rest = { ...layout, embedded: layout.embedded.slice(1) };
  return dropout(
    parts,
    tower(features, rest, { value: code, rows: layout.embedded[0] }, 'user', hyper),
    hyper['dropout'] as number,
  );
}

function itemTower(parts: Parts, items: ItemSide, chosen: Value, hyper: Hyper): { vectors: Value; popularity: Value } {
  const { g } = parts;
  const own = { ...parts, inputs: gathered(g, items, chosen) };
  const vectors = tower(own, items.layout, { value: chosen, rows: items.count }, 'item', hyper);
  const popularity = g.op('Gather', [g.parameter('item.popularity', zeros([items.count])), chosen], { axis: 0 });
  return { vectors, popularity };
}

function itemsOf({ items }: Layout): ItemSide {
  if (items) return items;
  throw new Fault('bad_request', 'model two-tower ranks items: name their column with --target and users with --user');
}

/** A tower of users and one of items whose products rank. */
export const twoTower: Family = {
  name: 'two-tower',
  says: 'a vector for each user and each item, from what they are and what was taken: which items a user takes next',
  suits: (layout) => layout.items !== undefined,
  tasks: ['ranking'],
  hyper: {
    width: {
      kind: 'integer',
      default: 32,
      range: [2, 512],
      log: true,
      says: 'length of a user’s and an item’s vector',
    },
    hidden: {
      kind: 'list',
      default: [],
      range: [1, 4096],
      most: 4,
      says: 'width of each layer over the features; none where features simply add up',
    },
    dropout: { kind: 'number', default: 0, range: [0, 0.9], says: 'share of hidden values dropped while training' },
    negatives: {
      kind: 'integer',
      default: 1024,
      range: [0, 100_000],
      log: true,
      says: 'items drawn for a batch to be compared with, beside its own; all where there are no more',
    },
    newcomers: {
      kind: 'number',
      default: 0.02,
      range: [0, 0.9],
      says: 'share of rows that count as a stranger’s while training, so that features alone must do',
    },
    liked: {
      kind: 'text',
      default: '',
      most: 40,
      says: 'least rating with which an item counts as liked; the median when empty',
    },
    repeat: { kind: 'switch', default: false, says: 'propose items that the user has had before, too' },
    top: { kind: 'integer', default: 20, range: [1, 1000], says: 'items that an answer has' },
  },
  build(layout, _outputs, hyper, seed) {
    const items = itemsOf(layout);
    const parts = openGraph('two-tower', layout, seed);
    const { g } = parts;
    const chosen = g.input('candidates', 'int64', ['candidates']);
    const often = g.input('candidates_log_q', 'float32', ['candidates']);
    const user = userTower(parts, layout, hyper);
    const { vectors, popularity } = itemTower(parts, items, chosen, hyper);
    const products = g.op('MatMul', [user, g.op('Transpose', [vectors], { perm: [1, 0] })]);
    // What is met more often as a candidate is not for that less likely (Bengio & Senécal 2008; Yi et al. 2019).
    g.output(g.op('Add', [products, g.op('Sub', [popularity, often])]), 'logits');
    return g.build();
  },
};

/** `candidates` int64 [n] to `vectors` float32 [n, width] and `popularity` [n]; weights have the names of the family's. */
export function itemGraph(layout: Layout, hyper: Hyper): Graph {
  const g = graphBuilder('items');
  const parts: Parts = {
    g,
    inputs: { dense: null, codes: [], texts: [], tokens: [], pictures: [], sounds: [] },
    seed: 0,
  };
  const made = itemTower(parts, itemsOf(layout), g.input('candidates', 'int64', ['candidates']), hyper);
  g.output(made.vectors, 'vectors');
  g.output(made.popularity, 'popularity');
  return g.build();
}
