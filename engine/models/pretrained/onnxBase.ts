// An ONNX file as a base that runs begin from: which of its values a head reads, and what its inputs take. Reads no file.
import { tokenizerJson } from '../../data/index.ts';
import type { Graph } from '../../graph/index.ts';
import { decodeModel, encodeModel, type Model, type ValueInfo } from '../../onnx/index.ts';
import { Fault } from '../../schema/index.ts';
import { type BaseAbout, type BaseInput, lengthStep, type PretrainedBase } from './base.ts';
import { openConfig } from './config.ts';
import type { ModelFile } from './folder.ts';
import { imageSpec } from './image.ts';
import { trainable } from './onnxFile.ts';

export interface OnnxBaseOptions {
  /** The value that a head reads; the only output that can carry one when absent. */
  output?: string;
  /** Only to be served: whatever the runtime knows goes, and nothing is asked of inputs and outputs. */
  asIs?: boolean;
}

/** An imported file: what runs begin from, null where it is only served, and the file with all its weights inside. */
export interface OnnxBase {
  about: BaseAbout;
  base: PretrainedBase | null;
  file: Uint8Array;
  inputs: ValueInfo[];
  outputs: ValueInfo[];
}

/** Most tokens of a text for a file that does not say. */
const usualLength = 512;

const shown = ({ name, dtype, shape }: ValueInfo) => `${name} (${dtype} [${shape.join(', ')}])`;

/** Whether a head can read a value: float32 [batch, width], [batch, length, width] or [batch, channels, height, width]. */
function carriesHead({ dtype, shape }: ValueInfo): boolean {
  const width = shape.length === 4 ? shape[1] : shape.at(-1);
  return dtype === 'float32' && shape.length >= 2 && shape.length <= 4 && typeof width === 'number';
}

/** The graph cut down to the one value that a head reads; throws `bad_request` listing the outputs where that is not told. */
function kept(model: Model, output: string | undefined): Graph {
  if (output !== undefined) {
    const graph = trainable(model, output);
    const [only] = graph.outputs;
    if (carriesHead(only)) return graph;
    throw new Fault(
      'bad_request',
      `${shown(only)} cannot carry a head: that takes float32 [batch, width], [batch, length, width] or [batch, channels, height, width]; choose another value with --output`,
    );
  }
  const names = model.graph.outputs.map(({ name }) => name);
  const whole = names.length === 1 ? trainable(model, names[0]) : trainable(model);
  const fit = whole.outputs.filter(carriesHead);
  if (fit.length === 1) return names.length === 1 ? whole : trainable(model, fit[0].name);
  throw new Fault(
    'bad_request',
    `${fit.length === 0 ? 'no' : 'more than one'} output of this file can carry a head: choose a value with --output; its outputs are ${whole.outputs.map(shown).join(', ')}, and any value between its nodes may be named too`,
    { outputs: whole.outputs.map(({ name }) => name) },
  );
}

const isWhole = ({ dtype }: ValueInfo) => dtype === 'int64' || dtype === 'int32';
const namedLike =
  (pattern: RegExp) =>
  ({ name }: ValueInfo) =>
    pattern.test(name);

/** Token ids and what goes with them; undefined where the inputs are others. */
function textInputs(inputs: readonly ValueInfo[]): BaseInput[] | undefined {
  if (!inputs.every(({ shape }) => shape.length === 2)) return undefined;
  const masks = inputs.filter(namedLike(/mask/i));
  const types = inputs.filter((input) => isWhole(input) && namedLike(/type|segment/i)(input));
  const ids = inputs.filter((input) => isWhole(input) && !masks.includes(input) && !types.includes(input));
  if (ids.length !== 1 || masks.length > 1 || types.length > 1) return undefined;
  if (ids.length + masks.length + types.length !== inputs.length) return undefined;
  const as = (input: ValueInfo) => (masks.includes(input) ? 'mask' : types.includes(input) ? 'types' : 'ids');
  return inputs.map((input) => ({ name: input.name, as: as(input) }));
}

const all = (inputs: readonly ValueInfo[], as: BaseInput['as']): BaseInput[] =>
  inputs.map(({ name }) => ({ name, as }));
const isFloat = ({ dtype }: ValueInfo) => dtype === 'float32' || dtype === 'float64';

/** What the inputs take: a text, an image, or the numbers of a row. */
function inputsOf({ inputs }: Graph): Pick<BaseAbout, 'takes'> & { inputs: BaseInput[] } {
  const text = textInputs(inputs);
  if (text) return { takes: 'text', inputs: text };
  const isImage = inputs.length === 1 && isFloat(inputs[0]) && inputs[0].shape.length === 4;
  if (isImage) return { takes: 'image', inputs: all(inputs, 'pixels') };
  const isRow = inputs.every(
    (input) => isFloat(input) && input.shape.length === 2 && typeof input.shape[1] === 'number',
  );
  if (isRow && inputs.length > 0) return { takes: 'table', inputs: all(inputs, 'numbers') };
  throw new Fault(
    'bad_request',
    `runs can begin from files that take token ids [batch, length], an image [batch, channels, height, width] or numbers [batch, width]; this one takes ${inputs.map(shown).join(', ')}: keep a value that needs less (--output), or import it to be served as it is (--as-is)`,
  );
}

/** preprocessor_config.json beside the file, for an image of the graph's size; undefined where there is none. */
function spec({ inputs }: Graph, raw: unknown): BaseAbout['image'] {
  if (raw === undefined) return undefined;
  const [, channels = 3, height, width] = inputs[0].shape;
  const sizes = { num_channels: channels, image_size: height };
  const numbers = Object.fromEntries(Object.entries(sizes).filter(([, size]) => typeof size === 'number'));
  const made = imageSpec(openConfig({ model_type: 'onnx', ...numbers }), raw);
  return { ...made, ...(typeof width === 'number' ? { width } : {}) };
}

/** Reads an ONNX file as a base. Faults as `readOnnx`, and `bad_request` with what can be chosen. */
export function onnxBase(found: ModelFile, { output, asIs = false }: OnnxBaseOptions = {}): OnnxBase {
  let isAlone = true;
  const model = decodeModel(found.bytes, (...place) => {
    isAlone = false;
    return found.external(...place);
  });
  // What lies in other files is taken in; a file that is whole stays what it is, to the byte.
  const file = isAlone ? found.bytes : encodeModel(model);
  const { inputs, outputs } = model.graph;
  const shared = { format: 'neutrino-base', formatVersion: 1, architecture: 'onnx' } as const;
  if (asIs) {
    const about: BaseAbout = { ...shared, takes: 'tensors', output: '', pool: 'mean', width: 0, parameters: [] };
    return { about, base: null, file, inputs, outputs };
  }
  const graph = kept(model, output);
  const [head] = graph.outputs;
  const taken = inputsOf(graph);
  const ids = taken.inputs.find(({ as }) => as === 'ids');
  const length = graph.inputs.find(({ name }) => name === ids?.name)?.shape[1];
  const fixed = typeof length === 'number' ? length : undefined;
  const json = ids && tokenizerJson(found.tokenizer, { maxLength: fixed ?? usualLength });
  const stated = json?.truncation?.max_length ?? usualLength;
  const most = fixed ?? stated - (stated % lengthStep);
  const image = taken.takes === 'image' ? spec(graph, found.image) : undefined;
  const about: BaseAbout = {
    ...shared,
    ...taken,
    output: head.name,
    pool: 'mean',
    width: Number(head.shape.length === 4 ? head.shape[1] : head.shape.at(-1)),
    ...(ids ? { maxLength: most } : {}),
    ...(fixed === undefined ? {} : { length: fixed }),
    ...(image ? { image } : {}),
    parameters: graph.parameters,
  };
  return { about, base: { about, graph, ...(json ? { tokenizer: json } : {}) }, file, inputs, outputs };
}
