import { expect, test } from 'vitest';
import { inferFromV2, inferToV2, v2Metadata } from '../../../engine/serve/index.ts';
import { Fault, v2InferRequest, type Manifest, type TensorSpec } from '../../../engine/schema/index.ts';

const spec = (name: string, dtype: string, shape: number[]): TensorSpec => ({ name, dtype, shape });
const model = (inputs: TensorSpec[], outputs: TensorSpec[] = [spec('y', 'float32', [-1, 2])]) => ({ inputs, outputs });
const matrix = model([spec('x', 'float32', [-1, 2])]);
const send = (inputs: { name: string; datatype: string; shape: number[]; data: unknown[] }[], to = matrix) =>
  inferFromV2({ inputs }, to);
const x = { name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] as unknown[] };

function faultOf(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof Fault) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
}

test('flat and nested data give the same little-endian row-major tensor', () => {
  const flat = send([x]);
  const nested = send([
    {
      ...x,
      data: [
        [1, 2],
        [3, 4],
      ],
    },
  ]);
  expect(flat).toEqual(nested);
  expect(flat.tensors).toEqual([
    { name: 'x', dtype: 'float32', dims: [2, 2], data: new Uint8Array(new Float32Array([1, 2, 3, 4]).buffer) },
  ]);
});

test.each([
  ['BOOL', 'bool', [true, false, 1, 0], [1, 0, 1, 0], [true, false, true, false]],
  ['UINT8', 'uint8', [0, 255], [0, 255], [0, 255]],
  ['UINT16', 'uint16', [0, 65535], [0, 0, 255, 255], [0, 65535]],
  ['UINT32', 'uint32', [4294967295], [255, 255, 255, 255], [4294967295]],
  ['UINT64', 'uint64', ['18446744073709551615'], Array(8).fill(255), ['18446744073709551615']],
  ['INT8', 'int8', [-128, 127], [128, 127], [-128, 127]],
  ['INT16', 'int16', [-2], [254, 255], [-2]],
  ['INT32', 'int32', [-2], [254, 255, 255, 255], [-2]],
  ['INT64', 'int64', [-2], [254, ...Array<number>(7).fill(255)], [-2]],
  ['FP16', 'float16', [1, -2], [0, 60, 0, 192], [1, -2]],
  ['FP32', 'float32', [0.5], [0, 0, 0, 63], [0.5]],
  ['FP64', 'float64', [0.1], [154, 153, 153, 153, 153, 153, 185, 63], [0.1]],
] as const)('%s goes in as %s and comes back as it was', (datatype, dtype, data, bytes, back) => {
  const shape = [data.length];
  const { tensors } = send([{ name: 'x', datatype, shape, data: [...data] }], model([spec('x', dtype, [-1])]));
  expect(Array.from(tensors[0].data as Uint8Array)).toEqual([...bytes]);
  const answer = inferToV2({ name: 'm', version: 3 }, tensors, 'q-1');
  expect(JSON.parse(JSON.stringify(answer).replace(/18446744073709551615/, '"$&"'))).toEqual({
    model_name: 'm',
    model_version: '3',
    id: 'q-1',
    outputs: [{ name: 'x', datatype, shape, data: [...back] }],
  });
});

test('BYTES are strings both ways', () => {
  const { tensors } = send(
    [{ name: 'x', datatype: 'BYTES', shape: [2, 1], data: [['rot'], ['蓝']] }],
    model([spec('x', 'string', [-1, 1])]),
  );
  expect(tensors).toEqual([{ name: 'x', dtype: 'string', dims: [2, 1], data: ['rot', '蓝'] }]);
  expect(inferToV2({ name: 'm', version: 1 }, tensors)).toEqual({
    model_name: 'm',
    model_version: '1',
    outputs: [{ name: 'x', datatype: 'BYTES', shape: [2, 1], data: ['rot', '蓝'] }],
  });
});

test('inputs come out in the order of the model, and wanted outputs are passed on', () => {
  const two = model([spec('a', 'int32', [-1]), spec('b', 'int32', [-1])]);
  const one = (name: string) => ({ name, datatype: 'INT32', shape: [1], data: [7] });
  const { tensors, outputs } = inferFromV2({ inputs: [one('b'), one('a')], outputs: [{ name: 'y' }] }, two);
  expect([tensors.map((wire) => wire.name), outputs]).toEqual([['a', 'b'], ['y']]);
});

const two = model([spec('a', 'int32', [-1]), spec('b', 'int32', [-1])]);
test.each<[string, () => unknown, string, string]>([
  [
    'an unknown name',
    () => send([{ ...x, name: 'z' }]),
    'bad_input',
    'input "z" is not an input of this model; its inputs are "x"',
  ],
  [
    'an input left out',
    () => send([{ name: 'a', datatype: 'INT32', shape: [1], data: [1] }], two),
    'bad_input',
    'input "b" is missing; this model takes "a", "b"',
  ],
  ['the same input twice', () => send([x, x]), 'bad_input', 'input "x" was sent twice; send it once'],
  ['another datatype', () => send([{ ...x, datatype: 'FP64' }]), 'bad_input', 'input "x" must be FP32, not FP64'],
  ['another rank', () => send([{ ...x, shape: [4] }]), 'bad_input', 'input "x" must have shape [?,2], not [4]'],
  [
    'another fixed dimension',
    () => send([{ ...x, shape: [1, 4] }]),
    'bad_input',
    'input "x" must have shape [?,2], not [1,4]',
  ],
  [
    'too little data',
    () => send([{ ...x, data: [1, 2, 3] }]),
    'bad_input',
    'input "x" of shape [2,2] needs 4 elements of data, but has 3',
  ],
  [
    'nesting that is transposed',
    () =>
      send([
        {
          ...x,
          shape: [3, 2],
          data: [
            [1, 2, 3],
            [4, 5, 6],
          ],
        },
      ]),
    'bad_input',
    'input "x" has nested data that does not match shape [3,2] at dimension 0',
  ],
  [
    'nesting that goes deeper',
    () => send([{ ...x, shape: [1, 2], data: [[[1], [2]]] }]),
    'bad_input',
    'input "x" nests deeper than its 2 dimensions',
  ],
  [
    'text where a number is due',
    () => send([{ ...x, data: [1, 'two', 3, 4] }]),
    'bad_input',
    'input "x" element 1 must be a number within ±3.4e38 (FP32), not "two"',
  ],
  [
    'null where a number is due',
    () => send([{ ...x, data: [null, 2, 3, 4] }]),
    'bad_input',
    'input "x" element 0 must be a number within ±3.4e38 (FP32), not null',
  ],
  [
    'a number that overflows',
    () => send([{ ...x, data: [1e39, 2, 3, 4] }]),
    'bad_input',
    'input "x" element 0 must be a number within ±3.4e38 (FP32), not 1e+39',
  ],
  [
    'an integer that JSON has rounded',
    () => send([{ name: 'x', datatype: 'INT64', shape: [1], data: [2 ** 60] }], model([spec('x', 'int64', [-1])])),
    'bad_input',
    'input "x" element 0 must be an integer of 64 bits (as a string beyond ±2^53) (INT64), not 1152921504606847000',
  ],
  [
    'a size that is only claimed',
    () => send([{ ...x, shape: [2 ** 40, 2], data: [] }]),
    'payload_too_large',
    'input "x" claims shape [1099511627776,2]: a request may hold 67108864 elements; send smaller batches',
  ],
  [
    'batches that differ',
    () =>
      send(
        [
          { name: 'a', datatype: 'INT32', shape: [1], data: [1] },
          { name: 'b', datatype: 'INT32', shape: [2], data: [1, 2] },
        ],
        two,
      ),
    'bad_input',
    'input "b" has a batch of 2, but "a" one of 1; they must agree',
  ],
  [
    'an unknown output',
    () => inferFromV2({ inputs: [x], outputs: [{ name: 'z' }] }, matrix),
    'bad_input',
    'output "z" is not an output of this model; its outputs are "y"',
  ],
])('%s is refused in words that name the tensor', (_, work, code, message) => {
  expect(faultOf(work)).toEqual({ code, message });
});

test('metadata names datatypes and shapes as the protocol does', () => {
  const manifest = {
    inputs: [spec('numeric', 'float64', [-1, 4]), spec('category', 'string', [-1, 2])],
    outputs: [spec('label', 'string', [-1]), spec('probabilities', 'float32', [-1, 3])],
  } as Manifest;
  expect(v2Metadata('iris', 2, manifest)).toEqual({
    name: 'iris',
    versions: ['2'],
    platform: 'onnxruntime_onnx',
    inputs: [
      { name: 'numeric', datatype: 'FP64', shape: [-1, 4] },
      { name: 'category', datatype: 'BYTES', shape: [-1, 2] },
    ],
    outputs: [
      { name: 'label', datatype: 'BYTES', shape: [-1] },
      { name: 'probabilities', datatype: 'FP32', shape: [-1, 3] },
    ],
  });
});

test('the example of the specification is taken as it stands', () => {
  const body = v2InferRequest.parse({
    id: '42',
    inputs: [
      { name: 'input0', shape: [2, 2], datatype: 'UINT32', data: [1, 2, 3, 4] },
      { name: 'input1', shape: [3], datatype: 'BOOL', data: [true, false, true] },
    ],
    outputs: [{ name: 'output0' }],
  });
  const manifest = model(
    [spec('input0', 'uint32', [2, 2]), spec('input1', 'bool', [3])],
    [spec('output0', 'float32', [3, 2])],
  );
  expect(inferFromV2(body, manifest)).toEqual({
    tensors: [
      { name: 'input0', dtype: 'uint32', dims: [2, 2], data: new Uint8Array(new Uint32Array([1, 2, 3, 4]).buffer) },
      { name: 'input1', dtype: 'bool', dims: [3], data: new Uint8Array([1, 0, 1]) },
    ],
    outputs: ['output0'],
  });
});
