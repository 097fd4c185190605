import { crc32, deflateSync } from 'node:zlib';
import * as fc from 'fast-check';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { imagePixels } from '../../../../engine/data/media/image.ts';
import { plainPng } from '../../../../engine/data/media/png.ts';

const piece = (name: string, body: Uint8Array) => {
  const named = Buffer.concat([Buffer.from(name), body]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
};

/** The same file with a comment, which sharp reads in its own way. */
const commented = (png: Buffer) =>
  Buffer.concat([png.subarray(0, 33), piece('tEXt', Buffer.from('Comment\0hello')), png.subarray(33)]);

const wanted = (width: number, height: number, channels: number) => ({
  width,
  height,
  channels,
  fit: 'cover' as const,
  mean: [128, 128, 128],
});

/** A PNG whose lines have the given filters and bytes; what they stand for is the reader's affair. */
function written(width: number, height: number, channels: 1 | 3, lines: Uint8Array): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, channels === 1 ? 0 : 2, 0, 0, 0], 8);
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  const data = deflateSync(lines);
  return Buffer.concat([signature, piece('IHDR', head), piece('IDAT', data), piece('IEND', new Uint8Array())]);
}

test('plain PNG files come out as sharp makes them, whatever their filters', { timeout: 60_000 }, async () => {
  const file = fc
    .record({
      width: fc.integer({ min: 1, max: 9 }),
      height: fc.integer({ min: 1, max: 9 }),
      channels: fc.constantFrom(1 as const, 3 as const),
    })
    .chain(({ width, height, channels }) =>
      fc
        .array(
          fc.tuple(
            fc.integer({ min: 0, max: 4 }),
            fc.uint8Array({ minLength: width * channels, maxLength: width * channels }),
          ),
          { minLength: height, maxLength: height },
        )
        .map((lines) => {
          const all = Buffer.concat(lines.map(([filter, bytes]) => Buffer.concat([Uint8Array.of(filter), bytes])));
          return { ...wanted(width, height, channels), bytes: written(width, height, channels, all) };
        }),
    );
  await fc.assert(
    fc.asyncProperty(file, async ({ bytes, ...input }) => {
      const plain = plainPng(bytes, input);
      expect(plain).toBeDefined();
      expect(plainPng(commented(bytes), input)).toBeUndefined();
      expect(plain).toEqual(await imagePixels(commented(bytes), input));
    }),
    { numRuns: 60, seed: 5 },
  );
});

test('what is not plain is left to sharp: other sizes, transparency, palettes, depths, damage', async () => {
  const raw = Buffer.from(Array.from({ length: 12 * 8 * 3 }, (_, i) => (i * 37) & 0xff));
  const image = () => sharp(raw, { raw: { width: 12, height: 8, channels: 3 } });
  const png = await image().png().toBuffer();
  const input = wanted(12, 8, 3);
  expect(plainPng(png, input)).toBeDefined();
  const bent = Buffer.from(png);
  bent[50] ^= 1;
  for (const [other, shape] of [
    [png, wanted(8, 12, 3)],
    [png, wanted(12, 8, 1)],
    [await image().ensureAlpha(0.5).png().toBuffer(), input],
    [await image().png({ palette: true }).toBuffer(), input],
    [await image().png({ progressive: true }).toBuffer(), input],
    [await image().toColourspace('rgb16').png().toBuffer(), input],
    [await image().jpeg().toBuffer(), input],
    [png.subarray(0, -1), input],
    [png.subarray(0, 70), input],
    [Buffer.concat([png, png]), input],
    [bent, input],
    [Buffer.alloc(100), input],
  ] as const)
    expect(plainPng(other, shape)).toBeUndefined();
});
