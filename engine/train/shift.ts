// Images moved by a few pixels while training, so that a model learns shapes and not places. Which image moves where
// follows from seed, epoch and row alone, so that a resumed run meets the same pictures.
import { rng } from '../base/index.ts';
import type { Layout } from '../models/index.ts';

/** Pixels within the rows of `dense`, and how far they may move. */
export interface Shift {
  image: NonNullable<Layout['image']>;
  most: number;
}

/** Moves each row's image within `dense` [rows × width] by up to `most` pixels each way; the edge fills what comes in. */
export function shiftImages(
  dense: Float32Array,
  width: number,
  rows: Uint32Array,
  shift: Shift,
  seed: number,
  epoch: number,
): void {
  const { image, most } = shift;
  const { height, width: across, channels, first } = image;
  const held = new Float32Array(height * across);
  const inside = (at: number, size: number) => Math.min(Math.max(at, 0), size - 1);
  for (const [r, row] of rows.entries()) {
    const random = rng(seed, 'shift', epoch, row);
    const [down, right] = [random.int(2 * most + 1) - most, random.int(2 * most + 1) - most];
    if (down === 0 && right === 0) continue;
    for (let channel = 0; channel < channels; channel++) {
      const start = r * width + first + channel * held.length;
      held.set(dense.subarray(start, start + held.length));
      for (let y = 0; y < height; y++) {
        const from = inside(y - down, height) * across;
        for (let x = 0; x < across; x++) dense[start + y * across + x] = held[from + inside(x - right, across)];
      }
    }
  }
}
