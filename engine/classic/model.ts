// What a classic family is and what it fits: logits of rows, and the same as a graph for export. Knows no family.
import type { Graph, GraphBuilder, Value } from '../graph/index.ts';
import { graphBuilder } from '../graph/index.ts';
import { tensor } from '../onnx/index.ts';
import type { ClassicName, Hyper, HyperTable } from '../schema/index.ts';
import type { ClassicRows } from './rows.ts';

export interface ClassicModel {
  /**
   * From the inputs that it reads (`numeric`, `codes`, `dense`, `embedded`, `text_i_ids`, `text_i_weights`) to `logits` float32
   * [batch, outputs]; for regression in units of the scaled target.
   */
  graph(): Graph;
  /** What the graph gives, [rows × outputs]. */
  logits(data: ClassicRows, rows: Uint32Array): Float32Array;
  /** Rounds or passes, those of the best state, and numbers that were learned. */
  rounds: number;
  bestRound: number;
  size: number;
}

export interface FitOptions {
  seed: number;
  threads: number;
  /** Asked now and then; true ends the fit with what there is. */
  stop?: () => boolean;
  /** Share of the work that is done, and the validation loss where there is one. */
  progress?: (share: number, loss?: number) => void;
}

export interface ClassicFamily {
  name: ClassicName;
  /** What it is and which data it suits, in one sentence. */
  says: string;
  hyper: HyperTable;
  suits(data: ClassicRows): boolean;
  /** `hyper` is settled; `validation` may be empty. */
  fit(
    data: ClassicRows,
    train: Uint32Array,
    validation: Uint32Array,
    hyper: Hyper,
    options: FitOptions,
  ): Promise<ClassicModel>;
}

/** The inputs that rows of this shape have; those that nothing reads are left out of the graph in the end. */
export interface ClassicInputs {
  g: GraphBuilder;
  numeric: () => Value;
  codes: () => Value;
  dense: () => Value;
  embedded: () => Value;
  text: (i: number) => { ids: Value; weights: Value };
}

type Shape = Pick<ClassicRows, 'numericWidth' | 'sizes' | 'denseWidth' | 'embeddedSizes'>;

/** A graph whose inputs are declared when they are first read. */
export function openInputs(name: string, shape: Shape): ClassicInputs {
  const g = graphBuilder(name);
  const made = new Map<string, Value>();
  const once = (input: string, dtype: 'float32' | 'float64' | 'int64', width: number | string) => {
    const found = made.get(input) ?? g.input(input, dtype, ['batch', width]);
    made.set(input, found);
    return found;
  };
  return {
    g,
    numeric: () => once('numeric', 'float64', shape.numericWidth),
    codes: () => once('codes', 'int64', shape.sizes.length),
    dense: () => once('dense', 'float32', shape.denseWidth),
    embedded: () => once('embedded', 'int64', shape.embeddedSizes.length),
    text: (i) => ({
      ids: once(`text_${i}_ids`, 'int64', `tokens_${i}`),
      weights: once(`text_${i}_weights`, 'float32', `tokens_${i}`),
    }),
  };
}

/** Tables of one weight a feature and output, block by block. */
export interface LinearTables {
  /** [denseWidth × outputs]; null without. */
  dense: Float32Array | null;
  embedded: Float32Array[];
  text: Float32Array[];
  bias: Float32Array;
}

/** Sum of what every feature says, [batch, outputs]; with nothing to add up, null. */
export function linearTerms(inputs: ClassicInputs, shape: Shape, tables: LinearTables): Value[] {
  const { g } = inputs;
  const outputs = tables.bias.length;
  const terms: Value[] = [];
  if (tables.dense)
    terms.push(
      g.op('MatMul', [inputs.dense(), g.constant(tensor('float32', [shape.denseWidth, outputs], tables.dense))]),
    );
  for (const [i, table] of tables.embedded.entries()) {
    const codes = g.op('Gather', [inputs.embedded(), g.ints(i)], { axis: 1 });
    terms.push(
      g.op('Gather', [g.constant(tensor('float32', [table.length / outputs, outputs], table)), codes], { axis: 0 }),
    );
  }
  for (const [i, table] of tables.text.entries()) {
    const { ids, weights } = inputs.text(i);
    const vectors = g.op('Gather', [g.constant(tensor('float32', [table.length / outputs, outputs], table)), ids], {
      axis: 0,
    });
    const sums = g.op('MatMul', [g.op('Unsqueeze', [weights, g.ints([1])]), vectors]);
    terms.push(g.op('Squeeze', [sums, g.ints([1])]));
  }
  return terms;
}

/** Adds terms and a constant up. */
export function sumOf(g: GraphBuilder, terms: readonly Value[], bias: Float32Array): Value {
  const all = terms.length === 1 ? terms[0] : g.op('Sum', [...terms]);
  return g.op('Add', [all, g.constant(tensor('float32', [bias.length], bias))]);
}

/** Logits of a yes-or-no task from one score: nothing, and the score. */
export function bothSides(g: GraphBuilder, score: Value): Value {
  return g.op('Concat', [g.op('Mul', [score, g.constant(0)]), score], { axis: 1 });
}
