// Gradients of tables that a graph only reads rows of (embeddings). The step program gives the gradient of the rows as they
// were read, and they are added up here, in their order: onnxruntime's ScatterElements, which does the same, takes ten times
// as long (and its ScatterND loses rows, see autodiff/). The sum has the same bits.
import { type Graph, type Node, optimise } from '../graph/index.ts';
import { sizeOf, type Tensor } from '../onnx/index.ts';
import { gradientName } from './steps.ts';

/** A table whose gradient comes as rows. */
export interface Table {
  parameter: string;
  /** Input that holds the indices of the rows. */
  at: string;
  /** Output that holds their gradients, float32 [indices, width]. */
  rows: string;
  /** Rows of the table. */
  count: number;
  width: number;
}

/** What adds rows into zeros: the operator's inputs are the zeros, the places of all elements, and the rows. */
function scattered(makers: ReadonlyMap<string, Node>, name: string): { at: string; rows: string } | undefined {
  const is = (node: Node | undefined, op: string): node is Node => node?.op === op && node.domain === '';
  const scatter = makers.get(name);
  if (!is(scatter, 'ScatterElements')) return undefined;
  const [zeros, places, rows] = scatter.inputs;
  const { axis, reduction } = scatter.attributes;
  const [expand] = [makers.get(places)];
  const column = is(expand, 'Expand') ? makers.get(expand.inputs[0]) : undefined;
  const adds = reduction?.value === 'add' && (axis?.value ?? 0) === 0 && is(makers.get(zeros), 'ConstantOfShape');
  return adds && is(column, 'Reshape') ? { at: column.inputs[0], rows } : undefined;
}

/** The gradient program of a graph with rows in place of such gradients, and the tables they are for. */
export function tablesApart(graph: Graph): { graph: Graph; tables: Table[] } {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const indices = new Set(graph.inputs.filter(({ dtype }) => dtype === 'int64').map(({ name }) => name));
  const taken = new Set(graph.outputs.map(({ name }) => name));
  const tables = graph.inputs.flatMap(({ name: parameter, shape }): Table[] => {
    const found = scattered(makers, gradientName(parameter));
    const [count, width] = shape;
    const fits = shape.length === 2 && typeof count === 'number' && typeof width === 'number';
    if (!found || !fits || !indices.has(found.at) || taken.has(found.rows)) return [];
    taken.add(found.rows);
    return [{ parameter, ...found, count, width }];
  });
  if (tables.length === 0) return { graph, tables };
  const gone = new Set(tables.map(({ parameter }) => gradientName(parameter)));
  const rows = tables.map(({ rows: name }) => {
    const type = graph.types.get(name);
    return { name, dtype: 'float32' as const, shape: [...(type?.shape ?? [])] };
  });
  const outputs = [...graph.outputs.filter(({ name }) => !gone.has(name)), ...rows];
  // What added the rows up has no reader any more.
  return { graph: optimise({ ...graph, outputs }), tables };
}

export interface TableSums {
  /** Where the program writes the rows of these feeds. */
  fetches(feeds: Readonly<Record<string, Tensor>>): Record<string, Tensor>;
  /** Sums what was written into the tables' gradients, which are cleared before; `more` where they are added to earlier ones after. */
  add(feeds: Readonly<Record<string, Tensor>>, more: boolean): void;
  /** No rows. */
  clear(): void;
  /** Rows that were added to since the last that was not `more`, ascending, by table. */
  touched(): Uint32Array[];
}

/** Sums of tables' gradients into `gradients`, by parameter. */
export function tableSums(tables: readonly Table[], gradients: ReadonlyMap<string, Tensor>): TableSums {
  const buffers = tables.map(() => new Float32Array(0));
  const marks = tables.map(({ count }) => new Uint8Array(count));
  const clear = () => {
    for (const of of marks) of.fill(0);
  };
  return {
    fetches(feeds) {
      return Object.fromEntries(
        tables.map(({ at, rows, width }, i) => {
          const count = sizeOf(feeds[at].dims);
          if (buffers[i].length < count * width) buffers[i] = new Float32Array(count * width);
          return [rows, { dtype: 'float32', dims: [count, width], data: buffers[i].subarray(0, count * width) }];
        }),
      );
    },
    add(feeds, more) {
      if (!more) clear();
      tables.forEach(({ parameter, at, count, width }, i) => {
        const sum = gradients.get(parameter)?.data as Float32Array;
        // As in ONNX, indices below 0 count from the end.
        const rows = Int32Array.from(feeds[at].data as BigInt64Array, (id) => Number(id) + (id < 0n ? count : 0));
        sum.fill(0);
        addRows(sum, rows, buffers[i], width);
        for (const row of rows) marks[i][row] = 1;
      });
    },
    clear,
    touched: () =>
      marks.map((of) => {
        const rows: number[] = [];
        for (let row = of.indexOf(1); row >= 0; row = of.indexOf(1, row + 1)) rows.push(row);
        return Uint32Array.from(rows);
      }),
  };
}

function addRows(sum: Float32Array, rows: Int32Array, from: Float32Array, width: number): void {
  let place = 0;
  for (let i = 0; i < rows.length; i++) {
    const begin = rows[i] * width;
    const end = begin + width;
    for (let k = begin; k < end; k++, place++) sum[k] += from[place];
  }
}
