// The binary tensor data extension. The examples are those of the extension's specification.
import { expect, test } from 'vitest';
import { binaryOutputs, readBinary, writeBinary } from '../../../engine/serve/binary.ts';
import { inferFromV2 } from '../../../engine/serve/protocol.ts';
import { Fault, type Manifest, type WireTensor } from '../../../engine/schema/index.ts';

const spec = (name: string, dtype: string, shape: number[]) => ({ name, dtype, shape });
const manifest: Pick<Manifest, 'inputs' | 'outputs'> = {
  inputs: [spec('input0', 'uint32', [2, 2]), spec('input1', 'bool', [3])],
  outputs: [spec('output0', 'float32', [3, 2])],
};
const body = (head: unknown, ...tails: Uint8Array[]): { bytes: Uint8Array; length: string } => {
  const json = Buffer.from(typeof head === 'string' ? head : JSON.stringify(head));
  return { bytes: Buffer.concat([json, ...tails]), length: String(json.length) };
};
const le = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const head = {
  model_name: 'mymodel',
  inputs: [
    { name: 'input0', shape: [2, 2], datatype: 'UINT32', parameters: { binary_data_size: 16 } },
    { name: 'input1', shape: [3], datatype: 'BOOL', parameters: { binary_data_size: 3 } },
  ],
  outputs: [{ name: 'output0', parameters: { binary_data: true } }],
};
const faultOf = (work: () => unknown): [string, string] => {
  try {
    work();
  } catch (error) {
    if (error instanceof Fault) return [error.code, error.message];
    throw error;
  }
  throw new Error('not refused');
};

test('the specification’s request: two inputs as bytes, the output wanted as bytes', () => {
  const numbers = le(new Uint32Array([1, 2, 3, 4]));
  const { bytes, length } = body(head, numbers, new Uint8Array([1, 0, 1]));
  const request = readBinary(bytes, length);
  expect(inferFromV2(request, manifest)).toEqual({
    tensors: [
      { name: 'input0', dtype: 'uint32', dims: [2, 2], data: Buffer.from(numbers) },
      { name: 'input1', dtype: 'bool', dims: [3], data: Buffer.from([1, 0, 1]) },
    ],
    outputs: ['output0'],
  });
  expect(binaryOutputs(request, ['output0'])).toEqual(new Set(['output0']));
});

test('the specification’s answer: JSON, its length, and the output’s bytes', () => {
  const values = new Float32Array([1, 1.1, 2, 2.1, 3, 3.1]);
  const tensors: WireTensor[] = [{ name: 'output0', dtype: 'float32', dims: [3, 2], data: le(values) }];
  const {
    head: text,
    length,
    tails,
  } = writeBinary({ name: 'mymodel', version: 1 }, tensors, new Set(['output0']), { id: 'a' });
  expect(JSON.parse(text)).toEqual({
    model_name: 'mymodel',
    model_version: '1',
    id: 'a',
    outputs: [{ name: 'output0', shape: [3, 2], datatype: 'FP32', parameters: { binary_data_size: 24 } }],
  });
  expect([length, tails]).toEqual([Buffer.byteLength(text), [le(values)]]);
});

test('strings travel behind their lengths, both ways, and JSON and bytes may be mixed', () => {
  const strings = Buffer.from([3, 0, 0, 0, 0x61, 0x62, 0x63, 2, 0, 0, 0, 0xc3, 0xa4, 0, 0, 0, 0]);
  const texts: Pick<Manifest, 'inputs' | 'outputs'> = {
    inputs: [spec('t', 'string', [-1]), spec('x', 'int64', [-1])],
    outputs: [spec('t', 'string', [-1]), spec('y', 'int64', [-1])],
  };
  const { bytes, length } = body(
    {
      parameters: { binary_data_output: true },
      inputs: [
        { name: 't', shape: [3], datatype: 'BYTES', parameters: { binary_data_size: strings.length } },
        { name: 'x', shape: [3], datatype: 'INT64', data: [1, 2, 3] },
      ],
      outputs: [{ name: 't' }, { name: 'y', parameters: { binary_data: false } }],
    },
    strings,
  );
  const request = readBinary(bytes, length);
  const { tensors } = inferFromV2(request, texts);
  expect(tensors[0]?.data).toEqual(['abc', 'ä', '']);
  expect(binaryOutputs(request, ['t', 'y'])).toEqual(new Set(['t']));
  const answer = writeBinary(
    { name: 'm', version: 2 },
    [tensors[0], { name: 'y', dtype: 'int64', dims: [1], data: le(new BigInt64Array([5n])) }],
    new Set(['t']),
  );
  expect([answer.tails.map((tail) => [...tail]), JSON.parse(answer.head).outputs[1].data]).toEqual([
    [[...strings]],
    [5],
  ]);
});

type Refusal = [string, () => unknown, string, RegExp];

test('a file from elsewhere takes NaN as it likes, and every number that is none of those passes', () => {
  const numbers = new Float32Array([3.4e38, -3.4e38, 1e-45, -0]);
  const input = { name: 'x', shape: [4], datatype: 'FP32', parameters: { binary_data_size: 16 } };
  const inputs = [spec('x', 'float32', [-1])];
  const { bytes, length } = body({ inputs: [input] }, le(numbers));
  expect(inferFromV2(readBinary(bytes, length), { inputs, outputs: [] }).tensors[0].data).toEqual(
    Buffer.from(le(numbers)),
  );
  const odd = body({ inputs: [input] }, le(new Float32Array([Number.NaN, 1, 2, 3])));
  const { tensors } = inferFromV2(readBinary(odd.bytes, odd.length), { inputs, outputs: [], tensors: true });
  expect(tensors[0].dims).toEqual([4]);
});

test.each<Refusal>([
  [
    'a length beyond the body',
    () => readBinary(new Uint8Array(10), '11'),
    'bad_request',
    /must be the length of the JSON within the body of 10 bytes/,
  ],
  [
    'a length that is no number',
    () => readBinary(new Uint8Array(10), 'ten'),
    'bad_request',
    /Inference-Header-Content-Length is ten/,
  ],
  [
    'a head that is no JSON',
    () => readBinary(Buffer.from('{nonsense}'), undefined),
    'bad_request',
    /JSON part of the body cannot be read/,
  ],
  ['a head without inputs', () => readBinary(Buffer.from('{"inputs":[]}'), undefined), 'bad_request', /body\.inputs/],
  [
    'a gigabyte that is only claimed',
    () => {
      const { bytes, length } = body({
        inputs: [{ name: 'x', shape: [268435456], datatype: 'FP32', parameters: { binary_data_size: 2 ** 30 } }],
      });
      readBinary(bytes, length);
    },
    'bad_request',
    /input "x" claims 1073741824 bytes of binary data, but 0 are left/,
  ],
  [
    'a negative size',
    () => {
      const { bytes, length } = body({
        inputs: [{ name: 'x', shape: [1], datatype: 'FP32', parameters: { binary_data_size: -4 } }],
      });
      readBinary(bytes, length);
    },
    'bad_request',
    /claims -4 bytes/,
  ],
  [
    'bytes that belong to nothing',
    () => {
      const { bytes, length } = body(head, new Uint8Array(30));
      readBinary(bytes, length);
    },
    'bad_request',
    /11 bytes of the body belong to no input/,
  ],
  [
    'both forms at once',
    () => {
      const { bytes, length } = body(
        { inputs: [{ name: 'x', shape: [1], datatype: 'UINT8', data: [1], parameters: { binary_data_size: 1 } }] },
        new Uint8Array(1),
      );
      readBinary(bytes, length);
    },
    'bad_request',
    /has both data and binary_data_size/,
  ],
  [
    'too few bytes for the shape',
    () => {
      const { bytes, length } = body(
        { inputs: [{ ...head.inputs[0], parameters: { binary_data_size: 12 } }, head.inputs[1]] },
        new Uint8Array(15),
      );
      inferFromV2(readBinary(bytes, length), manifest);
    },
    'bad_input',
    /input "input0" of shape \[2,2\] needs 16 bytes of binary data, but has 12/,
  ],
  [
    'a byte that is no truth value',
    () => {
      const { bytes, length } = body(head, new Uint8Array(16), new Uint8Array([1, 7, 0]));
      inferFromV2(readBinary(bytes, length), manifest);
    },
    'bad_input',
    /holds a byte that is no BOOL/,
  ],
  ...(['float16', 'float32', 'float64'] as const).flatMap((dtype) =>
    [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((value): Refusal => {
      const made = { float16: Float16Array, float32: Float32Array, float64: Float64Array }[dtype].of(1, 6e4, value, 0);
      const datatype = { float16: 'FP16', float32: 'FP32', float64: 'FP64' }[dtype];
      const input = { name: 'x', shape: [4], datatype, parameters: { binary_data_size: made.byteLength } };
      return [
        `${value} in ${dtype}`,
        () => {
          const { bytes, length } = body({ inputs: [input] }, le(made));
          inferFromV2(readBinary(bytes, length), { inputs: [spec('x', dtype, [-1])], outputs: [] });
        },
        'bad_input',
        /input "x" element 2 must be a number, not NaN or infinite/,
      ];
    }),
  ),
  [
    'strings whose length runs over the end',
    () => {
      const { bytes, length } = body(
        { inputs: [{ name: 't', shape: [1], datatype: 'BYTES', parameters: { binary_data_size: 5 } }] },
        new Uint8Array([255, 255, 255, 255, 1]),
      );
      inferFromV2(readBinary(bytes, length), { inputs: [spec('t', 'string', [-1])], outputs: [] });
    },
    'bad_input',
    /needs 1 strings, each behind its length in 4 bytes/,
  ],
])('%s is refused in clear words', (_name, work, code, message) => {
  const [found, words] = faultOf(work);
  expect([found, words]).toEqual([code, expect.stringMatching(message)]);
});
