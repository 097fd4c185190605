// What operators meant in other opsets, said with those of ours (17): one table of rewrites, by operator. Also forms that
// standard operators can express. Rewrites a node at a time, knowing the types before it; computes nothing.
import type { Attribute, Node, Tensor } from '../onnx/index.ts';
import { numbersOf, tensor } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';
import { nameNode, type ValueType } from './rule.ts';
import { opTable } from './table.ts';

/** Opsets that can be read: from where Clip, Pad and Resize take inputs up to the newest whose changes stand below. */
export const readableOpsets = { least: 11, most: 21 } as const;

/** What a rewrite may look at and add. */
export interface LevelContext {
  opset: number;
  type(name: string): ValueType | undefined;
  constant(name: string): Tensor | undefined;
  /** Adds an initializer; gives its name. */
  add(value: Tensor): string;
}

type Rewrite = (node: Node, context: LevelContext) => Node[];

const fail = (node: Node, message: string): never => {
  throw new Fault('bad_graph', `${nameNode(node)}: ${message}`);
};
const integers = (values: readonly number[]): Tensor => tensor('int64', [values.length], values);
const int = (value: number): Attribute => ({ type: 'int', value });
const attributeOf = (node: Node, name: string) => node.attributes[name]?.value;
const without = (node: Node, ...names: string[]): Node => ({
  ...node,
  attributes: Object.fromEntries(Object.entries(node.attributes).filter(([name]) => !names.includes(name))),
});

/** A node made for another one: `part` names it and what it makes. */
const made = (of: Node, part: string, op: string, inputs: string[], attributes: Node['attributes'] = {}): Node => {
  const name = `${of.outputs[0]}/${part}`;
  return { op, domain: '', name, inputs, outputs: [name], attributes };
};
/** The last of the nodes that stand for another: it makes what that one made. */
const last = (of: Node, op: string, inputs: string[], attributes: Node['attributes'] = {}): Node => ({
  op,
  domain: '',
  name: of.name,
  inputs,
  outputs: of.outputs.slice(0, 1),
  attributes,
});

/** Integers of an input that must be constant. */
function constants(node: Node, c: LevelContext, i: number, what: string): number[] {
  const value = c.constant(node.inputs[i]);
  return value ? numbersOf(value) : fail(node, `${what} must be constant`);
}

/** Axes, sizes and the like that became inputs in opset 13. */
const attributeToInput =
  (name: string, below: number): Rewrite =>
  (node, c) => {
    const value = attributeOf(node, name) as number[] | undefined;
    if (c.opset >= below || value === undefined) return [node];
    return [{ ...without(node, name), inputs: [node.inputs[0], c.add(integers(value))] }];
  };

/** Axes of a Reduce* are an attribute up to opset 17 and an input later: ours are the attribute's form, but ReduceSum's. */
const reduction: Rewrite = (node, c) => {
  const noop = attributeOf(node, 'noop_with_empty_axes') === 1;
  const inputForm = !('axes' in (opTable[node.op]?.attributes ?? {}));
  if (inputForm) return c.opset < 13 ? attributeToInput('axes', 13)(node, c) : [node];
  const plain = without(node, 'noop_with_empty_axes');
  const axes = node.inputs[1] ? constants(node, c, 1, 'axes') : [];
  if (axes.length > 0)
    return [
      {
        ...plain,
        inputs: node.inputs.slice(0, 1),
        attributes: { ...plain.attributes, axes: { type: 'ints', value: axes } },
      },
    ];
  if (noop && !('axes' in node.attributes)) return [last(node, 'Identity', node.inputs.slice(0, 1))];
  return [{ ...plain, inputs: node.inputs.slice(0, 1) }];
};

/** Before opset 13 these ran over everything from `axis` on, laid flat. */
const overFlat: Rewrite = (node, c) => {
  if (c.opset >= 13) return [node];
  const [x] = node.inputs;
  const rank = c.type(x)?.shape.length ?? fail(node, 'the rank of its input must be known');
  const given = (attributeOf(node, 'axis') as number | undefined) ?? 1;
  const axis = given < 0 ? given + rank : given;
  if (axis === rank - 1) return [{ ...node, attributes: { axis: int(-1) } }];
  const flat = made(node, 'flat', 'Flatten', [x], { axis: int(axis) });
  const shares = made(node, 'shares', node.op, flat.outputs, { axis: int(-1) });
  const shape = made(node, 'shape', 'Shape', [x]);
  return [flat, shares, shape, last(node, 'Reshape', [shares.outputs[0], shape.outputs[0]])];
};

const split: Rewrite = (node, c) => {
  const [leveled] = attributeToInput('split', 13)(node, c);
  const plain = without(leveled, 'num_outputs');
  if (leveled.inputs[1] || !('num_outputs' in node.attributes)) return [plain];
  const count = node.outputs.length;
  const shape = c.type(node.inputs[0])?.shape ?? [];
  const axis = (attributeOf(node, 'axis') as number | undefined) ?? 0;
  const size = shape.at(axis);
  if (typeof size !== 'number' || size % count === 0) return [plain];
  const each = Math.ceil(size / count);
  const sizes = Array.from({ length: count }, (_, i) => Math.max(0, Math.min(each, size - i * each)));
  return [{ ...plain, inputs: [node.inputs[0], c.add(integers(sizes))] }];
};

/** Pads of some axes (opset 18) as pads of all. */
const pad: Rewrite = (node, c) => {
  if (!node.inputs[3]) return [node];
  const rank = c.type(node.inputs[0])?.shape.length ?? fail(node, 'the rank of its input must be known');
  const axes = constants(node, c, 3, 'axes');
  const pads = constants(node, c, 1, 'pads');
  const all = Array<number>(2 * rank).fill(0);
  axes.forEach((given, i) => {
    const axis = given < 0 ? given + rank : given;
    all[axis] = pads[i];
    all[axis + rank] = pads[i + axes.length];
  });
  return [{ ...node, inputs: [node.inputs[0], c.add(integers(all)), ...node.inputs.slice(2, 3)] }];
};

/** Leaves attributes out that say what holds anyway; refuses other values of them. */
const usual =
  (values: Readonly<Record<string, readonly unknown[]>>): Rewrite =>
  (node) => {
    for (const [name, fine] of Object.entries(values)) {
      const attribute = node.attributes[name];
      const value = attribute && JSON.stringify(attribute.value);
      if (!value || fine.some((one) => JSON.stringify(one) === value)) continue;
      fail(node, `${name} ${value} is not supported: export the model with opset 17`);
    }
    return [without(node, ...Object.keys(values))];
  };

const dropout: Rewrite = (node, c) => {
  const ratio = attributeOf(node, 'ratio') as number | undefined;
  if (c.opset >= 12 || ratio === undefined) return [node];
  return [{ ...without(node, 'ratio'), inputs: [node.inputs[0], c.add(tensor('float32', [], [ratio]))] }];
};

const number = (c: LevelContext, value: number) => c.add(tensor('float32', [], [value]));

/** x·Φ(x), or its form by tanh (Hendrycks & Gimpel 2016). */
const gelu: Rewrite = (node, c) => {
  const [x] = node.inputs;
  const by = attributeOf(node, 'approximate') === 'tanh' ? 'Tanh' : 'Erf';
  const inner: Node[] = [];
  if (by === 'Erf') inner.push(made(node, 'inner', 'Mul', [x, number(c, Math.SQRT1_2)]));
  else {
    const cube = made(node, 'cube', 'Mul', [made(node, 'square', 'Mul', [x, x]).name, x]);
    const part = made(node, 'part', 'Mul', [cube.name, number(c, 0.044715)]);
    const sum = made(node, 'sum', 'Add', [x, part.name]);
    inner.push(
      made(node, 'square', 'Mul', [x, x]),
      cube,
      part,
      sum,
      made(node, 'inner', 'Mul', [sum.name, number(c, Math.sqrt(2 / Math.PI))]),
    );
  }
  const gate = made(node, 'gate', by, [`${node.outputs[0]}/inner`]);
  const up = made(node, 'up', 'Add', [gate.name, number(c, 1)]);
  const half = made(node, 'half', 'Mul', [x, number(c, 0.5)]);
  return [...inner, gate, up, half, last(node, 'Mul', [half.name, up.name])];
};

/** x·tanh(softplus(x)) (Misra 2019). */
const mish: Rewrite = (node) => {
  const soft = made(node, 'soft', 'Softplus', node.inputs);
  const gate = made(node, 'gate', 'Tanh', [soft.name]);
  return [soft, gate, last(node, 'Mul', [node.inputs[0], gate.name])];
};

/** Normalisation over groups of channels (Wu & He 2018), as instances of [batch, groups, rest]. */
const groupNormalization: Rewrite = (node, c) => {
  const [x, scale, bias] = node.inputs;
  const groups = attributeOf(node, 'num_groups') as number;
  const shape = c.type(x)?.shape ?? fail(node, 'the shape of its input must be known');
  const channels = shape[1];
  if (typeof channels !== 'number') return fail(node, 'the number of channels must be known');
  const epsilon = node.attributes['epsilon'];
  const grouped = made(node, 'grouped', 'Reshape', [x, c.add(integers([0, groups, -1]))]);
  const ones = c.add(tensor('float32', [groups], Array<number>(groups).fill(1)));
  const zeros = c.add(tensor('float32', [groups]));
  const even = made(node, 'even', 'InstanceNormalization', [grouped.name, ones, zeros], epsilon ? { epsilon } : {});
  const dims = made(node, 'dims', 'Shape', [x]);
  const back = made(node, 'back', 'Reshape', [even.name, dims.name]);
  // One figure a channel from opset 21 on, one a group before.
  const each = c.opset >= 21 ? channels : groups;
  const rows = c.add(integers([each, 1]));
  const spread = c.add(integers([each, channels / each]));
  const column = c.add(integers([1, channels, ...shape.slice(2).map(() => 1)]));
  const placed = [scale, bias].flatMap((name, i) => [
    made(node, `rows${i}`, 'Reshape', [name, rows]),
    made(node, `spread${i}`, 'Expand', [`${node.outputs[0]}/rows${i}`, spread]),
    made(node, `placed${i}`, 'Reshape', [`${node.outputs[0]}/spread${i}`, column]),
  ]);
  const scaled = made(node, 'scaled', 'Mul', [back.name, `${node.outputs[0]}/placed0`]);
  const sum = last(node, 'Add', [scaled.name, `${node.outputs[0]}/placed1`]);
  return [grouped, even, dims, back, ...placed, scaled, sum];
};

/** Operators whose meaning or form differs, by name. */
const rewrites: Readonly<Record<string, Rewrite>> = {
  ...Object.fromEntries(
    Object.keys(opTable)
      .filter((name) => name.startsWith('Reduce'))
      .map((name) => [name, reduction]),
  ),
  Squeeze: attributeToInput('axes', 13),
  Unsqueeze: attributeToInput('axes', 13),
  Split: split,
  Softmax: overFlat,
  LogSoftmax: overFlat,
  Hardmax: overFlat,
  Pad: pad,
  Dropout: dropout,
  Cast: usual({ saturate: [1] }),
  AveragePool: usual({ dilations: [[1], [1, 1], [1, 1, 1]] }),
  Resize: (node, c) =>
    node.attributes['axes']
      ? fail(node, 'axes are not supported: export the model with opset 17')
      : usual({ antialias: [0], keep_aspect_ratio_policy: ['stretch'] })(node, c),
  Gelu: gelu,
  Mish: mish,
  GroupNormalization: groupNormalization,
};

/** Operators that some opset says otherwise than ours, or that only other opsets have. */
export const rewrittenOps: readonly string[] = Object.keys(rewrites);

/** Whether an operator of the standard domain can be read, though the table of operators may not have it. */
export const isReadable = (op: string): boolean =>
  (Object.hasOwn(opTable, op) && (opTable[op].domain ?? '') === '') || Object.hasOwn(rewrites, op);

/** The nodes of our opset that a node stands for. Throws `bad_graph` naming the node where there are none. */
export function level(node: Node, context: LevelContext): Node[] {
  const rewrite = node.domain === '' && Object.hasOwn(rewrites, node.op) ? rewrites[node.op] : undefined;
  return rewrite ? rewrite(node, context) : [node];
}
