// safetensors files are read and written as the format says.
import { describe, expect, test } from 'vitest';
import { readSafetensors, tensor, writeSafetensors } from '../../../engine/onnx/index.ts';

function file(header: string, body: number[] = []): Uint8Array {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  return Uint8Array.from([...length, ...Buffer.from(header), ...body]);
}

describe('safetensors', () => {
  test('tensors are read back as they were written, in order', () => {
    const tensors = new Map([
      ['b', tensor('float32', [2, 1], [1.5, -2])],
      ['a', tensor('int64', [1], [2n ** 40n])],
      ['scalar', tensor('float64', [], [Math.E])],
      ['none', tensor('uint8', [0], [])],
    ]);
    const read = readSafetensors(writeSafetensors(tensors, { format: 'pt' }));
    expect([...read]).toEqual([...tensors]);
  });

  test('bfloat16 is widened to float32', () => {
    const bytes = file('{"w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}', [0x80, 0x3f, 0x20, 0xc0]);
    expect(readSafetensors(bytes).get('w')).toEqual(tensor('float32', [2], [1, -2.5]));
  });

  test.each([
    ['a short file', Uint8Array.of(1, 2), 'shorter than its header'],
    ['a header longer than the file', file('{}').fill(255, 0, 7), 'header length is wrong'],
    ['a header that is not JSON', file('{"w":'), 'header is not JSON'],
    [
      'a tensor outside the file',
      file('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'),
      'tensor "w" lies outside the file',
    ],
    [
      'a length that is not the shape',
      file('{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', [0, 0, 0, 0]),
      'tensor "w" has the wrong length',
    ],
    ['an unknown type', file('{"w":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}}', [0]), 'tensor "w" has type F4'],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(message);
  });
});
