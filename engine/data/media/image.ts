// Image files: what they are, and their pixels as a model takes them. The same function serves training and requests, so that
// both see the same bits. The only file that talks to sharp; it keeps nothing between calls.
import type Sharp from 'sharp';
import { Fault, type PictureInput } from '../../schema/index.ts';
import { plainPng } from './png.ts';
import { type SmallPicture, smallPicture } from './small.ts';

/** Most pixels of an image that is decoded: 100 million, about what the largest cameras make. */
export const mostPixels = 100_000_000;

/** What an image file turned out to be. */
export interface ImageFacts {
  format: string;
  /** Pixels as a viewer shows them. */
  width: number;
  height: number;
  channels: number;
}

let loaded: Promise<typeof Sharp> | undefined;

/** Loaded when it is needed: most imports and hosts do without it. One thread an image; callers run several at once. */
function library(): Promise<typeof Sharp> {
  loaded ??= import('sharp').then(({ default: sharp }) => {
    sharp.cache(false);
    sharp.concurrency(1);
    return sharp;
  });
  return loaded;
}

const formats = new Set(['png', 'jpeg', 'webp', 'tiff']);
const options = { limitInputPixels: mostPixels, failOn: 'truncated', sequentialRead: true } as const;

/** Up to this many pixels an image is decoded whole to see that it is one; larger ones line by line, which takes twice as long. */
const mostAtOnce = 1_000_000;

/**
 * Format and pixels as the first bytes of a PNG or JPEG say, and whether its samples are 8 bits of grey or of three colours;
 * undefined for others, and where they say nothing.
 */
function headerOf(bytes: Uint8Array): { format: string; pixels: number; plain: boolean } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length > 24 && view.getUint32(0) === 0x89504e47) {
    return { format: 'png', pixels: view.getUint32(16) * view.getUint32(20), plain: bytes[24] <= 8 };
  }
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return undefined;
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; at += 2 + view.getUint16(at + 2)) {
    const marker = bytes[at + 1];
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      const plain = bytes[at + 4] === 8 && [1, 3].includes(bytes[at + 9]);
      return { format: 'jpeg', pixels: view.getUint16(at + 5) * view.getUint16(at + 7), plain };
    }
  }
  return undefined;
}

const notOne = 'is not a PNG, JPEG, WebP or TIFF image';

/** Why a file is no image that can be used, as the end of a sentence about it; undefined for errors of another kind. */
function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (/pixel limit/i.test(text)) return `has more than ${mostPixels / 1e6} million pixels`;
  if (/unsupported image format/i.test(text)) return notOne;
  return 'is damaged or cut off';
}

/** Photographs of telephones (HEIF, AVIF) under another name fail deep inside. */
const isHeif = (bytes: Uint8Array): boolean => Buffer.from(bytes.subarray(4, 8)).toString('latin1') === 'ftyp';

const unusable = (bytes: Uint8Array, error: unknown): Fault =>
  new Fault('bad_data', isHeif(bytes) ? notOne : reason(error), undefined, error);

/**
 * Decodes a whole image to see that it is one. Throws `bad_data` whose message is the end of a sentence about the file
 * (`is damaged or cut off`).
 */
export async function probeImage(bytes: Uint8Array): Promise<ImageFacts & { small?: SmallPicture }> {
  const sharp = await library();
  try {
    const header = headerOf(bytes);
    if (header && header.pixels <= mostAtOnce) {
      const { data, info } = await sharp(bytes, options).autoOrient().raw().toBuffer({ resolveWithObject: true });
      const { width, height, channels } = info;
      const small = header.plain ? smallPicture(data, info) : undefined;
      return { format: header.format, width, height, channels, ...(small ? { small } : {}) };
    }
    const image = sharp(bytes, options);
    const { format, width, height, channels, orientation = 1 } = await image.metadata();
    if (!formats.has(format)) throw new Fault('bad_data', notOne);
    if (width * height > mostPixels) throw new Fault('bad_data', `has more than ${mostPixels / 1e6} million pixels`);
    // Every line is decoded; only a thumbnail is kept.
    await sharp(bytes, options)
      .resize(1, 1, { fit: 'fill', kernel: 'nearest', fastShrinkOnLoad: false })
      .raw()
      .toBuffer();
    return { format, channels, ...(orientation >= 5 ? { width: height, height: width } : { width, height }) };
  } catch (error) {
    throw error instanceof Fault ? error : unusable(bytes, error);
  }
}

const fits = { cover: 'cover', contain: 'contain', stretch: 'fill' } as const;

/** Pixels of an image, [channels, height, width] row-major, 0 to 255. Throws as `probeImage`. */
export async function imagePixels(
  bytes: Uint8Array,
  { height, width, channels, fit, mean }: Pick<PictureInput, 'height' | 'width' | 'channels' | 'fit' | 'mean'>,
): Promise<Uint8Array> {
  const plain = plainPng(bytes, { height, width, channels });
  if (plain) return plain;
  const sharp = await library();
  const [r = 128, g = r, b = r] = mean.map(Math.round);
  try {
    const { data, info } = await sharp(bytes, options)
      .autoOrient()
      .flatten({ background: '#ffffff' })
      .resize(width, height, { fit: fits[fit], background: { r, g, b } })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return planar(data, height * width, info.channels, channels);
  } catch (error) {
    throw unusable(bytes, error);
  }
}

/** From pixels with their channels side by side to one plane a channel. */
function planar(data: Uint8Array, pixels: number, has: number, wants: number): Uint8Array {
  const out = new Uint8Array(pixels * wants);
  for (let c = 0; c < wants; c++) {
    const from = Math.min(c, has - 1);
    for (let i = 0, at = from; i < pixels; i++, at += has) out[c * pixels + i] = data[at];
  }
  return out;
}
