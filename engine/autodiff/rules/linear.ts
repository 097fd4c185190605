// Gradients of products of matrices.
import { einsumTerms, type Value } from '../../graph/index.ts';
import { type GradContext, rule, type RuleTable } from '../rule.ts';
import { reshapeLike } from '../shapes.ts';

/** Swaps the last two axes. */
function transposed(c: GradContext, value: Value): Value {
  const rank = value.shape.length;
  const perm = Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));
  return c.g.op('Transpose', [value], { perm });
}

/** All leading axes in one: [..., k] as [n, k]. */
const flattened = (c: GradContext, value: Value): Value => c.g.op('Flatten', [value], { axis: value.shape.length - 1 });

const scaled = (c: GradContext, value: Value, factor: number): Value =>
  factor === 1 ? value : c.g.op('Mul', [value, c.g.constant(factor)]);

export const linearRules: RuleTable = {
  MatMul: rule((c) => {
    const [a, b] = [c.x(0), c.x(1)];
    const rankA = a.shape.length;
    const rankB = b.shape.length;
    if (rankA === 1 || rankB === 1) {
      // Vectors become matrices of one row or column.
      const row = () => (rankA === 1 ? c.g.op('Unsqueeze', [a, c.g.ints([0])]) : a);
      const column = () => (rankB === 1 ? c.g.op('Unsqueeze', [b, c.g.ints([1])]) : b);
      const full = () => {
        const wide = rankB === 1 ? c.g.op('Unsqueeze', [c.dy, c.g.ints([-1])]) : c.dy;
        return rankA === 1 ? c.g.op('Unsqueeze', [wide, c.g.ints([-2])]) : wide;
      };
      return [
        () => reshapeOrKeep(c, c.g.op('MatMul', [full(), transposed(c, column())]), a, rankA === 1),
        () => reshapeOrKeep(c, c.g.op('MatMul', [transposed(c, row()), full()]), b, rankB === 1),
      ];
    }
    return [
      () =>
        rankB === 2 && rankA > 2
          ? reshapeLike(c.g, c.g.op('Gemm', [flattened(c, c.dy), b], { transB: 1 }), a)
          : rankA === 2 && rankB === 2
            ? c.g.op('Gemm', [c.dy, b], { transB: 1 })
            : c.g.op('MatMul', [c.dy, transposed(c, b)]),
      () =>
        rankB === 2
          ? c.g.op('Gemm', [rankA === 2 ? a : flattened(c, a), rankA === 2 ? c.dy : flattened(c, c.dy)], { transA: 1 })
          : c.g.op('MatMul', [transposed(c, a), c.dy]),
    ];
  }),
  Gemm: rule((c) => {
    const [a, b] = [c.x(0), c.x(1)];
    const alpha = c.float('alpha', 1);
    const [transA, transB] = [c.int('transA', 0), c.int('transB', 0)];
    return [
      () =>
        transA
          ? c.g.op('Gemm', [b, c.dy], { transA: transB, transB: 1, alpha })
          : c.g.op('Gemm', [c.dy, b], { transB: 1 - transB, alpha }),
      () =>
        transB
          ? c.g.op('Gemm', [c.dy, a], { transA: 1, transB: transA, alpha })
          : c.g.op('Gemm', [a, c.dy], { transA: 1 - transA, alpha }),
      () => scaled(c, c.dy, c.float('beta', 1)),
    ].slice(0, c.inputs.length);
  }),
  Einsum: rule((c) => {
    const { inputs, output } = einsumTerms(c.text('equation', ''));
    return inputs.map((term, i) => () => {
      if (new Set(term).size !== term.length)
        c.fail(`equation ${c.text('equation', '')} repeats a letter in one operand`);
      const others = inputs.map((text, j) => ({ text, value: c.x(j) })).filter((_, j) => j !== i);
      const seen = new Set([...output.split(''), ...others.flatMap((o) => o.text.split(''))]);
      if (term.split('').some((letter) => !seen.has(letter)))
        c.fail(`equation ${c.text('equation', '')} sums over a letter of one operand only`);
      const equation = `${[output, ...others.map((o) => o.text)].join(',')}->${term}`;
      return c.g.op('Einsum', [c.dy, ...others.map((o) => o.value)], { equation });
    });
  }),
};

function reshapeOrKeep(c: GradContext, value: Value, like: Value, vector: boolean): Value {
  if (!vector) return value;
  const lead = value.shape.length - 2;
  const summed =
    lead > 0
      ? c.g.op('ReduceSum', [value, c.g.ints(Array.from({ length: lead }, (_, i) => i))], { keepdims: 0 })
      : value;
  return reshapeLike(c.g, summed, like);
}
