// Models survive the wire, and what is not a model is refused with a clear word.
import { describe, expect, test } from 'vitest';
import { decodeModel, encodeModel, type Model, type Tensor, tensor, wrapGraph } from '../../../engine/onnx/index.ts';

const everyKind: Model = wrapGraph(
  {
    name: 'every kind',
    inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 3, '?'] }],
    outputs: [{ name: 'y', dtype: 'string', shape: [] }],
    initializers: new Map<string, Tensor>([
      ['f32', tensor('float32', [2], [1.5, -2])],
      ['f64', tensor('float64', [2], [Math.PI, 0])],
      ['i64', tensor('int64', [3], [-1, 2n ** 62n, 0])],
      ['u64', tensor('uint64', [1], [2n ** 63n])],
      ['i32', tensor('int32', [], [-7])],
      ['i8', tensor('int8', [2], [-128, 127])],
      ['u8', tensor('uint8', [2], [0, 255])],
      ['bool', tensor('bool', [2], [1, 0])],
      ['f16', tensor('float16', [1], [0x3c00])],
      ['text', tensor('string', [2], ['größe', '数'])],
      ['empty', tensor('float32', [0], [])],
    ]),
    nodes: [
      {
        op: 'LabelEncoder',
        domain: 'ai.onnx.ml',
        name: 'node',
        inputs: ['x', ''],
        outputs: ['y'],
        attributes: {
          f: { type: 'float', value: 0.5 },
          i: { type: 'int', value: -1 },
          s: { type: 'string', value: 'äöü' },
          fs: { type: 'floats', value: [1, 2.5] },
          is: { type: 'ints', value: [0, -5, 2 ** 40] },
          ss: { type: 'strings', value: ['a', ''] },
          t: { type: 'tensor', value: tensor('float32', [1], [3]) },
          g: { type: 'graph', value: { name: 'body', inputs: [], outputs: [], initializers: new Map(), nodes: [] } },
        },
      },
    ],
  },
  { key: 'value' },
);

describe('ONNX models', () => {
  test('every element type and attribute kind is read back as it was written', () => {
    expect(decodeModel(encodeModel(everyKind))).toEqual(everyKind);
  });

  test('tensors may lie in a file beside the model', () => {
    const bytes = new Uint8Array(Float32Array.of(9, 1, 2).buffer);
    const asked: unknown[] = [];
    // data_location EXTERNAL with location and offset, as the specification's external data has it.
    const entry = (key: string, value: string) => [
      0x6a,
      key.length + value.length + 4,
      0x0a,
      key.length,
      ...Buffer.from(key),
      0x12,
      value.length,
      ...Buffer.from(value),
    ];
    const proto = [0x08, 2, 0x10, 1, 0x42, 1, 0x77, ...entry('location', 'w.bin'), ...entry('offset', '4'), 0x70, 1];
    const graph = [0x2a, proto.length, ...proto];
    const model = decodeModel(Uint8Array.from([0x08, 8, 0x3a, graph.length, ...graph]), (location, offset, length) => {
      asked.push([location, offset, length]);
      return bytes.subarray(offset);
    });
    expect(model.graph.initializers.get('w')).toEqual(tensor('float32', [2], [1, 2]));
    expect(asked).toEqual([['w.bin', 4, undefined]]);
  });

  test.each([
    ['text', Buffer.from('this is no model at all')],
    ['nothing', new Uint8Array()],
    ['a model cut short', encodeModel(everyKind).subarray(0, 200)],
  ])('%s is refused as corrupt', (_, bytes) => {
    expect(() => decodeModel(bytes)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });
});

describe('tensors', () => {
  test('a length that does not fit the shape is refused', () => {
    expect(() => tensor('float32', [2, 2], [1, 2, 3])).toThrow(
      'a float32 tensor of shape [2,2] needs 4 elements, got 3',
    );
  });

  test('data of another element type is refused', () => {
    expect(() => tensor('int64', [1], new Float32Array(1))).toThrow(
      'a int64 tensor needs BigInt64Array data, got Float32Array',
    );
  });
});
