// PNG files that already have the size and channels that a model takes, straight to its planes: on small images sharp's own
// way costs fifty times their decoding. Whatever is unusual or wrong about a file is left to sharp, whose bits these are too.
import { crc32, inflateSync } from 'node:zlib';
import type { PictureInput } from '../../schema/index.ts';

const signature = [0x89504e47, 0x0d0a1a0a] as const;
const chunk = { head: 0x49484452, data: 0x49444154, end: 0x49454e44, size: 0x70485973, time: 0x74494d45 } as const;
/** Larger ones are sharp's, which does not hold the thread. */
const mostPixels = 512 * 512;

/** Pixels [channels, height, width] of a plain PNG of 8 bits a sample; undefined where sharp has to look at it. */
export function plainPng(
  bytes: Uint8Array,
  { height, width, channels }: Pick<PictureInput, 'height' | 'width' | 'channels'>,
): Uint8Array | undefined {
  if (bytes.length < 57 || height * width > mostPixels) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (signature.some((word, i) => view.getUint32(4 * i) !== word)) return undefined;
  // Width, height, 8 bits, grey or colours, and the only methods there are, without interlacing.
  if (view.getUint32(8) !== 13 || view.getUint32(12) !== chunk.head) return undefined;
  if (view.getUint32(16) !== width || view.getUint32(20) !== height) return undefined;
  const colours = channels === 1 ? 0 : channels === 3 ? 2 : -1;
  if ([8, colours, 0, 0, 0].some((value, i) => bytes[24 + i] !== value)) return undefined;
  const packed = dataOf(bytes, view);
  if (!packed) return undefined;
  const stride = width * channels;
  const size = height * (stride + 1);
  try {
    const lines = inflateSync(packed, { maxOutputLength: size });
    return lines.length === size ? unfilter(lines, height, width, channels) : undefined;
  } catch {
    return undefined;
  }
}

/** The compressed lines, where every chunk is whole and none changes how they look. */
function dataOf(bytes: Uint8Array, view: DataView): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = view.getUint32(at + 4);
    const end = at + 12 + length;
    if (end > bytes.length) return undefined;
    if (crc32(bytes.subarray(at + 4, end - 4)) !== view.getUint32(end - 4)) return undefined;
    if (type === chunk.end) return end === bytes.length ? Buffer.concat(parts) : undefined;
    if (type === chunk.data) parts.push(bytes.subarray(at + 8, end - 4));
    else if (type !== chunk.size && type !== chunk.time && !(type === chunk.head && at === 8)) return undefined;
    at = end;
  }
  return undefined;
}

/** Filters undone (PNG, second edition, section 9), samples parted by channel. */
function unfilter(lines: Uint8Array, height: number, width: number, channels: number): Uint8Array | undefined {
  const stride = width * channels;
  const plane = height * width;
  const out = new Uint8Array(plane * channels);
  let before = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const from = y * (stride + 1);
    const line = lines.subarray(from + 1, from + 1 + stride);
    switch (lines[from]) {
      case 0:
        break;
      case 1:
        for (let i = channels; i < stride; i++) line[i] += line[i - channels];
        break;
      case 2:
        for (let i = 0; i < stride; i++) line[i] += before[i];
        break;
      case 3:
        for (let i = 0; i < stride; i++) line[i] += ((i < channels ? 0 : line[i - channels]) + before[i]) >> 1;
        break;
      case 4:
        for (let i = 0; i < stride; i++)
          line[i] += i < channels ? before[i] : paeth(line[i - channels], before[i], before[i - channels]);
        break;
      default:
        return undefined;
    }
    for (let c = 0; c < channels; c++)
      for (let x = 0, i = c; x < width; x++, i += channels) out[c * plane + y * width + x] = line[i];
    before = line as Uint8Array<ArrayBuffer>;
  }
  return out;
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [l, a, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  if (l <= a && l <= c) return left;
  return a <= c ? above : corner;
}
