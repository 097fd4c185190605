// Texts that a model learns to write, as rows of tokens: their batches, and what each position is to predict. Long texts of a
// language model are cut into pieces that overlap by one token, so that every token is predicted once.
import { packSequences, type Sequences, type WritingTokens } from '../data/index.ts';
import { type Tensor, tensor } from '../onnx/index.ts';

/** Rows of tokens: row r of `ids` is a text or a piece of one, `source` the text that is read for it. */
export interface TokenRows {
  ids: Sequences;
  source?: Sequences;
}

/** Texts to write, and to read where the model reads. */
export interface TextPairs {
  written: readonly string[];
  source?: readonly string[];
}

/** Widths of batches are multiples of this, so that few shapes occur. */
const widthStep = 8;

/** Rows of the texts, and from which text each is. `most` tokens of a row are predicted. */
export function tokenRows(
  tokens: WritingTokens,
  { written, source }: TextPairs,
  most: number,
): TokenRows & { texts: Uint32Array } {
  const rows: number[][] = [];
  const texts: number[] = [];
  for (const [i, text] of written.entries()) {
    const whole = tokens.whole(text);
    for (let from = 0; from + 1 < whole.length; from += most) {
      rows.push(whole.slice(from, from + most + 1));
      texts.push(i);
      // Of a text that is written for another only the beginning is learned.
      if (source) break;
    }
  }
  return {
    ids: packSequences(rows),
    ...(source ? { source: packSequences(texts.map((i) => tokens.read(source[i]))) } : {}),
    texts: Uint32Array.from(texts),
  };
}

/** Tokens of each row that are predicted. */
export const predictedIn = ({ ids: { offsets } }: TokenRows, row: number): number =>
  offsets[row + 1] - offsets[row] - 1;

/** A rectangle of ids, padded behind with `fill`. */
function rectangle(
  { offsets, ids }: Sequences,
  rows: ArrayLike<number>,
  [from, less]: readonly [number, number],
  width: number,
  fill: bigint,
): Tensor {
  const data = new BigInt64Array(rows.length * width).fill(fill);
  for (let r = 0; r < rows.length; r++) {
    const start = offsets[rows[r]] + from;
    for (let k = start; k < offsets[rows[r] + 1] - less; k++) data[r * width + k - start] = BigInt(ids[k]);
  }
  return tensor('int64', [rows.length, width], data);
}

const widest = ({ offsets }: Sequences, rows: ArrayLike<number>, less: number): number => {
  let most = 1;
  for (let r = 0; r < rows.length; r++) most = Math.max(most, offsets[rows[r] + 1] - offsets[rows[r]] - less);
  return Math.ceil(most / widthStep) * widthStep;
};

/**
 * What the graph takes for the rows, and the next token of every position: int64 [rows, width], −1 behind a text's end.
 * `source_*` are there for models that read.
 */
export function tokenFeeds(
  { ids, source }: TokenRows,
  rows: ArrayLike<number>,
): { feeds: Record<string, Tensor>; labels: Tensor } {
  const width = widest(ids, rows, 1);
  const feeds: Record<string, Tensor> = { input_ids: rectangle(ids, rows, [0, 1], width, 0n) };
  if (source) {
    const across = widest(source, rows, 0);
    feeds['source_ids'] = rectangle(source, rows, [0, 0], across, 0n);
    const read = rectangle(source, rows, [0, 0], across, -1n).data as BigInt64Array;
    feeds['source_mask'] = tensor(
      'int64',
      [rows.length, across],
      read.map((id) => (id < 0n ? 0n : 1n)),
    );
  }
  return { feeds, labels: rectangle(ids, rows, [1, 0], width, -1n) };
}
