import { expect, test } from 'vitest';
import { shiftImages } from '../../../engine/train/shift.ts';

const image = { height: 3, width: 4, channels: 2, first: 1 };
const width = 27;
/** A number, two pictures of 3 × 4, two more numbers. */
const rowsOf = (count: number) => Float32Array.from({ length: count * width }, (_, i) => i);
const moved = (seed: number, epoch: number, rows: number[], most = 1) => {
  const dense = rowsOf(rows.length);
  shiftImages(dense, width, Uint32Array.from(rows), { image, most }, seed, epoch);
  return dense;
};

test('a picture moves as a whole, all channels alike, its edge filling what comes in; other numbers stay', () => {
  const dense = rowsOf(40);
  const plain = rowsOf(40);
  shiftImages(
    dense,
    width,
    Uint32Array.from({ length: 40 }, (_, i) => i),
    { image, most: 1 },
    1,
    1,
  );
  const ways = new Set<string>();
  for (let r = 0; r < 40; r++) {
    const [own, was] = [dense.subarray(r * width, (r + 1) * width), plain.subarray(r * width, (r + 1) * width)];
    expect([own[0], own[25], own[26]]).toEqual([was[0], was[25], was[26]]);
    const clamp = (at: number, size: number) => Math.min(Math.max(at, 0), size - 1);
    const fits = [-1, 0, 1].flatMap((down) =>
      [-1, 0, 1]
        .filter((right) =>
          Array.from({ length: 24 }, (_, i) => i).every((i) => {
            const [c, y, x] = [Math.floor(i / 12), Math.floor(i / 4) % 3, i % 4];
            return own[1 + i] === was[1 + c * 12 + clamp(y - down, 3) * 4 + clamp(x - right, 4)];
          }),
        )
        .map((right) => `${down},${right}`),
    );
    expect(fits.length).toBe(1);
    ways.add(fits[0]);
  }
  expect(ways.size).toBe(9);
});

test('where a picture moves follows from seed, epoch and row alone', () => {
  const one = moved(1, 2, [5, 9]);
  expect(moved(1, 2, [5, 9])).toEqual(one);
  const swapped = moved(1, 2, [9, 5]);
  const offsets = (dense: Float32Array, r: number) =>
    dense.slice(r * width, (r + 1) * width).map((value) => value - r * width);
  expect(offsets(swapped, 0)).toEqual(offsets(one, 1));
  expect([moved(1, 3, [5, 9]), moved(2, 2, [5, 9])]).not.toContainEqual(one);
});
