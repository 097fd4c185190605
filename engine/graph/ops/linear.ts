// Products of matrices.
import type { Dim } from '../../onnx/index.ts';
import { broadcastShapes, sameShape } from '../dims.ts';
import type { InferContext, OpTable } from '../rule.ts';

function matmulShape(c: InferContext, a: Dim[], b: Dim[]): Dim[] {
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  const [inner, outer] = [left.at(-1) as Dim, right.at(-2) as Dim];
  if (inner !== outer) c.fail(`inner dimensions ${inner} and ${outer} differ`);
  const batch = broadcastShapes(left.slice(0, -2), right.slice(0, -2));
  if (!batch) c.fail(`shapes [${a.join(',')}] and [${b.join(',')}] do not broadcast`);
  return [...batch, ...(a.length === 1 ? [] : [left.at(-2) as Dim]), ...(b.length === 1 ? [] : [right.at(-1) as Dim])];
}

/** Parts of an Einsum equation: one string of letters an operand, and the result's. */
export function einsumTerms(equation: string): { inputs: string[]; output: string } {
  const [left = '', right] = equation.replaceAll(' ', '').split('->');
  const inputs = left.split(',');
  if (right !== undefined) return { inputs, output: right };
  const letters = left.replaceAll(',', '').split('');
  return {
    inputs,
    output: [...new Set(letters)]
      .filter((l) => letters.filter((m) => m === l).length === 1)
      .toSorted()
      .join(''),
  };
}

export const linearOps: OpTable = {
  MatMul: {
    inputs: [2, 2],
    infer: (c) => {
      const [a, b] = [c.input(0), c.input(1)];
      if (a.dtype !== b.dtype) c.fail(`inputs have types ${a.dtype} and ${b.dtype}`);
      if (a.shape.length === 0 || b.shape.length === 0) c.fail('needs inputs of rank 1 or more');
      return [{ dtype: a.dtype, shape: matmulShape(c, a.shape, b.shape) }];
    },
  },
  Gemm: {
    inputs: [2, 3],
    attributes: { alpha: 'float', beta: 'float', transA: 'int', transB: 'int' },
    infer: (c) => {
      const [a, b] = [c.input(0), c.input(1)];
      if (a.shape.length !== 2 || b.shape.length !== 2) c.fail('needs matrices of rank 2');
      const [m, k] = c.int('transA', 0) ? a.shape.toReversed() : a.shape;
      const [l, n] = c.int('transB', 0) ? b.shape.toReversed() : b.shape;
      if (k !== l) c.fail(`inner dimensions ${k} and ${l} differ`);
      const shape = [m, n];
      const bias = c.inputs[2];
      if (bias && !sameShape(broadcastShapes(shape, bias.shape) ?? [], shape)) {
        c.fail(`a bias of shape [${bias.shape.join(',')}] does not broadcast to [${shape.join(',')}]`);
      }
      return [{ dtype: a.dtype, shape }];
    },
  },
  Einsum: {
    inputs: [1, 8],
    attributes: { equation: 'string' },
    infer: (c) => {
      const { inputs, output } = einsumTerms(c.text('equation', ''));
      if (inputs.length !== c.node.inputs.length) c.fail('the equation names another number of inputs');
      const dims = new Map<string, Dim>();
      inputs.forEach((term, i) => {
        const { shape } = c.input(i);
        if (term.includes('.') || term.length !== shape.length)
          c.fail(`term "${term}" does not match shape [${shape.join(',')}]`);
        term.split('').forEach((letter, axis) => {
          const seen = dims.get(letter);
          if (seen !== undefined && seen !== shape[axis])
            c.fail(`letter ${letter} stands for ${seen} and ${shape[axis]}`);
          dims.set(letter, shape[axis]);
        });
      });
      return [
        {
          dtype: c.input(0).dtype,
          shape: output.split('').map((l) => dims.get(l) ?? c.fail(`letter ${l} has no size`)),
        },
      ];
    },
  },
};
