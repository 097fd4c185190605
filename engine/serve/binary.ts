// The binary tensor data extension of the Open Inference Protocol: a body of JSON and then raw tensors, both ways. No HTTP here.
// https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
import { isUtf8 } from 'node:buffer';
import type { DType } from '../onnx/index.ts';
import { Fault, type RouteInput, v2BinaryRequest, type WireTensor } from '../schema/index.ts';
import { datatypes, inferToV2 } from './protocol.ts';

type V2Request = RouteInput<'v2.infer'>['body'];

/** A request with the bytes of the inputs that have them. */
export interface BinaryRequest extends Omit<V2Request, 'inputs'> {
  inputs: (V2Request['inputs'][number] & { raw?: Uint8Array })[];
}

/**
 * Parts a body by the length of its JSON (header `Inference-Header-Content-Length`; the whole body when undefined).
 * Fault `bad_request` for what is no such body; nothing is copied.
 */
export function readBinary(body: Uint8Array, headLength: string | undefined): BinaryRequest {
  const length = headLength === undefined ? body.byteLength : Number(headLength);
  if (!Number.isSafeInteger(length) || length < 2 || length > body.byteLength) {
    throw new Fault(
      'bad_request',
      `Inference-Header-Content-Length is ${headLength}; it must be the length of the JSON within the body of ${body.byteLength} bytes`,
    );
  }
  const head = Buffer.from(body.buffer, body.byteOffset, length);
  const parsed = v2BinaryRequest.safeParse(jsonOf(head));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Fault('bad_request', `body.${issue?.path.join('.')}: ${issue?.message}`);
  }
  let at = length;
  const inputs = parsed.data.inputs.map(({ data, ...input }) => {
    const size = input.parameters?.['binary_data_size'];
    if (size === undefined) {
      if (data) return { ...input, data };
      throw new Fault('bad_request', `input "${input.name}" has neither data nor the parameter binary_data_size`);
    }
    if (data) throw new Fault('bad_request', `input "${input.name}" has both data and binary_data_size; send one`);
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0 || at + size > body.byteLength) {
      throw new Fault(
        'bad_request',
        `input "${input.name}" claims ${typeof size === 'number' ? size : JSON.stringify(size).slice(0, 60)} bytes of binary data, but ${body.byteLength - at} are left in the body`,
      );
    }
    const raw = body.subarray(at, at + size);
    at += size;
    return { ...input, data: [], raw };
  });
  if (at !== body.byteLength) {
    throw new Fault(
      'bad_request',
      `${body.byteLength - at} bytes of the body belong to no input; give each its binary_data_size`,
    );
  }
  return { ...parsed.data, inputs };
}

function jsonOf(head: Buffer): unknown {
  try {
    if (!isUtf8(head)) throw new Error('not UTF-8');
    return JSON.parse(head.toString('utf8'));
  } catch (error) {
    throw new Fault(
      'bad_request',
      'the JSON part of the body cannot be read; check Inference-Header-Content-Length',
      undefined,
      error,
    );
  }
}

/** Names of the outputs that a request wants as bytes. */
export function binaryOutputs(
  request: Pick<V2Request, 'parameters' | 'outputs'>,
  names: readonly string[],
): Set<string> {
  const all = request.parameters?.['binary_data_output'] === true;
  const given = new Map(request.outputs?.map(({ name, parameters }) => [name, parameters?.['binary_data']]) ?? []);
  return new Set(names.filter((name) => (given.get(name) ?? all) === true));
}

/** The answer as JSON and the tensors after it, and how long the JSON is. */
export function writeBinary(
  model: { name: string; version: number },
  tensors: readonly WireTensor[],
  binary: ReadonlySet<string>,
  { id, parameters }: { id?: string | undefined; parameters?: Record<string, unknown> } = {},
): { head: string; length: number; tails: Uint8Array[] } {
  const tails: Uint8Array[] = [];
  const plain = inferToV2(
    model,
    tensors.filter(({ name }) => !binary.has(name)),
    id,
  );
  const kept = new Map(plain.outputs.map((output) => [output.name, output]));
  const outputs = tensors.map(({ name, dtype, dims, data }) => {
    const found = kept.get(name);
    if (found) return found;
    const bytes = Array.isArray(data) ? stringBytes(data) : data;
    tails.push(bytes);
    return {
      name,
      datatype: datatypes[dtype as DType],
      shape: dims,
      parameters: { binary_data_size: bytes.byteLength },
    };
  });
  const head = JSON.stringify({ ...plain, ...(parameters ? { parameters } : {}), outputs });
  return { head, length: Buffer.byteLength(head), tails };
}

function stringBytes(texts: readonly string[]): Uint8Array {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}
