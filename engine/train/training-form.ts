// The training form of a forward graph: what acts otherwise while training (Dropout, BatchNormalization) rewritten in
// standard operators. The forward graph itself stays as it is served.
import { type Dim, type GraphBuilder, type Graph, graphBuilder, type Node, type Value } from '../graph/index.ts';
import { numbersOf, tensor } from '../onnx/index.ts';
import { rng } from '../base/index.ts';
import { Fault } from '../schema/index.ts';

export interface TrainingForm {
  g: GraphBuilder;
  /** The forward graph's outputs in their training form. */
  outputs: Map<string, Value>;
  /** New values of buffers (running statistics) by the buffer's name. */
  updates: Map<string, Value>;
  /** True when the graph reads `dropout.step` (int32 [1]) and `dropout.rows` (int32 [batch]). */
  random: boolean;
}

interface Context {
  g: GraphBuilder;
  /** The value that stands for a name of the forward graph. */
  get: (name: string) => Value;
  /** Sample weights, float32 [batch]. */
  weights: Value;
  updates: Map<string, Value>;
  rows: () => { step: Value; rows: Value };
}

type Rewrite = (context: Context, node: Node) => Value;

const int32 = (g: GraphBuilder, value: number): Value => g.constant(tensor('int32', [], [value | 0]));

/** x·(2x+1) mod 2³² (the quadratic of RC6, a permutation whose high bits depend on all bits below), twice. */
function mixed(g: GraphBuilder, x: Value, salt: number): Value {
  const once = (v: Value) => g.op('Mul', [v, g.op('Add', [g.op('Add', [v, v]), int32(g, 1)])]);
  return once(g.op('Add', [once(x), int32(g, salt)]));
}

/** One random key an index of an axis: a constant where the size is known. */
function axisKeys(g: GraphBuilder, x: Value, axis: number, salt: string): Value {
  const dim: Dim = x.shape[axis];
  const random = rng(0, salt, axis);
  if (typeof dim === 'number')
    return g.constant(
      tensor(
        'int32',
        [dim],
        Int32Array.from({ length: dim }, () => random.int(2 ** 32) | 0),
      ),
    );
  const size = g.op('Squeeze', [g.op('Shape', [x], { start: axis, end: axis + 1 }), g.ints([0])]);
  const index = g.op('Cast', [g.op('Range', [g.ints(0), size, g.ints(1)])], { to: 6 });
  return mixed(g, g.op('Mul', [index, int32(g, random.int(2 ** 32) | 1)]), random.int(2 ** 32));
}

/**
 * Dropout by a hash of run seed and step (`dropout.step`), row (`dropout.rows`), node and position: the same bits
 * wherever the row is computed. Kept values are scaled by 1/(1−p) (Srivastava et al. 2014).
 */
const dropout: Rewrite = ({ g, get, rows }, node) => {
  const x = get(node.inputs[0]);
  const ratio = node.inputs[1] ? g.constantOf(node.inputs[1]) : undefined;
  if (node.inputs[1] && !ratio) throw new Fault('bad_graph', `Dropout "${node.name}" needs a constant ratio`);
  const p = ratio ? numbersOf(ratio)[0] : 0.5;
  if (p <= 0) return x;
  const source = rows();
  const salt = rng(0, node.name).int(2 ** 32);
  const column = [-1, ...x.shape.slice(1).map(() => 1)];
  let key = g.op('Reshape', [mixed(g, g.op('Add', [source.rows, source.step]), salt), g.ints(column)]);
  for (let axis = 1; axis < x.shape.length; axis++) {
    const keys = axisKeys(g, x, axis, node.name);
    const aligned = g.op('Reshape', [keys, g.ints(x.shape.slice(1).map((_, i) => (i === axis - 1 ? -1 : 1)))]);
    key = g.op('Add', [key, aligned]);
  }
  const bits = mixed(g, key, salt ^ 0x5bd1e995);
  const threshold = Math.min(2 ** 31 - 1, Math.round(p * 2 ** 32) - 2 ** 31);
  const keep = g.op('Cast', [g.op('GreaterOrEqual', [bits, int32(g, threshold)])], { to: 1 });
  return g.op('Mul', [x, g.op('Mul', [keep, g.constant(1 / (1 - p))])]);
};

/**
 * Batch normalisation by the batch's own statistics (Ioffe & Szegedy 2015) over rows of weight above 0; running
 * statistics move by 1 − momentum, the variance unbiased, as in PyTorch.
 */
const batchNormalization: Rewrite = ({ g, get, weights, updates }, node) => {
  const [x, scale, bias, runningMean, runningVar] = node.inputs.map(get);
  const [channels] = scale.shape;
  const attribute = (name: string, otherwise: number) =>
    (node.attributes[name]?.value as number | undefined) ?? otherwise;
  const space = x.shape.slice(2).map((_, i) => i + 2);
  const present = g.op('Cast', [g.op('Greater', [weights, g.constant(0)])], { to: 1 });
  const rows = g.op('ReduceSum', [present], { keepdims: 1 });
  const share = g.op('Unsqueeze', [g.op('Div', [present, rows]), g.ints([0])]);
  const overRows = (value: Value) => {
    const each = space.length > 0 ? g.op('ReduceMean', [value], { axes: space, keepdims: 0 }) : value;
    return g.op('MatMul', [share, each]);
  };
  const aligned = (value: Value) => g.op('Reshape', [value, g.ints([1, channels as number, ...space.map(() => 1)])]);
  const flat = (value: Value) => g.op('Reshape', [value, g.ints([channels as number])]);
  const mean = overRows(x);
  const centred = g.op('Sub', [x, aligned(mean)]);
  const variance = overRows(g.op('Mul', [centred, centred]));
  const deviation = g.op('Sqrt', [g.op('Add', [variance, g.constant(attribute('epsilon', 1e-5))])]);
  const gain = g.op('Div', [flat(scale), flat(deviation)]);

  const momentum = attribute('momentum', 0.9);
  const moved = (running: Value, fresh: Value) =>
    g.op('Add', [g.op('Mul', [running, g.constant(momentum)]), g.op('Mul', [flat(fresh), g.constant(1 - momentum)])]);
  const sizes = space.map((axis) => g.op('Cast', [g.op('Shape', [x], { start: axis, end: axis + 1 })], { to: 1 }));
  const count = sizes.reduce((a, b) => g.op('Mul', [a, b]), rows);
  const free = g.op('Max', [g.op('Sub', [count, g.constant(1)]), g.constant(1)]);
  updates.set(node.inputs[3], moved(runningMean, mean));
  updates.set(node.inputs[4], moved(runningVar, g.op('Mul', [variance, g.op('Div', [count, free])])));
  return g.op('Add', [g.op('Mul', [centred, aligned(gain)]), aligned(bias)]);
};

const rewrites: Readonly<Record<string, Rewrite>> = { Dropout: dropout, BatchNormalization: batchNormalization };

/**
 * Starts a graph holding the training form of `forward`. Parameters and buffers become inputs of the same names;
 * `weights` (float32 [batch]) becomes an input of the given name.
 */
export function trainingForm(forward: Graph, state: readonly string[], weightsName: string, batch: Dim): TrainingForm {
  const g = graphBuilder(`${forward.name} training`);
  const names = new Map<string, Value>();
  for (const { name, dtype, shape } of forward.inputs) names.set(name, g.input(name, dtype, shape));
  const weights = g.input(weightsName, 'float32', [batch]);
  const inputs = new Set(state);
  for (const [name, value] of forward.initializers) {
    names.set(name, inputs.has(name) ? g.input(name, value.dtype, value.dims) : g.constant(value, name));
  }
  const updates = new Map<string, Value>();
  let random: { step: Value; rows: Value } | undefined;
  const get = (name: string): Value => {
    const value = names.get(name);
    if (!value) throw new Fault('bad_graph', `graph ${forward.name} has no value "${name}"`);
    return value;
  };
  const rows = () => {
    random ??= { step: g.input('dropout.step', 'int32', [1]), rows: g.input('dropout.rows', 'int32', [batch]) };
    return random;
  };
  // A normalisation whose scale and shift are frozen goes on with the statistics that it came with.
  const isFrozen = (node: Node) => node.op === 'BatchNormalization' && !inputs.has(node.inputs[3]);
  for (const node of forward.nodes) {
    const rewrite =
      node.domain === '' && Object.hasOwn(rewrites, node.op) && !isFrozen(node) ? rewrites[node.op] : undefined;
    if (rewrite) {
      names.set(node.outputs[0], rewrite({ g, get, weights, updates, rows }, node));
      continue;
    }
    const made = g.node({
      ...node,
      // A rewrite before it may have taken its names.
      name: `forward/${node.name}`,
      inputs: node.inputs.map((name) => (name === '' ? '' : get(name).name)),
      outputs: node.outputs.map((name) => (name === '' ? '' : `forward/${name}`)),
    });
    node.outputs.filter((name) => name !== '').forEach((name, i) => names.set(name, made[i]));
  }
  return {
    g,
    outputs: new Map(forward.outputs.map(({ name }) => [name, get(name)])),
    updates,
    random: random !== undefined,
  };
}
