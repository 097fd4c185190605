// Small image and sound files for the tests beside it, made on the spot.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

/** An image of one colour with a darker square, its place decided by `i`. */
export async function image(
  format: 'png' | 'jpeg' | 'webp' | 'tiff',
  i: number,
  width = 12,
  height = 8,
): Promise<Buffer> {
  const data = Buffer.alloc(width * height * 3);
  for (let p = 0; p < width * height; p++) {
    const inside = p % width >= i % width && p % width < (i % width) + 3;
    data.set(inside ? [20, 30 + (i % 50), 40] : [200, 180, 20 + (i % 100)], p * 3);
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
    .toFormat(format)
    .toBuffer();
}

/** A tone as a 16-bit WAV file. */
export function wav(hertz: number, seconds = 0.3, rate = 8000, channels = 1): Buffer {
  const frames = Math.round(seconds * rate);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + frames * channels * 2, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * channels * 2, 28);
  head.writeUInt16LE(channels * 2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(frames * channels * 2, 40);
  return Buffer.concat([head, Buffer.from(tone(hertz, frames, rate, channels).buffer)]);
}

export function tone(hertz: number, frames: number, rate: number, channels = 1): Int16Array {
  return Int16Array.from({ length: frames * channels }, (_, i) =>
    Math.round(12_000 * Math.sin((2 * Math.PI * hertz * Math.floor(i / channels)) / rate)),
  );
}

/** The same as a FLAC file whose samples are stored as they are (verbatim subframes, RFC 9639). */
export function flac(hertz: number, seconds = 0.3, rate = 8000): Buffer {
  const samples = tone(hertz, Math.round(seconds * rate), rate);
  const block = 512;
  const info = Buffer.alloc(34);
  info.writeUInt16BE(block, 0);
  info.writeUInt16BE(block, 2);
  info.writeBigUInt64BE((BigInt(rate) << 44n) | (0n << 41n) | (15n << 36n) | BigInt(samples.length), 10);
  createHash('md5').update(Buffer.from(samples.buffer)).digest().copy(info, 18);
  const frames: Buffer[] = [];
  for (let from = 0, n = 0; from < samples.length; from += block, n++) {
    const own = samples.subarray(from, from + block);
    const header = Buffer.from([0xff, 0xf8, 0x74, 0x08, n, (own.length - 1) >> 8, (own.length - 1) & 0xff]);
    const body = Buffer.alloc(1 + own.length * 2);
    body[0] = 0x02;
    for (const [i, sample] of own.entries()) body.writeInt16BE(sample, 1 + 2 * i);
    const frame = Buffer.concat([header, Buffer.of(crc(header, 8, 0x07)), body]);
    const check = Buffer.alloc(2);
    check.writeUInt16BE(crc(frame, 16, 0x8005));
    frames.push(frame, check);
  }
  return Buffer.concat([Buffer.from('fLaC'), Buffer.of(0x80, 0, 0, 34), info, ...frames]);
}

function crc(bytes: Uint8Array, bits: number, polynomial: number): number {
  const [top, mask] = [1 << (bits - 1), 2 ** bits - 1];
  let value = 0;
  for (const byte of bytes) {
    value ^= byte << (bits - 8);
    for (let b = 0; b < 8; b++) value = (value & top ? (value << 1) ^ polynomial : value << 1) & mask;
  }
  return value;
}

/** Writes files below a new folder; answers its path. */
export function folder(root: string, files: Record<string, string | Uint8Array>): string {
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  return root;
}

/** Silence as an MP3 file: frames of MPEG-1 layer III, mono, 44.1 kHz, 128 kbit/s, whose side information is all zeros. */
export function mp3(frames = 20): Buffer {
  const frame = Buffer.alloc(417);
  frame.set([0xff, 0xfb, 0x90, 0xc4]);
  return Buffer.concat(Array.from({ length: frames }, () => frame));
}
