// Which ONNX operators models may have, for `neutrino doctor --ops`: read off the tables that the engine itself goes by.
// Runs nothing. The tables are loaded on demand, since they bring the runtime along.

export interface OperatorCoverage {
  op: string;
  /** '' is the standard domain. */
  domain: string;
  /** `own`: the table of operators knows its shapes; `rewritten`: said with operators that it knows when a file is imported. */
  shapes: 'own' | 'rewritten';
  /** `zero` where the derivative is zero wherever it exists; `none`: weights before it cannot be trained. */
  gradient: 'yes' | 'zero' | 'none';
  /** Runtimes that run it; on a GPU, onnxruntime hands what has no kernel there to the processor. */
  runtimes: string[];
}

/** Every operator by name. */
export async function operatorCoverage(): Promise<OperatorCoverage[]> {
  const [{ opTable, rewrittenOps }, { gradientOf }, { hasTfjsKernel }] = await Promise.all([
    import('../graph/index.ts'),
    import('../autodiff/index.ts'),
    import('../runtime/index.ts'),
  ]);
  const ort = ['ort'];
  const own = Object.entries(opTable).map(
    ([op, { domain = '' }]): OperatorCoverage => ({
      op,
      domain,
      shapes: 'own',
      gradient: gradientOf(op),
      runtimes: domain === '' && hasTfjsKernel(op) ? [...ort, 'tfjs'] : ort,
    }),
  );
  // What stands for them is made of operators that train and that both runtimes have.
  const rewritten = rewrittenOps
    .filter((op) => !Object.hasOwn(opTable, op))
    .map(
      (op): OperatorCoverage => ({ op, domain: '', shapes: 'rewritten', gradient: 'yes', runtimes: [...ort, 'tfjs'] }),
    );
  return [...own, ...rewritten].sort((a, b) =>
    a.domain === b.domain ? (a.op < b.op ? -1 : 1) : a.domain < b.domain ? -1 : 1,
  );
}
