import { expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';
import {
  addTo,
  allFinite,
  halve,
  quantize,
  scaleBlock,
  unhalve,
  unquantize,
} from '../../../engine/cluster/ring/kernels.ts';

/** More than goes through at once, and no whole register at the end. */
const long = 2 * 32_768 + 7;
const normals = (length: number, seed = 1, scale = 1) => {
  const random = rng(seed, 'kernels');
  return Float32Array.from({ length }, () => random.normal() * scale);
};

test('a sum is what float32 says, wherever the numbers lie', () => {
  for (const length of [1, 3, 4, 5, 1023, long]) {
    const [a, b] = [normals(length), normals(length, 2)];
    const shared = new Float32Array(new SharedArrayBuffer(4 * (length + 1)), 4);
    shared.set(a);
    expect(addTo(shared, b)).toBe(true);
    expect(Float32Array.from(shared)).toEqual(a.map((value, i) => value + b[i]));
  }
});

test('one number that is not finite is seen, at any place', () => {
  for (const length of [1, 6, 9, long]) {
    for (const at of new Set([0, length >> 1, length - 1])) {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const numbers = normals(length);
        expect(allFinite(numbers)).toBe(true);
        numbers[at] = value;
        expect(allFinite(numbers), `${value} at ${at} of ${length}`).toBe(false);
        expect(addTo(normals(length, 3), numbers)).toBe(false);
        // It does not stay behind in what the next numbers are put into.
        expect(allFinite(normals(length, 4))).toBe(true);
      }
    }
  }
  expect(addTo(new Float32Array([3e38]), new Float32Array([3e38]))).toBe(false);
});

test('halves are those of the language for every half and what lies between two', () => {
  const bits = Uint16Array.from({ length: 0x7c00 }, (_, i) => i);
  const halves = Float32Array.from(new Float16Array(bits.buffer));
  const between = halves.subarray(1).map((value, i) => (value + halves[i]) / 2);
  const near = [...between.map((value) => value * (1 + 2 ** -20)), ...between.map((value) => value * (1 - 2 ** -20))];
  const all = Float32Array.from([...halves, ...between, ...near]);
  for (const numbers of [all, all.map((value) => -value), normals(long)]) {
    const payload = halve(numbers).slice();
    expect(new Float16Array(payload.buffer)).toEqual(new Float16Array(numbers));
    const back = new Float32Array(numbers.length);
    unhalve(payload, back);
    expect(back).toEqual(Float32Array.from(new Float16Array(numbers)));
  }
});

test('what a half cannot hold is cut to the greatest, and what came as infinite or not a number stays so', () => {
  expect(new Float16Array(halve(new Float32Array([1e30, -70_000, 65_519])).slice().buffer)).toEqual(
    new Float16Array([65_504, -65_504, 65_504]),
  );
  const out = new Float32Array(3);
  unhalve(
    new Uint8Array(new Float16Array([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]).buffer),
    out,
  );
  expect(allFinite(out.subarray(0, 1))).toBe(false);
  expect(allFinite(out.subarray(1, 2))).toBe(false);
  expect(allFinite(out.subarray(2, 3))).toBe(false);
});

for (const [name, write, read] of [
  ['halves', halve, unhalve],
  ['bytes', quantize, unquantize],
] as const) {
  test(`${name}: what one writing loses is kept, so that value and error are what was to be written`, () => {
    for (const length of [1, 5, scaleBlock + 3, long]) {
      const numbers = normals(length, 5, 0.01);
      const error = normals(length, 6, 0.001);
      const due = numbers.map((value, i) => value + error[i]);
      const back = new Float32Array(length);
      read(write(numbers, error).slice(), back);
      back.forEach((value, i) => expect(Math.abs(value + error[i] - due[i])).toBeLessThan(1e-8));
    }
  });
}

test('a byte is off by half a step of its block at most, and a block of zeros is zeros', () => {
  const numbers = normals(3 * scaleBlock, 7);
  numbers.fill(0, scaleBlock, 2 * scaleBlock);
  const back = new Float32Array(numbers.length).fill(1);
  unquantize(quantize(numbers).slice(), back);
  for (let block = 0; block < 3; block++) {
    const [from, to] = [block * scaleBlock, (block + 1) * scaleBlock];
    const step = Math.max(...numbers.subarray(from, to).map(Math.abs)) / 127;
    for (let i = from; i < to; i++) expect(Math.abs(back[i] - numbers[i])).toBeLessThanOrEqual(step * 0.5001);
  }
});
