// Where some texts being written stand: the cache of what they read so far, and the scores of each one's next token. Chooses
// no token. The graph is one of models/blocks/writing.ts or a cached GPT-2: `past_*` come in, `present_*` of the same name go out.
import { type Tensor, tensor } from '../onnx/index.ts';
import type { Program } from '../runtime/index.ts';
import { Fault } from '../schema/index.ts';

/** A compiled graph and what its caches look like: [batch, heads, past, size]. */
export interface Writer {
  program: Program;
  caches: { name: string; heads: number; size: number }[];
  /** Whether it reads a text first, whose keys and values stay as they are. */
  reads: boolean;
}

/** What a text goes on from: its own tokens, at least one, and those of the text that is read. */
export interface Prompt {
  ids: readonly number[];
  source?: readonly number[];
}

export interface Cursor {
  /** Texts; those that ended were let go. */
  readonly rows: number;
  /** Scores of every token as each text's next one: [rows × vocabulary]. */
  readonly logits: Float32Array;
  /** Gives each text its next token. */
  step(tokens: readonly number[]): Promise<void>;
  /** Goes on with these texts, in this order; one may be named twice. Their next step must follow. */
  keep(rows: readonly number[]): void;
}

/** Fault `bad_graph` where the graph is not that of a model that writes. */
export function openWriter(
  program: Program,
  inputs: readonly { name: string; shape: readonly (number | string)[] }[],
): Writer {
  const caches = inputs
    .filter(({ name }) => name.startsWith('past_'))
    .map(({ name, shape }) => ({ name, heads: Number(shape[1]), size: Number(shape[3]) }));
  const names = new Set(inputs.map(({ name }) => name));
  if (caches.length === 0 || !names.has('input_ids') || !names.has('attention_mask'))
    throw new Fault('bad_graph', 'the graph takes no past keys and values: it is not that of a model that writes');
  return { program, caches, reads: names.has('source_ids') };
}

const integers = (rows: number, values: readonly number[]): Tensor =>
  tensor('int64', [rows, rows === 0 ? 0 : values.length / rows], BigInt64Array.from(values, BigInt));

/** Texts of different lengths as one rectangle, padded in front: ids and mask. */
function padded(texts: readonly (readonly number[])[]): { ids: number[]; mask: number[]; width: number } {
  const width = Math.max(...texts.map((text) => text.length));
  const ids = texts.flatMap((text) => [...Array<number>(width - text.length).fill(0), ...text]);
  const mask = texts.flatMap((text) => [
    ...Array<number>(width - text.length).fill(0),
    ...Array<number>(text.length).fill(1),
  ]);
  return { ids, mask, width };
}

/** Padded behind, as texts to read were while training. */
function paddedBehind(texts: readonly (readonly number[])[]): { ids: number[]; mask: number[] } {
  const width = Math.max(...texts.map((text) => text.length));
  const fill = (text: readonly number[], value: (i: number) => number) =>
    Array.from({ length: width }, (_, i) => (i < text.length ? value(i) : 0));
  return {
    ids: texts.flatMap((text) => fill(text, (i) => text[i])),
    mask: texts.flatMap((text) => fill(text, () => 1)),
  };
}

/** The given rows of a tensor whose first dimension is the batch. */
function rowsOf(value: Tensor, rows: readonly number[]): Tensor {
  const [, ...rest] = value.dims;
  const width = rest.reduce((a, b) => a * b, 1);
  const from = value.data as Float32Array | BigInt64Array;
  const data = new (from.constructor as new (length: number) => typeof from)(rows.length * width);
  for (const [at, row] of rows.entries()) data.set(from.subarray(row * width, (row + 1) * width) as never, at * width);
  return { dtype: value.dtype, dims: [rows.length, ...rest], data };
}

/** Reads the prompts; the scores of what follows are there then. */
export async function openCursor(writer: Writer, prompts: readonly Prompt[]): Promise<Cursor> {
  const { program, caches, reads } = writer;
  const hasKeep = program.inputs.some(({ name }) => name === 'keep');
  const outputs = ['logits', ...caches.map(({ name }) => name.replace('past_', 'present_'))];
  let rows = prompts.length;
  let past: Record<string, Tensor> = Object.fromEntries(
    caches.map(({ name, heads, size }) => [name, tensor('float32', [rows, heads, 0, size])]),
  );
  let logits = new Float32Array(0);
  const first = padded(prompts.map(({ ids }) => ids));
  let mask = integers(rows, first.mask);
  let source: Record<string, Tensor> = {};
  if (reads) {
    const read = paddedBehind(prompts.map((prompt) => prompt.source ?? []));
    source = { source_ids: integers(rows, read.ids), source_mask: integers(rows, read.mask) };
  }

  const run = async (ids: Tensor) => {
    const result = await program.run(
      {
        input_ids: ids,
        attention_mask: mask,
        ...(hasKeep ? { keep: tensor('int64', [1], [1]) } : {}),
        ...source,
        ...past,
      },
      outputs,
    );
    past = Object.fromEntries(caches.map(({ name }) => [name, result[name.replace('past_', 'present_')]]));
    if (reads) source = { ...source, source_ids: tensor('int64', [rows, 0]) };
    const scores = result['logits'];
    const [, kept, vocabulary] = scores.dims;
    const all = scores.data as Float32Array;
    if (kept === 1) logits = all as Float32Array<ArrayBuffer>;
    else {
      logits = new Float32Array(rows * vocabulary);
      for (let row = 0; row < rows; row++) {
        const end = (row + 1) * kept * vocabulary;
        logits.set(all.subarray(end - vocabulary, end), row * vocabulary);
      }
    }
    if (!Number.isFinite(logits[0])) throw new Fault('bad_input', 'the model gave no finite scores for this text');
  };

  await run(integers(rows, first.ids));
  return {
    get rows() {
      return rows;
    },
    get logits() {
      return logits;
    },
    async step(tokens) {
      const [, width] = mask.dims;
      const wider = new BigInt64Array(rows * (width + 1)).fill(1n);
      const before = mask.data as BigInt64Array;
      for (let row = 0; row < rows; row++)
        wider.set(before.subarray(row * width, (row + 1) * width), row * (width + 1));
      mask = tensor('int64', [rows, width + 1], wider);
      await run(integers(rows, tokens));
    },
    keep(chosen) {
      if (chosen.length === rows && chosen.every((row, i) => row === i)) return;
      past = Object.fromEntries(Object.entries(past).map(([name, value]) => [name, rowsOf(value, chosen)]));
      mask = rowsOf(mask, chosen);
      if (reads) {
        source = {
          source_ids: tensor('int64', [chosen.length, 0]),
          source_mask: rowsOf(source['source_mask'], chosen),
        };
      }
      rows = chosen.length;
      logits = new Float32Array(0);
    },
  };
}
