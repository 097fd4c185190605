// What a base makes of what a row has: a text's tokens, an image, numbers become one vector. Adds the base's graph to one
// under construction; decides nothing of heads or of what is trained.
import type { Value } from '../../graph/index.ts';
import { tensor } from '../../onnx/index.ts';
import { Fault, type Hyper } from '../../schema/index.ts';
import type { Parts } from '../inputs.ts';
import type { BaseInput, PretrainedBase } from './base.ts';
import { float32 } from './layers.ts';
import { splice } from './splice.ts';
import { type Pooling, pooled } from './withHead.ts';

/** TensorProto.DataType of what Cast makes. */
const codes = { float32, int32: 6, int64: 7, float64: 11 } as const;

/** Inputs of the folders' text models. */
const usual: readonly BaseInput[] = [
  { name: 'input_ids', as: 'ids' },
  { name: 'attention_mask', as: 'mask' },
];

/** `value` as the base's input of that name takes it. */
function cast({ g }: Parts, base: PretrainedBase, name: string, value: Value): Value {
  const wanted = base.graph.inputs.find((input) => input.name === name)?.dtype ?? value.dtype;
  return wanted === value.dtype ? value : g.op('Cast', [value], { to: codes[wanted as keyof typeof codes] });
}

/** Adds the base's nodes; gives the value that the head reads. */
function valueOf(
  parts: Parts,
  base: PretrainedBase,
  feeds: Record<string, Value>,
  output: string,
  name: string,
  shared: Map<string, Value>,
) {
  const values = splice(parts.g, base.graph, feeds, name, shared);
  const value = values.get(output);
  if (!value) throw new Fault('corrupt', `the pretrained model has no output "${output}"; import it again`);
  return value;
}

/** Tokens filled up with 0 to the one length that the graph takes: [batch, length]. */
function padded({ g }: Parts, tokens: Value, length: number): Value {
  const batch = g.op('Shape', [tokens], { start: 0, end: 1 });
  const shape = g.op('Concat', [batch, g.ints([length])], { axis: 0 });
  const zeros = g.op('Expand', [g.constant(tensor('int64', [1, 1], [0])), shape]);
  const long = g.op('Concat', [tokens, zeros], { axis: 1 });
  return g.op('Slice', [long, g.ints([0]), g.ints([length]), g.ints([1])]);
}

/** The vector of a text: [batch, width]. Tokens are ids shifted by one, 0 pads. */
export function readText(
  parts: Parts,
  base: PretrainedBase,
  tokens: Value,
  pool: string,
  name: string,
  shared: Map<string, Value>,
): Value {
  const { g } = parts;
  const { output, pool: own, inputs = usual, length, architecture } = base.about;
  const read = length === undefined ? tokens : padded(parts, tokens, length);
  const present = g.op('Greater', [read, g.ints(0)]);
  const ids = g.op('Max', [g.op('Sub', [read, g.ints(1)]), g.ints(0)]);
  const made = {
    ids: () => ids,
    mask: () => g.op('Cast', [present], { to: codes.int64 }),
    types: () => g.op('Mul', [ids, g.ints(0)]),
  };
  const feeds = Object.fromEntries(
    inputs.map((input) => [input.name, cast(parts, base, input.name, made[input.as as keyof typeof made]())]),
  );
  const asked = pool === 'auto' || architecture === 'onnx';
  const x = valueOf(parts, base, feeds, asked ? output : 'last_hidden_state', name, shared);
  const way = pool === 'auto' ? own : (pool as Pooling);
  return pooled(g, x, way, () => g.op('Cast', [present], { to: float32 }));
}

/** A value a channel against [batch, channels, height, width]. */
const channelwise = ({ g }: Parts, values: readonly number[]): Value =>
  g.constant(tensor('float32', [1, values.length, 1, 1], [...values]));

/** The picture with as many channels: one is repeated, several become their mean. */
function withChannels({ g }: Parts, picture: Value, wanted: number): Value {
  const channels = Number(picture.shape[1]);
  if (channels === wanted) return picture;
  if (channels === 1) return g.op('Concat', Array<Value>(wanted).fill(picture), { axis: 1 });
  if (wanted === 1) return g.op('ReduceMean', [picture], { axes: [1], keepdims: 1 });
  throw new Fault('bad_request', `the base reads images of ${wanted} channels, but these have ${channels}`);
}

/** The picture at the size that the base takes, between pixels by straight lines. */
function withSize({ g }: Parts, picture: Value, [height, width]: readonly (number | string)[]): Value {
  const [high, wide] = picture.shape.slice(2).map(Number);
  const factor = (wanted: number | string, now: number) => (typeof wanted === 'number' ? wanted / now : 1);
  const factors = [factor(height, high), factor(width, wide)];
  if (factors.every((one) => one === 1)) return picture;
  const scales = g.constant(tensor('float32', [4], [1, 1, ...factors]));
  const resized = g.op('Resize', [picture, null, scales], {
    mode: 'linear',
    coordinate_transformation_mode: 'half_pixel',
  });
  return g.assume(resized, [
    ...picture.shape.slice(0, 2),
    ...[height, width].map((size, i) => (typeof size === 'number' ? size : picture.shape[i + 2])),
  ]);
}

/** The vector of an image [batch, channels, height, width]: [batch, width]. */
export function readImage(parts: Parts, base: PretrainedBase, picture: Value, hyper: Hyper): Value {
  const { g } = parts;
  const { about, graph } = base;
  const [input] = graph.inputs;
  const [, channels, ...size] = input.shape;
  let x = typeof channels === 'number' ? withChannels(parts, picture, channels) : picture;
  x = withSize(parts, x, size);
  if (about.image && hyper['numbers'] === 'auto') {
    const { scale, mean, std } = about.image;
    const scaled = g.op('Mul', [x, g.constant(scale)]);
    x = g.op('Div', [g.op('Sub', [scaled, channelwise(parts, mean)]), channelwise(parts, std)]);
  }
  const pool = hyper['pool'] as string;
  const output = pool === 'auto' || about.architecture === 'onnx' ? about.output : 'last_hidden_state';
  const read = valueOf(parts, base, { [input.name]: cast(parts, base, input.name, x) }, output, 'image', new Map());
  return pooled(g, read, pool === 'auto' ? about.pool : (pool as Pooling), () => null);
}

/** The vector of a row's numbers [batch, count], given to the base's inputs in their order: [batch, width]. */
export function readNumbers(parts: Parts, base: PretrainedBase, numbers: Value, pool: string): Value {
  const { g } = parts;
  const widths = base.graph.inputs.map(({ shape }) => Number(shape[1]));
  const wanted = widths.reduce((sum, width) => sum + width, 0);
  const count = Number(numbers.shape[1]);
  if (count !== wanted)
    throw new Fault(
      'bad_request',
      `the base reads ${wanted} numbers a row, but the data has ${count} columns of numbers that vary: leave out those that it does not know (--ignore COLUMN)`,
    );
  const cut = widths.length === 1 ? [numbers] : g.ops('Split', [numbers, g.ints(widths)], { axis: 1 }, widths.length);
  const feeds = Object.fromEntries(base.graph.inputs.map(({ name }, i) => [name, cast(parts, base, name, cut[i])]));
  const x = valueOf(parts, base, feeds, base.about.output, 'row', new Map());
  return pooled(g, x, pool === 'auto' ? base.about.pool : (pool as Pooling), () => null);
}
