// Reading and writing at positions given by tensors.
import type { Dim } from '../../onnx/index.ts';
import { numbersOf } from '../../onnx/index.ts';
import type { OpRule, OpTable } from '../rule.ts';

const scatterElements: OpRule = {
  inputs: [3, 3],
  attributes: { axis: 'int', reduction: 'string' },
  infer: (c) => {
    const { dtype, shape } = c.input(0);
    c.axis(c.int('axis', 0), shape.length);
    if (c.input(1).shape.join() !== c.input(2).shape.join()) c.fail('indices and updates have different shapes');
    return [{ dtype, shape }];
  },
};

export const gatherOps: OpTable = {
  Gather: {
    inputs: [2, 2],
    attributes: { axis: 'int' },
    infer: (c) => {
      const { dtype, shape, known } = c.input(0);
      const axis = c.axis(c.int('axis', 0), shape.length);
      const at = c.input(1);
      const out: Dim[] = [...shape.slice(0, axis), ...at.shape, ...shape.slice(axis + 1)];
      const indices = at.known ?? [];
      if (!known || indices.length === 0 || indices.some((i) => typeof i !== 'number')) return [{ dtype, shape: out }];
      const picked = (indices as number[]).map(
        (i) => known.at(i) ?? c.fail(`index ${i} is outside ${known.length} elements`),
      );
      return [{ dtype, shape: out, known: picked }];
    },
  },
  GatherElements: {
    inputs: [2, 2],
    attributes: { axis: 'int' },
    infer: (c) => {
      const { dtype, shape } = c.input(0);
      c.axis(c.int('axis', 0), shape.length);
      if (c.input(1).shape.length !== shape.length) c.fail('data and indices have different ranks');
      return [{ dtype, shape: c.input(1).shape }];
    },
  },
  GatherND: {
    inputs: [2, 2],
    attributes: { batch_dims: 'int' },
    infer: (c) => {
      const { dtype, shape } = c.input(0);
      const at = c.input(1).shape;
      const batch = c.int('batch_dims', 0);
      const depth = at.at(-1);
      if (typeof depth !== 'number') c.fail('the last dimension of the indices must be known');
      return [{ dtype, shape: [...at.slice(0, -1), ...shape.slice(batch + Number(depth))] }];
    },
  },
  ScatterElements: scatterElements,
  ScatterND: {
    inputs: [3, 3],
    attributes: { reduction: 'string' },
    infer: (c) => [{ dtype: c.input(0).dtype, shape: c.input(0).shape }],
  },
  OneHot: {
    inputs: [3, 3],
    attributes: { axis: 'int' },
    infer: (c) => {
      const { shape } = c.input(0);
      const depth = c.known(1)[0];
      const axis = c.axis(c.int('axis', -1), shape.length + 1);
      return [{ dtype: c.input(2).dtype, shape: shape.toSpliced(axis, 0, depth) }];
    },
  },
  NonZero: {
    inputs: [1, 1],
    infer: (c) => [{ dtype: 'int64', shape: [c.input(0).shape.length, `(nonzero ${c.node.outputs[0]})`] }],
  },
  Compress: {
    inputs: [2, 2],
    attributes: { axis: 'int' },
    infer: (c) => {
      const { dtype, shape } = c.input(0);
      const axis = c.node.attributes['axis'] ? c.axis(c.int('axis', 0), shape.length) : undefined;
      const mask = c.constant(1);
      const count: Dim = mask ? numbersOf(mask).filter((x) => x !== 0).length : `(compress ${c.node.outputs[0]})`;
      return [{ dtype, shape: axis === undefined ? [count] : shape.with(axis, count) }];
    },
  },
};
