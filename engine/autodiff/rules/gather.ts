// Gradients of reading and writing at positions.
import { multiplyDims, sameShape, type Value } from '../../graph/index.ts';
import { numbersOf } from '../../onnx/index.ts';
import { type GradContext, rule, type RuleTable } from '../rule.ts';
import { reshapeLike } from '../shapes.ts';
import { zerosLike } from './shape.ts';

const axisOf = (c: GradContext): number => {
  const axis = c.int('axis', 0);
  return axis < 0 ? axis + c.x(0).shape.length : axis;
};

/** True when the indices are known and no two are equal. */
function distinct(c: GradContext, indices: Value): boolean {
  const constant = c.g.constantOf(indices.name);
  if (!constant) return false;
  const values = numbersOf(constant);
  return new Set(values).size === values.length && values.every((value) => value >= 0);
}

/**
 * Sums rows [n, width] into zeros [count, width] at `indices` (n of them). Not by ScatterND: onnxruntime 1.30 adds rows
 * of equal index in parallel without locking, so some get lost on several threads; its ScatterElements goes in order.
 */
function addRows(c: GradContext, shape: Value, indices: Value, rows: Value): Value {
  const { g } = c;
  const column = g.op('Reshape', [indices, g.ints([-1, 1])]);
  const places = g.assume(g.op('Expand', [g.assume(column, [rows.shape[0], 1]), g.op('Shape', [rows])]), rows.shape);
  return g.op('ScatterElements', [g.op('ConstantOfShape', [shape]), places, rows], { axis: 0, reduction: 'add' });
}

/** Adds the gradient's slices into zeros at the rows that were read; a row read twice gets both. */
function ungather(c: GradContext): Value {
  const { g } = c;
  const [x, at] = [c.x(0), c.x(1)];
  const axis = axisOf(c);
  // Bring the gathered axes to the front, scatter along axis 0, bring the axis back.
  const gathered = Array.from({ length: at.shape.length }, (_, i) => axis + i);
  const perm = [
    ...gathered,
    ...c
      .y(0)
      .shape.map((_, i) => i)
      .filter((i) => !gathered.includes(i)),
  ];
  const dy = axis === 0 ? c.dy : g.op('Transpose', [c.dy], { perm });
  const order = [axis, ...x.shape.map((_, i) => i).filter((i) => i !== axis)];
  const moved = axis === 0 ? x : g.op('Transpose', [x], { perm: order });
  const sum = (() => {
    if (distinct(c, at)) {
      const indices = at.dtype === 'int64' ? at : g.op('Cast', [at], { to: 7 });
      return g.op('ScatterND', [zerosLike(c, moved), g.op('Unsqueeze', [indices, g.ints([-1])]), dy]);
    }
    const flat = [moved.shape[0], multiplyDims(moved.shape.slice(1))];
    const shape = flat.every((dim) => typeof dim === 'number')
      ? g.ints(flat)
      : g.op('Shape', [g.op('Flatten', [moved], { axis: 1 })]);
    return reshapeLike(g, addRows(c, shape, at, g.op('Flatten', [dy], { axis: at.shape.length })), moved);
  })();
  return axis === 0 ? sum : g.op('Transpose', [sum], { perm: order.map((_, i) => order.indexOf(i)) });
}

/** As `ungather`, for positions given by several indices: they are counted through the axes they name. */
function ungatherPoints(c: GradContext): Value {
  const { g } = c;
  const [x, at] = [c.x(0), c.x(1)];
  if (c.int('batch_dims', 0) !== 0) c.fail('batch_dims above 0');
  const depth = at.shape.at(-1) as number;
  const sizes = x.shape
    .slice(0, depth)
    .map((dim) => (typeof dim === 'number' ? dim : c.fail('a size that is not known')));
  const strides = sizes.map((_, i) => sizes.slice(i + 1).reduce((a, b) => a * b, 1));
  // A negative index counts from the end of its own axis.
  const positive = g.op('Where', [g.op('Less', [at, g.ints(0)]), g.op('Add', [at, g.ints(sizes)]), at]);
  const places = g.op('ReduceSum', [g.op('Mul', [positive, g.ints(strides)]), g.ints([-1])], { keepdims: 0 });
  const rest = x.shape.slice(depth).map((dim) => (typeof dim === 'number' ? dim : c.fail('a size that is not known')));
  const width = rest.reduce((a, b) => a * b, 1);
  const rows = g.op('Reshape', [c.dy, g.ints([-1, width])]);
  return reshapeLike(g, addRows(c, g.ints([sizes.reduce((a, b) => a * b, 1), width]), places, rows), x);
}

/** What a scatter overwrote gets no gradient; what it added to keeps its own. */
const scattered = (gather: (c: GradContext) => Value, clear: (c: GradContext) => Value) =>
  rule((c) => {
    const reduction = c.text('reduction', 'none');
    if (reduction !== 'none' && reduction !== 'add') c.fail(`a scatter by ${reduction}`);
    return [() => (reduction === 'add' ? c.dy : clear(c)), null, () => gather(c)];
  });

export const gatherRules: RuleTable = {
  Gather: rule((c) => [() => ungather(c), null]),
  GatherElements: rule((c) => [
    () => c.g.op('ScatterElements', [zerosLike(c, c.x(0)), c.x(1), c.dy], { axis: axisOf(c), reduction: 'add' }),
    null,
  ]),
  GatherND: rule((c) => [() => ungatherPoints(c), null]),
  ScatterElements: scattered(
    (c) => c.g.op('GatherElements', [c.dy, c.x(1)], { axis: axisOf(c) }),
    (c) => c.g.op('ScatterElements', [c.dy, c.x(1), zerosLike(c, c.x(2))], { axis: axisOf(c) }),
  ),
  ScatterND: scattered(
    (c) => {
      const read = c.g.op('GatherND', [c.dy, c.x(1)]);
      return sameShape(read.shape, c.x(2).shape) ? read : c.g.op('Reshape', [read, c.g.op('Shape', [c.x(2)])]);
    },
    (c) => c.g.op('ScatterND', [c.dy, c.x(1), zerosLike(c, c.x(2))]),
  ),
};
