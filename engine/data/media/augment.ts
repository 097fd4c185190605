// Changes to images and spectra while training, so that a model learns what does not matter. Seeded by run, epoch and row: the
// same row looks the same in the same epoch, whoever makes the batch. Never used when testing or serving.
import { type Rng, rng } from '../../base/index.ts';
import type { ImageShape, PictureInput, SoundInput } from '../../schema/index.ts';

/** Changes one image in place: pixels [channels, height, width], 0 to 255. */
export function augmentImage(pixels: Uint8Array, input: PictureInput, seed: number, epoch: number, row: number): void {
  const { augment } = input;
  if (!augment) return;
  const random = rng(seed, 'image', input.column, epoch, row);
  const flip = random.next() < 0.5 && augment.flip;
  const angle = between(random, augment.turn) * (Math.PI / 180);
  const [dx, dy] = [between(random, augment.shift) * input.width, between(random, augment.shift) * input.height];
  const [brightness, contrast] = [between(random, augment.light) * 255, 1 + between(random, augment.light)];
  if (flip || angle !== 0 || dx !== 0 || dy !== 0) move(pixels, input, flip, angle, dx, dy);
  if (brightness === 0 && contrast === 1) return;
  const lit = new Uint8ClampedArray(256);
  for (let v = 0; v < 256; v++) lit[v] = (v - 128) * contrast + 128 + brightness;
  for (let i = 0; i < pixels.length; i++) pixels[i] = lit[pixels[i]];
}

/** Uniform between −most and most. */
const between = (random: Rng, most: number): number => (2 * random.next() - 1) * most;

/** Every pixel is taken from where it came from, by bilinear interpolation; beyond the border the border goes on. */
function move(
  pixels: Uint8Array,
  { height, width }: ImageShape,
  flip: boolean,
  angle: number,
  dx: number,
  dy: number,
): void {
  const from = pixels.slice();
  const plane = height * width;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  const side = flip ? -1 : 1;
  const [right, low] = [width - 1, height - 1];
  for (let y = 0; y < height; y++) {
    const uy = y - cy - dy;
    for (let x = 0; x < width; x++) {
      const ux = (x - cx) * side - dx;
      let sx = cos * ux + sin * uy + cx;
      let sy = cos * uy - sin * ux + cy;
      if (sx < 0) sx = 0;
      else if (sx > right) sx = right;
      if (sy < 0) sy = 0;
      else if (sy > low) sy = low;
      // They are not negative: whole parts are what is left of the point.
      const x0 = sx | 0;
      const y0 = sy | 0;
      const fx = sx - x0;
      const fy = sy - y0;
      const upper = y0 * width + x0;
      const step = x0 < right ? 1 : 0;
      const lower = y0 < low ? upper + width : upper;
      for (let base = 0, at = y * width + x; base < from.length; base += plane, at += plane) {
        const top = from[base + upper] * (1 - fx) + from[base + upper + step] * fx;
        const bottom = from[base + lower] * (1 - fx) + from[base + lower + step] * fx;
        pixels[at] = (top * (1 - fy) + bottom * fy + 0.5) | 0;
      }
    }
  }
}

/** Masks stripes of one spectrum [mels, frames] in place with the mean, and moves it in time (Park et al. 2019). */
export function augmentSound(values: Float32Array, input: SoundInput, seed: number, epoch: number, row: number): void {
  const { augment, mels, frames, mean } = input;
  if (!augment) return;
  const random = rng(seed, 'sound', input.column, epoch, row);
  const by = Math.round(between(random, augment.shift) * frames);
  if (by !== 0) {
    const from = values.slice();
    for (let m = 0; m < mels; m++) {
      for (let t = 0; t < frames; t++) values[m * frames + t] = from[m * frames + ((t + by + frames) % frames)];
    }
  }
  for (let i = 0; i < augment.bandMasks; i++) {
    const [first, count] = stripe(random, mels, augment.bands);
    values.fill(mean, first * frames, (first + count) * frames);
  }
  for (let i = 0; i < augment.timeMasks; i++) {
    const [first, count] = stripe(random, frames, augment.timeShare * frames);
    for (let m = 0; m < mels; m++) values.fill(mean, m * frames + first, m * frames + first + count);
  }
}

/** First and length of a stripe of at most `most` of `all`. */
function stripe(random: Rng, all: number, most: number): [number, number] {
  const count = random.int(Math.floor(Math.min(all, most)) + 1);
  return [random.int(all - count + 1), count];
}
