// Gradients of reading and writing at positions.
import { sameShape, type Value } from '../../graph/index.ts';
import { type GradContext, rule, type RuleTable } from '../rule.ts';
import { zerosLike } from './shape.ts';

const axisOf = (c: GradContext): number => {
  const axis = c.int('axis', 0);
  return axis < 0 ? axis + c.x(0).shape.length : axis;
};

/** Adds the gradient's slices into zeros at the rows that were read; a row read twice gets both. */
function ungather(c: GradContext): Value {
  const [x, at] = [c.x(0), c.x(1)];
  const axis = axisOf(c);
  const rank = x.shape.length;
  const deep = c.y(0).shape.length;
  // Bring the gathered axes to the front, scatter along axis 0, bring the axis back.
  const gathered = Array.from({ length: at.shape.length }, (_, i) => axis + i);
  const perm = [...gathered, ...Array.from({ length: deep }, (_, i) => i).filter((i) => !gathered.includes(i))];
  const dy = axis === 0 ? c.dy : c.g.op('Transpose', [c.dy], { perm });
  const order = [axis, ...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis)];
  const zeros = zerosLike(c, axis === 0 ? x : c.g.op('Transpose', [x], { perm: order }));
  const indices = c.g.op('Unsqueeze', [at.dtype === 'int64' ? at : c.g.op('Cast', [at], { to: 7 }), c.g.ints([-1])]);
  const sum = c.g.op('ScatterND', [zeros, indices, dy], { reduction: 'add' });
  return axis === 0 ? sum : c.g.op('Transpose', [sum], { perm: order.map((_, i) => order.indexOf(i)) });
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
  GatherND: rule((c) => [
    () => {
      if (c.int('batch_dims', 0) !== 0) c.fail('batch_dims above 0');
      return c.g.op('ScatterND', [zerosLike(c, c.x(0)), c.x(1), c.dy], { reduction: 'add' });
    },
    null,
  ]),
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
