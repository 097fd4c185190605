import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imagePixels } from '../../../../engine/data/media/image.ts';
import { planesFor } from '../../../../engine/data/media/small.ts';
import { contentHash } from '../../../../engine/store/packFormat.ts';
import { type Bench, openBench } from '../bench.ts';
import { folder } from '../media.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const [width, height] = [20, 12];
const noise = (channels: 1 | 2 | 3 | 4, seed = 1) => {
  const data = Buffer.from(
    Array.from({ length: width * height * channels }, (_, i) => ((i + seed) * 2_654_435_761) >>> 24),
  );
  return sharp(data, { raw: { width, height, channels } });
};
const flat = () => {
  const data = Buffer.from(Array.from({ length: width * height * 3 }, (_, i) => (Math.floor(i / 3) * 7) & 0xff));
  return sharp(data, { raw: { width, height, channels: 3 } });
};

/** Images of every kind that comes small, and whether their pixels are kept. */
const kinds: Record<string, { file: () => Promise<Buffer>; kept: boolean }> = {
  'colours.png': { file: () => noise(3).png().toBuffer(), kept: true },
  'grey in colours.png': { file: () => flat().png().toBuffer(), kept: true },
  'grey.png': { file: () => noise(1).toColourspace('b-w').png().toBuffer(), kept: true },
  'palette.png': { file: () => noise(3).png({ palette: true, colours: 7 }).toBuffer(), kept: true },
  'bits.png': {
    file: () => noise(1).threshold().toColourspace('b-w').png({ palette: true, colours: 2 }).toBuffer(),
    kept: true,
  },
  'lines.png': { file: () => noise(3).png({ progressive: true }).toBuffer(), kept: true },
  'profile.png': { file: () => noise(3).withIccProfile('p3').png().toBuffer(), kept: true },
  'deep.png': { file: () => noise(3).toColourspace('rgb16').png().toBuffer(), kept: false },
  'clear.png': { file: () => noise(4).png().toBuffer(), kept: false },
  'grey and clear.png': { file: () => noise(2).toColourspace('b-w').png().toBuffer(), kept: false },
  'colours.jpg': { file: () => noise(3).jpeg().toBuffer(), kept: true },
  'grey.jpg': { file: () => noise(1).toColourspace('b-w').jpeg().toBuffer(), kept: true },
  'steps.jpg': { file: () => noise(3).jpeg({ progressive: true }).toBuffer(), kept: true },
  'turned.jpg': { file: () => noise(3).jpeg().withMetadata({ orientation: 6 }).toBuffer(), kept: true },
  'print.jpg': { file: () => noise(4).toColourspace('cmyk').jpeg().toBuffer(), kept: false },
  'profile.jpg': { file: () => noise(3).withIccProfile('p3').jpeg().toBuffer(), kept: true },
};

test('pixels that an import keeps are those that decoding the file gives, for every kind of image and model', async () => {
  const files: Record<string, Buffer> = {};
  for (const [name, { file }] of Object.entries(kinds)) files[name] = await file();
  const { reader } = await bench.load(folder(join(bench.dir, 'kinds'), files));
  const names = reader.texts('file') as string[];
  const met: Record<string, boolean> = {};
  let compared = 0;
  for (const [row, name] of names.entries()) {
    const small = reader.pixels('image', row);
    met[name] = small !== undefined;
    for (const [h, w] of [
      [height, width],
      [width, height],
      [8, 8],
    ] as const)
      for (const channels of [1, 3]) {
        const own = small && planesFor(small, { height: h, width: w, channels });
        if (!own) continue;
        const input = { height: h, width: w, channels, fit: 'cover', mean: [9, 9, 9] } as const;
        expect([
          name,
          h,
          channels,
          Buffer.from(own).equals(await imagePixels(files[name], { ...input, mean: [9, 9, 9] })),
        ]).toEqual([name, h, channels, true]);
        compared++;
      }
  }
  expect(met).toEqual(Object.fromEntries(Object.entries(kinds).map(([name, { kept }]) => [name, kept])));
  expect(compared).toBeGreaterThan(14);
});

test('larger images keep none, and rows after them find their own', async () => {
  const large = await sharp({ create: { width: 97, height: 4, channels: 3, background: '#123456' } })
    .png()
    .toBuffer();
  const files = {
    '1.png': await noise(3, 1).png().toBuffer(),
    '2.png': large,
    '3.png': await noise(3, 3).png().toBuffer(),
  };
  const { reader } = await bench.load(folder(join(bench.dir, 'sizes'), files));
  const input = { height, width, channels: 3, fit: 'cover' as const, mean: [0, 0, 0] };
  expect(reader.pixels('image', 1)).toBeUndefined();
  for (const [row, name] of [
    [0, '1.png'],
    [2, '3.png'],
  ] as const)
    expect(reader.pixels('image', row)?.planes).toEqual(await imagePixels(files[name], input));
});

test('what is kept beside the files does not count for the hash of the content', () => {
  const entry = (name: string, sha256: string) => ({ name, size: 3, sha256, at: [], sizes: [] });
  const own = [entry('c0', 'aa'), entry('n0', 'bb')];
  expect(contentHash([...own, entry('~p0', 'cc'), entry('~s0', 'dd')])).toBe(contentHash(own));
});
