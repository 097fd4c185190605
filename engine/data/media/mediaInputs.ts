// Images and sound that a client sends, as the tensors that a model takes. Refuses what does not decode, naming the input and
// the column. The training twin is mediaRows.ts.
import { type Tensor, tensor } from '../../onnx/index.ts';
import { Fault, type PredictInput, type Preprocess } from '../../schema/index.ts';
import { encodeInputs, inputNames } from '../inputs.ts';
import { isMissing } from '../values.ts';
import { inParallel, pictureDecoder, soundDecoder } from './mediaRows.ts';

/** Greatest file of a request, bytes. */
const mostBytes = 64 * 1024 * 1024;

/**
 * All raw inputs of a graph: those of `encodeInputs`, and for image column i `image_i` (uint8 [n, channels, height, width]), for
 * sound column i `audio_i` (float32 [n, 1, mels, frames]). Files come as base64, bare or as a `data:` address. Throws `bad_input`.
 */
export async function encodeRequest(
  fitted: Preprocess,
  inputs: readonly PredictInput[],
): Promise<Record<string, Tensor>> {
  const feeds = encodeInputs(fitted, inputs);
  const n = inputs.length;
  const valueOf = (input: PredictInput, column: string) =>
    typeof input === 'string' ? input : Object.hasOwn(input, column) ? input[column] : undefined;
  const files = (column: string) => inputs.map((input, i) => fileOf(valueOf(input, column), `inputs[${i}].${column}`));
  for (const [j, input] of (fitted.pictures ?? []).entries()) {
    const { channels, height, width, column } = input;
    const own = files(column);
    const data = new Uint8Array(n * channels * height * width);
    await filled(
      own,
      data,
      pictureDecoder(input, (row) => own[row]),
      column,
    );
    feeds[inputNames.image(j)] = tensor('uint8', [n, channels, height, width], data);
  }
  for (const [j, input] of (fitted.sounds ?? []).entries()) {
    const own = files(input.column);
    const data = new Float32Array(n * input.mels * input.frames);
    await filled(
      own,
      data,
      soundDecoder(input, (row) => own[row]),
      input.column,
    );
    feeds[inputNames.audio(j)] = tensor('float32', [n, 1, input.mels, input.frames], data);
  }
  return feeds;
}

async function filled(
  files: readonly (Uint8Array | null)[],
  data: Uint8Array | Float32Array,
  decode: (row: number) => Promise<Uint8Array | Float32Array>,
  column: string,
): Promise<void> {
  const size = data.length / Math.max(1, files.length);
  const rows = files.map((_, row) => row);
  await inParallel(rows, async (row) => {
    try {
      data.set(await decode(row), row * size);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      throw new Fault(
        'bad_input',
        `inputs[${row}].${column} ${error.message}. Send a whole file as base64.`,
        undefined,
        error,
      );
    }
  });
}

const base64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

function fileOf(value: unknown, where: string): Uint8Array | null {
  if (isMissing(value)) return null;
  if (typeof value !== 'string')
    throw new Fault('bad_input', `${where} must be a file as base64. Send a text, or null where it is missing.`);
  const text = value.startsWith('data:') ? value.slice(value.indexOf(',') + 1) : value;
  if (text.length > (mostBytes * 4) / 3)
    throw new Fault('bad_input', `${where} is larger than 64 MiB. Send a smaller file.`);
  if (!base64.test(text))
    throw new Fault('bad_input', `${where} is not base64. Encode the file, for instance with base64 -w0.`);
  return Buffer.from(text, 'base64');
}
