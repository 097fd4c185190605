// The work of a model host whose model writes texts: prompts in, texts out, whole or piece by piece, several at a time, each
// a step in turn. Like host.ts it runs only in a child process and loads the runtime on demand.
import { tensor } from '../onnx/index.ts';
import {
  type DeviceLease,
  Fault,
  type TextTokens,
  type Manifest,
  type PredictInput,
  type PredictOutput,
} from '../schema/index.ts';
import { inferWith, type ModelHost } from './host.ts';

/** Texts that are read at once for their vectors. */
const textsPerRun = 16;

/** Compiles the model within the lease and writes a little, so that the first request is as quick as the others. */
export async function openWriterHost(
  { manifest, model, generation }: { manifest: Manifest; model: Uint8Array; generation: TextTokens },
  lease: Pick<DeviceLease, 'device' | 'threads'>,
): Promise<ModelHost> {
  const [{ compile }, { openWriting }, { openWriter, writeTexts }] = await Promise.all([
    import('../runtime/index.ts'),
    import('../data/index.ts'),
    import('../generate/index.ts'),
  ]);
  const device = lease.device === 'auto' ? 'cpu' : lease.device;
  const program = await compile(model, { device, threads: lease.threads });
  const writer = openWriter(program, manifest.inputs);
  const tokens = openWriting(generation);

  const host: ModelHost = {
    manifest,
    async predict(inputs, { generate, embed, piece, cancelled } = {}) {
      const texts = inputs.map((input, i) => textOf(generation, input, i));
      if (embed) return vectors(texts);
      return writeTexts(writer, tokens, generation, texts, generate, {
        ...(piece ? { piece: (_row: number, text: string) => piece(text) } : {}),
        ...(cancelled ? { cancelled } : {}),
      });
    },
    infer: (given, outputs) => inferWith(program, manifest, given, outputs),
    dispose: () => program.dispose(),
  };

  /** Mean of the last hidden states of a text's tokens, at length 1. */
  async function vectors(texts: readonly string[]): Promise<PredictOutput[]> {
    if (writer.reads || !program.outputs.some(({ name }) => name === 'last_hidden_state'))
      throw new Fault('bad_request', `${manifest.name} gives no vectors of texts; ask a language model`);
    const found: PredictOutput[] = [];
    for (let from = 0; from < texts.length; from += textsPerRun) {
      const read = texts
        .slice(from, from + textsPerRun)
        .map((text) => tokens.beginning(text).slice(0, generation.maxLength));
      const width = Math.max(...read.map((ids) => ids.length));
      const grid = (of: (ids: number[], k: number) => number) =>
        tensor(
          'int64',
          [read.length, width],
          BigInt64Array.from(read.flatMap((ids) => Array.from({ length: width }, (_, k) => BigInt(of(ids, k))))),
        );
      const { last_hidden_state: hidden } = await program.run(
        {
          input_ids: grid((ids, k) => ids[k] ?? 0),
          attention_mask: grid((ids, k) => Number(k < ids.length)),
          ...(program.inputs.some(({ name }) => name === 'keep') ? { keep: tensor('int64', [1], [width]) } : {}),
          ...Object.fromEntries(
            writer.caches.map(({ name, heads, size }) => [name, tensor('float32', [read.length, heads, 0, size])]),
          ),
        },
        ['last_hidden_state'],
      );
      const states = hidden.data as Float32Array;
      const size = hidden.dims[2];
      for (const [row, ids] of read.entries()) {
        const sum = new Float64Array(size);
        for (let k = 0; k < ids.length; k++)
          for (let j = 0; j < size; j++) sum[j] += states[(row * width + k) * size + j];
        const length = Math.hypot(...sum) || 1;
        found.push({ embedding: Array.from(sum, (value) => Math.fround(value / length)), tokens: ids.length });
      }
    }
    return found;
  }

  await writeTexts(writer, tokens, generation, ['A'], { maxTokens: 2 });
  return host;
}

/** The text of an input: itself, or the cell of the column that the model reads. */
function textOf({ column, source }: TextTokens, input: PredictInput, i: number): string {
  if (typeof input === 'string') return input;
  const wanted = source?.column ?? column;
  const value = input[wanted];
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Fault(
    'bad_input',
    `inputs[${i}] has no text in ${JSON.stringify(wanted)}: send {${JSON.stringify(wanted)}: "…"} or the bare text`,
  );
}
