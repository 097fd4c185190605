// Reductions, normalising exponentials, running sums, sorting.
import type { Dim } from '../../onnx/index.ts';
import type { InferContext, OpRule, OpTable } from '../rule.ts';

/** Axes that a reduction removes: from the attribute, the second input, or all. */
export function reduceAxes(c: InferContext, fromInput: boolean): number[] {
  const rank = c.input(0).shape.length;
  const given = fromInput ? (c.inputs[1] ? c.numbers(1) : undefined) : c.ints('axes');
  if (!given || given.length === 0)
    return c.int('noop_with_empty_axes', 0) ? [] : Array.from({ length: rank }, (_, i) => i);
  return given.map((axis) => c.axis(axis, rank)).toSorted((a, b) => a - b);
}

const reduced = (shape: readonly Dim[], axes: readonly number[], keep: boolean): Dim[] =>
  keep ? shape.map((dim, i) => (axes.includes(i) ? 1 : dim)) : shape.filter((_, i) => !axes.includes(i));

const reduce = (fromInput: boolean): OpRule => ({
  inputs: [1, fromInput ? 2 : 1],
  attributes: fromInput ? { keepdims: 'int', noop_with_empty_axes: 'int' } : { axes: 'ints', keepdims: 'int' },
  infer: (c) => {
    const { dtype, shape } = c.input(0);
    return [{ dtype, shape: reduced(shape, reduceAxes(c, fromInput), c.int('keepdims', 1) === 1) }];
  },
});

const alongAxis = (attributes: OpRule['attributes'], inputs: readonly [number, number] = [1, 1]): OpRule => ({
  inputs,
  attributes,
  infer: (c) => {
    const { dtype, shape } = c.input(0);
    if ('axis' in (attributes ?? {})) c.axis(c.int('axis', -1), shape.length);
    return [{ dtype, shape }];
  },
});

const arg: OpRule = {
  inputs: [1, 1],
  attributes: { axis: 'int', keepdims: 'int', select_last_index: 'int' },
  infer: (c) => {
    const { shape } = c.input(0);
    return [
      { dtype: 'int64', shape: reduced(shape, [c.axis(c.int('axis', 0), shape.length)], c.int('keepdims', 1) === 1) },
    ];
  },
};

export const reduceOps: OpTable = {
  ReduceSum: reduce(true),
  ReduceMean: reduce(false),
  ReduceMax: reduce(false),
  ReduceMin: reduce(false),
  ReduceProd: reduce(false),
  ReduceL1: reduce(false),
  ReduceL2: reduce(false),
  ReduceLogSum: reduce(false),
  ReduceLogSumExp: reduce(false),
  ReduceSumSquare: reduce(false),
  Softmax: alongAxis({ axis: 'int' }),
  LogSoftmax: alongAxis({ axis: 'int' }),
  Hardmax: alongAxis({ axis: 'int' }),
  CumSum: alongAxis({ exclusive: 'int', reverse: 'int' }, [2, 2]),
  ArgMax: arg,
  ArgMin: arg,
  TopK: {
    inputs: [2, 2],
    outputs: [1, 2],
    attributes: { axis: 'int', largest: 'int', sorted: 'int' },
    infer: (c) => {
      const { dtype, shape } = c.input(0);
      const axis = c.axis(c.int('axis', -1), shape.length);
      const k = c.known(1)[0];
      const out = shape.map((dim, i) => (i === axis ? k : dim));
      return [
        { dtype, shape: out },
        { dtype: 'int64', shape: out },
      ];
    },
  },
};
