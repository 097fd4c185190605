// The Open Inference Protocol (KServe v2), JSON form: between its tensors and the wire tensors that hosts take.
// https://github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md. No HTTP here.
import { type DType, sizeOf } from '../onnx/index.ts';
import {
  Fault,
  type Manifest,
  type RouteAnswer,
  type RouteInput,
  type TensorSpec,
  type WireTensor,
} from '../schema/index.ts';
import { checkFinite, elementsOf, refuse, type V2Tensor, valuesOf } from './elements.ts';

/** Datatype names of the protocol by element type of ONNX. */
export const datatypes = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
} as const satisfies Record<DType, string>;

type V2Request = RouteInput<'v2.infer'>['body'];
type V2Response = RouteAnswer<'v2.infer'>;

/** Elements of all inputs of one request together. */
const mostElements = 64 * 1024 * 1024;

/** The answer to `GET /v2/models/{name}`. */
export function v2Metadata(name: string, version: number, manifest: Manifest) {
  const shapes = (specs: TensorSpec[]) =>
    specs.map((spec) => ({ name: spec.name, datatype: datatypeOf(spec), shape: spec.shape }));
  return {
    name,
    versions: [String(version)],
    platform: 'onnxruntime_onnx',
    inputs: shapes(manifest.inputs),
    outputs: shapes(manifest.outputs),
  };
}

/**
 * Checks a request against the model's inputs and turns it into wire tensors, in the model's order. Data may be flat or
 * nested like the shape. Fault `bad_input` naming the tensor and the remedy; nothing is allocated before the sizes agree.
 */
export function inferFromV2(
  request: { inputs: V2Tensor[]; outputs?: V2Request['outputs'] },
  manifest: Pick<Manifest, 'inputs' | 'outputs' | 'tensors'>,
): { tensors: WireTensor[]; outputs?: string[] } {
  const given = new Map<string, V2Tensor>();
  let elements = 0;
  for (const input of request.inputs) {
    if (given.has(input.name)) throw refuse(input.name, 'was sent twice; send it once');
    given.set(input.name, input);
    elements += sizeOf(input.shape);
    if (!(elements <= mostElements)) {
      throw new Fault(
        'payload_too_large',
        `input "${input.name}" claims shape [${input.shape.join(',')}]: a request may hold ${mostElements} elements; send smaller batches`,
      );
    }
  }
  const known = manifest.inputs.map((spec) => spec.name);
  for (const name of given.keys()) {
    if (!known.includes(name)) throw refuse(name, `is not an input of this model; its inputs are ${list(known)}`);
  }
  const tensors = manifest.inputs.map((spec) => {
    const input = given.get(spec.name);
    if (!input) throw refuse(spec.name, `is missing; this model takes ${list(known)}`);
    const tensor = wireTensor(input, spec);
    // What a file from elsewhere makes of NaN is its own affair; what was trained here was trained on numbers.
    if (input.raw && !manifest.tensors) checkFinite(input, tensor);
    return tensor;
  });
  checkBatch(tensors, manifest.inputs);
  return request.outputs && request.outputs.length > 0
    ? { tensors, outputs: wantedOutputs(request.outputs, manifest.outputs) }
    : { tensors };
}

/** Host tensors as the protocol's answer; data is flat. A number that JSON lacks (NaN, infinity) becomes null. */
export function inferToV2(model: { name: string; version: number }, tensors: WireTensor[], id?: string): V2Response {
  return {
    model_name: model.name,
    model_version: String(model.version),
    ...(id === undefined ? {} : { id }),
    outputs: tensors.map((wire) => ({
      name: wire.name,
      datatype: datatypes[wire.dtype as DType],
      shape: wire.dims,
      data: valuesOf(wire),
    })),
  };
}

function wireTensor(input: V2Tensor, spec: TensorSpec): WireTensor {
  const datatype = datatypeOf(spec);
  if (input.datatype !== datatype) throw refuse(input.name, `must be ${datatype}, not ${input.datatype}`);
  const wanted = spec.shape.map((dim) => (dim < 0 ? '?' : dim)).join(',');
  const fits =
    input.shape.length === spec.shape.length && spec.shape.every((dim, i) => dim < 0 || dim === input.shape[i]);
  if (!fits) throw refuse(input.name, `must have shape [${wanted}], not [${input.shape.join(',')}]`);
  const data = elementsOf(spec.dtype as DType, sizeOf(input.shape), input);
  return { name: spec.name, dtype: spec.dtype, dims: input.shape, data };
}

function wantedOutputs(wanted: { name: string }[], specs: TensorSpec[]): string[] {
  const names = specs.map((spec) => spec.name);
  for (const { name } of wanted) {
    if (!names.includes(name)) {
      throw new Fault('bad_input', `output "${name}" is not an output of this model; its outputs are ${list(names)}`);
    }
  }
  return wanted.map(({ name }) => name);
}

function checkBatch(tensors: WireTensor[], specs: TensorSpec[]): void {
  if (!specs.every((spec) => spec.shape[0] === -1)) return;
  const other = tensors.find((wire) => wire.dims[0] !== tensors[0]?.dims[0]);
  if (other) {
    throw refuse(
      other.name,
      `has a batch of ${other.dims[0]}, but "${tensors[0]?.name}" one of ${tensors[0]?.dims[0]}; they must agree`,
    );
  }
}

function datatypeOf(spec: TensorSpec): string {
  const name: string | undefined = datatypes[spec.dtype as DType];
  if (name === undefined) throw new Fault('internal', `tensor "${spec.name}" has unknown element type ${spec.dtype}`);
  return name;
}

const list = (names: string[]): string => names.map((name) => `"${name}"`).join(', ');
