// Pixels of small images beside their files: an import decodes every file once to see that it is one, and what it found is kept, so
// that the first epoch reads pixels and need not decode. Only where they are sharp's own bits for a model that takes the image in
// its own size; all else is decoded from the file. Decodes nothing.
import type { PictureInput } from '../../schema/index.ts';
import type { PackReader, PackWriter } from '../../store/index.ts';
import { entries } from '../layout.ts';

/** Longest side of images whose pixels are kept: also the longest that a model takes unasked. */
export const mostSide = 96;

/** An image as it is shown, 8 bits a sample: one plane where it is grey, else three. */
export interface SmallPicture {
  width: number;
  height: number;
  /** [channels, height, width]; of one or three channels. */
  planes: Uint8Array;
}

/** Planes of pixels with their channels side by side; one plane where all three say the same. */
export function smallPicture(
  data: Uint8Array,
  { width, height, channels }: { width: number; height: number; channels: number },
): SmallPicture | undefined {
  const plane = width * height;
  if (width > mostSide || height > mostSide || data.length !== plane * channels) return undefined;
  if (channels === 1) return { width, height, planes: Uint8Array.from(data) };
  if (channels !== 3) return undefined;
  const planes = new Uint8Array(plane * 3);
  let isGrey = true;
  for (let i = 0, at = 0; i < plane; i++, at += 3) {
    const [r, g, b] = [data[at], data[at + 1], data[at + 2]];
    planes[i] = r;
    planes[plane + i] = g;
    planes[2 * plane + i] = b;
    isGrey &&= r === g && g === b;
  }
  return { width, height, planes: isGrey ? planes.slice(0, plane) : planes };
}

/** What a model takes of a small image; undefined where it has to be decoded: another size, or grey from colours. */
export function planesFor(
  { width, height, planes }: SmallPicture,
  input: Pick<PictureInput, 'height' | 'width' | 'channels'>,
): Uint8Array | undefined {
  if (width !== input.width || height !== input.height) return undefined;
  const plane = width * height;
  if (planes.length === plane * input.channels) return planes;
  if (planes.length !== plane) return undefined;
  const out = new Uint8Array(plane * input.channels);
  for (let c = 0; c < input.channels; c++) out.set(planes, c * plane);
  return out;
}

/** Takes the pixels of row after row of a dataset's column 0 into its pack. */
export function keepSmall(writer: PackWriter) {
  const heads: number[] = [];
  let isAny = false;
  return {
    /** The next row, with its pixels where it is a small image. */
    add(picture: SmallPicture | undefined): void {
      if (picture) {
        isAny = true;
        heads.push(picture.width, picture.height, picture.planes.length / (picture.width * picture.height));
        writer.append(entries.pixels(0), picture.planes);
      } else heads.push(0, 0, 0);
    },
    end(): void {
      if (isAny) writer.append(entries.sizes(0), Uint8Array.from(heads));
    },
  };
}

/** Reads them again: the picture of a row, undefined where none was kept. */
export function openSmall(pack: PackReader, column: number): (row: number) => SmallPicture | undefined {
  if (!pack.has(entries.sizes(column))) return () => undefined;
  const heads = pack.read(entries.sizes(column));
  const starts = new Float64Array(heads.length / 3 + 1);
  for (let row = 0; row + 1 < starts.length; row++)
    starts[row + 1] = starts[row] + heads[3 * row] * heads[3 * row + 1] * heads[3 * row + 2];
  return (row) => {
    if (!(starts[row + 1] > starts[row])) return undefined;
    const planes = pack.readRange(entries.pixels(column), starts[row], starts[row + 1]);
    return { width: heads[3 * row], height: heads[3 * row + 1], planes };
  };
}
