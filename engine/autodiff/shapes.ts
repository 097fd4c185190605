// Bookkeeping of shapes in gradients: summing broadcasts back, expanding, shapes as values where they are symbolic.
import { type Dim, type GraphBuilder, sameShape, type Value } from '../graph/index.ts';

/** A shape as an int64 vector: constant where numeric, else read off `like`, a value whose shape holds the symbols. */
export function shapeValue(g: GraphBuilder, shape: readonly Dim[], like: readonly Value[]): Value {
  if (shape.every((dim) => typeof dim === 'number')) return g.ints(shape);
  const whole = like.find((value) => sameShape(value.shape, shape));
  if (whole) return g.op('Shape', [whole]);
  const parts: Value[] = [];
  for (const dim of shape) {
    if (typeof dim === 'number') {
      parts.push(g.ints([dim]));
      continue;
    }
    const source = like.find((value) => value.shape.includes(dim));
    if (!source) throw new Error(`no value has dimension ${dim}`);
    const at = source.shape.indexOf(dim);
    parts.push(g.op('Shape', [source], { start: at, end: at + 1 }));
  }
  return parts.length === 1 ? parts[0] : g.op('Concat', parts, { axis: 0 });
}

/** Gives `value` the shape of `like`, which has as many elements. */
export function reshapeLike(g: GraphBuilder, value: Value, like: Value): Value {
  if (sameShape(value.shape, like.shape)) return value;
  const symbols = like.shape.filter((dim) => typeof dim !== 'number');
  // One unknown dimension is what is left over.
  if (symbols.length === 1)
    return g.op('Reshape', [value, g.ints(like.shape.map((dim) => (typeof dim === 'number' ? dim : -1)))]);
  return g.op('Reshape', [value, shapeValue(g, like.shape, [like])]);
}

/** Broadcasts `value` to the shape of `like`. */
export function expandLike(g: GraphBuilder, value: Value, like: Value): Value {
  return sameShape(value.shape, like.shape) ? value : g.op('Expand', [value, shapeValue(g, like.shape, [like])]);
}

/** Sums a gradient back to the shape that was broadcast into it. */
export function sumTo(g: GraphBuilder, value: Value, shape: readonly Dim[]): Value {
  if (sameShape(value.shape, shape)) return value;
  const lead = value.shape.length - shape.length;
  const front = Array.from({ length: lead }, (_, i) => i);
  const inner = shape.flatMap((dim, i) => (dim === 1 && value.shape[i + lead] !== 1 ? [i + lead] : []));
  if (inner.length === 0) return g.op('ReduceSum', [value, g.ints(front)], { keepdims: 0 });
  const summed = g.op('ReduceSum', [value, g.ints([...front, ...inner])], { keepdims: 1 });
  return lead === 0 ? summed : g.op('Squeeze', [summed, g.ints(front)]);
}
