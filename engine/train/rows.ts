// A dataset's rows as a model's graph takes them, in memory: the feature graph was run over them once. Reads no file.
import type { Cut, EncodedRows, Ragged, Sequences } from '../data/index.ts';
import { featureGraph } from '../models/index.ts';
import { tensor } from '../onnx/index.ts';
import { compile } from '../runtime/index.ts';
import type { MediaPart } from './mediaFeeds.ts';
import type { RankingRows } from './rankingRows.ts';
import type { Preprocess } from '../schema/index.ts';
import type { TokenRows } from './tokenRows.ts';

/** Rows ready to be cut into batches. Rows of every array are in the order of the encoded rows. */
export interface ModelRows {
  rows: number;
  /** [rows × denseWidth], row-major. */
  dense: Float32Array;
  denseWidth: number;
  /** [rows × embeddedWidth] codes of embedded categories. */
  embedded: BigInt64Array;
  embeddedWidth: number;
  text: Ragged[];
  sequence: Sequences[];
  /** For models that write texts: all that a row is. */
  tokens?: TokenRows;
  /** Class of each row, for classification. */
  labels?: Int32Array;
  /** Target of each row, mean 0 and standard deviation 1 over the training part, for regression. */
  targets?: Float64Array;
  /** Width of the logits where they are errors, which are to be 0 (see anomaly.ts). */
  errors?: number;
  /** Files of the rows, decoded. */
  media?: MediaPart;
  /** How epochs are ordered where the rows are more than one window (data/feed/order.ts). */
  order?: RowOrder;
  /** Rows that are not in memory: the arrays above are empty but for `labels` and `targets`. */
  stream?: RowStream;
  /** For ranking: `dense`, `embedded` and texts are the users', and these are the rows. */
  ranking?: RankingRows;
}

/** What the order of rows beyond a window follows from. */
export interface RowOrder {
  cut: Cut;
  /** Row of the dataset of each place, rising within a part. */
  rows: Uint32Array;
  /** What stands for the length of each row's texts; left out where there are none. */
  lengths?: Float64Array;
}

/** Where windows of rows come from. */
export interface RowStream {
  /** Rows of the dataset (rising) as a model takes them, in that order. */
  load(rows: Uint32Array): Promise<ModelRows>;
  /** Some rows of several such lots as one. */
  gather(parts: readonly { data: ModelRows; at: number[] }[]): ModelRows;
}

/** Rows of one run of the feature graph. */
const rowsPerRun = 8192;

/** Runs the feature graph over encoded rows, so that training sees the very bits that serving computes. */
export async function modelRows(encoded: EncodedRows, preprocess: Preprocess): Promise<ModelRows> {
  const { rows, numeric, codes, text, sequence, labels, targets } = encoded;
  const { mean = 0, std = 1 } = preprocess.target;
  const made: ModelRows = {
    rows,
    dense: new Float32Array(0),
    denseWidth: 0,
    embedded: new BigInt64Array(0),
    embeddedWidth: 0,
    text,
    sequence,
    ...(labels ? { labels } : {}),
    ...(targets ? { targets: targets.map((value) => (value - mean) / std) } : {}),
  };
  const graph = featureGraph(preprocess);
  if (!graph) return made;
  const widthOf = (name: string) => Number(graph.outputs.find((output) => output.name === name)?.shape[1] ?? 0);
  made.denseWidth = widthOf('dense');
  made.embeddedWidth = widthOf('embedded');
  made.dense = new Float32Array(rows * made.denseWidth);
  made.embedded = new BigInt64Array(rows * made.embeddedWidth);
  const k = preprocess.numeric.length;
  const c = preprocess.category.length;
  const program = await compile(graph, { threads: 1 });
  try {
    for (let from = 0; from < rows; from += rowsPerRun) {
      const to = Math.min(rows, from + rowsPerRun);
      const out = await program.run({
        ...(k > 0 ? { numeric: tensor('float64', [to - from, k], numeric.subarray(from * k, to * k)) } : {}),
        ...(c > 0
          ? { codes: tensor('int64', [to - from, c], BigInt64Array.from(codes.subarray(from * c, to * c), BigInt)) }
          : {}),
      });
      if (out['dense']) made.dense.set(out['dense'].data as Float32Array, from * made.denseWidth);
      if (out['embedded']) made.embedded.set(out['embedded'].data as BigInt64Array, from * made.embeddedWidth);
    }
  } finally {
    await program.dispose();
  }
  return made;
}
