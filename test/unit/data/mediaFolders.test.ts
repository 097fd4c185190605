import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  encodeRequest,
  fitMedia,
  fitPreprocess,
  openMediaRows,
  readTarget,
  usualImageAugment,
  usualSoundAugment,
} from '../../../engine/data/index.ts';
import { type Bench, openBench } from './bench.ts';
import { flac, folder, image, mp3, wav } from './media.ts';

let bench: Bench;
let pictures: Record<string, Uint8Array>;
beforeAll(async () => {
  bench = openBench();
  pictures = {
    'cats/a.png': await image('png', 1),
    'cats/b.jpg': await image('jpeg', 2),
    'dogs/c.webp': await image('webp', 3, 6, 6),
    'dogs/d.tif': await image('tiff', 4),
  };
});
afterAll(() => bench.close());

const rowsOf = (names: string[]) => Uint32Array.from(names, (_, i) => i);

test('a folder of images with a folder a class becomes images and labels, byte for byte', async () => {
  const path = folder(join(bench.dir, 'pets'), { ...pictures, 'dogs/.DS_Store': 'x' });
  const { reader, shape } = await bench.load(path);
  expect(shape.columns.map(({ name, type, missing }) => [name, type, missing])).toEqual([
    ['image', 'image', 0],
    ['label', 'category', 0],
    ['file', 'identifier', 0],
  ]);
  expect(shape.target).toBe('label');
  expect(shape.columns[0].media).toMatchObject({
    formats: { png: 1, jpeg: 1, webp: 1, tiff: 1 },
    channels: { 3: 4 },
    width: { min: 6, max: 12 },
    height: { min: 6, max: 8 },
  });
  expect(reader.texts('file')).toEqual(Object.keys(pictures));
  expect(reader.texts('label')).toEqual(['cats', 'cats', 'dogs', 'dogs']);
  for (const [i, bytes] of Object.values(pictures).entries())
    expect(Buffer.from(reader.media('image', i) ?? [])).toEqual(Buffer.from(bytes));
});

test('a zip of the folder, and the folder inside of another, are the same dataset', async () => {
  const plain = await bench.load(folder(join(bench.dir, 'plain'), pictures));
  const inner = Object.fromEntries(Object.entries(pictures).map(([name, bytes]) => [`pets/${name}`, bytes]));
  const zip = await bench.load(bench.file('pets.zip', zipSync({ ...inner, '__MACOSX/pets/._a.png': strToU8('x') })));
  expect(zip.sha256).toBe(plain.sha256);
});

test('a labels file beside the images gives their columns; files that it lacks are counted', async () => {
  const flat = Object.fromEntries(Object.entries(pictures).map(([name, bytes]) => [name.split('/')[1], bytes]));
  const labels = 'filename,kind,age\na.png,cat,3\nb.jpg,cat,4.5\nc.webp,dog,1\nnone.png,dog,9\n';
  const { reader, shape } = await bench.load(folder(join(bench.dir, 'labelled'), { ...flat, 'labels.csv': labels }));
  expect(shape.columns.map(({ name, type, missing }) => [name, type, missing])).toEqual([
    ['image', 'image', 0],
    ['kind', 'category', 1],
    ['age', 'number', 1],
    ['file', 'identifier', 0],
  ]);
  expect(reader.texts('kind')).toEqual(['cat', 'cat', 'dog', null]);
  expect(shape.warnings[0]).toEqual({
    code: 'unlabelled',
    message: '1 file does not stand in labels.csv: what it says is missing for them.',
  });
});

test('images that do not decode are left out and named one by one', async () => {
  const bad = {
    'cats/cut.png': pictures['cats/a.png'].subarray(0, 60),
    'cats/text.png': strToU8('not an image'),
    'dogs/empty.jpg': new Uint8Array(),
    'dogs/notes.pdf': strToU8('%PDF'),
  };
  const { reader, shape } = await bench.load(folder(join(bench.dir, 'damaged'), { ...pictures, ...bad }));
  expect(reader.rows).toBe(4);
  expect(shape.warnings.slice(0, 2).map(({ message }) => message)).toEqual([
    '1 file of other kinds in damaged was left out.',
    '3 files cannot be used and were left out: cats/cut.png (is damaged or cut off), cats/text.png (is not a PNG, JPEG, WebP or TIFF image), dogs/empty.jpg (is empty).',
  ]);
});

test('a folder of texts with a folder a class becomes texts and labels', async () => {
  const path = folder(join(bench.dir, 'mails'), {
    'ham/1.txt': 'good day',
    'ham/2.txt': 'NA',
    'spam/1.txt': 'buy\r\n"now"',
    'spam/2.txt': Buffer.from([0xff]),
  });
  const { reader, shape } = await bench.load(path);
  expect(reader.preview(0, 9)).toEqual({
    columns: ['text', 'label', 'file'],
    rows: [
      ['good day', 'ham', 'ham/1.txt'],
      ['NA', 'ham', 'ham/2.txt'],
      ['buy\r\n"now"', 'spam', 'spam/1.txt'],
    ],
  });
  expect(shape.warnings[0].message).toBe('1 file cannot be used and was left out: spam/2.txt (is not UTF-8).');
});

test('images: training and serving see the same bits, and augmentation only its epoch', async () => {
  const { reader } = await bench.load(folder(join(bench.dir, 'fit'), pictures));
  const rows = rowsOf(Object.keys(pictures));
  const target = readTarget(reader, 'label');
  const media = await fitMedia(reader, rows, { image: { size: [5, 7], augment: usualImageAugment } });
  const fitted = fitPreprocess(reader, rows, { target, media });
  expect(fitted.pictures?.[0]).toMatchObject({ column: 'image', height: 5, width: 7, channels: 3, fit: 'cover' });
  const own = openMediaRows(reader, fitted, { memory: 1e6, seed: 1 });
  await own.prepare(rows);
  const trained = own.take(rows).pictures[0];
  const sent = Object.values(pictures).map((bytes) => ({ image: Buffer.from(bytes).toString('base64') }));
  const served = (await encodeRequest(fitted, sent))['image_0'];
  expect(served.dims).toEqual([4, 3, 5, 7]);
  expect(served.data).toEqual(trained);
  const once = own.take(rows, 1).pictures[0];
  expect(once).not.toEqual(trained);
  expect(own.take(rows, 1).pictures[0]).toEqual(once);
  expect(own.take(rows, 2).pictures[0]).not.toEqual(once);
  const passing = openMediaRows(reader, fitted, { memory: 0, seed: 1 });
  await passing.prepare(rows);
  expect([passing.take(rows).pictures[0], passing.kept]).toEqual([trained, 0]);
  await expect(encodeRequest(fitted, [{ image: 'AAAA' }])).rejects.toMatchObject({
    code: 'bad_input',
    message: 'inputs[0].image is not a PNG, JPEG, WebP or TIFF image. Send a whole file as base64.',
  });
});

test('sound: WAV and FLAC of one tone have the same spectrum, training and serving the same bits', async () => {
  const clips = {
    'high/a.wav': wav(2000),
    'high/b.flac': flac(2000),
    'low/c.wav': wav(300, 0.5, 16_000, 2),
    'low/d.flac': flac(300),
  };
  const { reader, shape } = await bench.load(folder(join(bench.dir, 'clips'), clips));
  expect(shape.columns.map(({ name, type }) => [name, type])).toEqual([
    ['audio', 'audio'],
    ['label', 'category'],
    ['file', 'identifier'],
  ]);
  expect(shape.columns[0].media).toMatchObject({
    formats: { wav: 2, flac: 2 },
    channels: { 1: 3, 2: 1 },
    rates: { 8000: 3, 16_000: 1 },
  });
  const rows = rowsOf(Object.keys(clips));
  const sound = { rate: 8000, seconds: 0.3, window: 256, hop: 128, mels: 24, augment: usualSoundAugment };
  const fitted = fitPreprocess(reader, rows, {
    target: readTarget(reader, 'label'),
    media: await fitMedia(reader, rows, { sound }),
  });
  const input = fitted.sounds?.[0];
  expect(input).toMatchObject({ frames: 17, mels: 24 });
  const own = openMediaRows(reader, fitted, { memory: 1e6, seed: 1 });
  await own.prepare(rows);
  const trained = own.take(rows).sounds[0];
  const sent = Object.values(clips).map((bytes) => ({ audio: `data:audio/x;base64,${bytes.toString('base64')}` }));
  const served = (await encodeRequest(fitted, sent))['audio_0'];
  expect(served.dims).toEqual([4, 1, 24, 17]);
  expect(served.data).toEqual(trained);
  const clip = (i: number) => trained.subarray(i * 24 * 17, (i + 1) * 24 * 17);
  // Decoders scale full loudness by 2^15 or 2^15 - 1.
  expect(Math.max(...clip(0).map((value, k) => Math.abs(value - clip(1)[k])))).toBeLessThan(1e-3);
  // The loudest band is where the tone is.
  const loudest = (i: number) => {
    const bands = Array.from({ length: 24 }, (_, m) => clip(i)[m * 17 + 8]);
    return bands.indexOf(Math.max(...bands));
  };
  expect(loudest(2)).toBe(loudest(3));
  expect(loudest(0)).toBeGreaterThan(loudest(2));
  const masked = own.take(rows, 3).sounds[0];
  expect(own.take(rows, 3).sounds[0]).toEqual(masked);
  expect(masked).not.toEqual(trained);
});

test('MP3 is read, and files that only look like sound are named', async () => {
  const clips = {
    'a.mp3': mp3(),
    'b.mp3': Buffer.from(`ID3${'x'.repeat(500)}`),
    'c.wav': wav(300).subarray(0, 400),
    'd.wav': wav(300),
  };
  const { reader, shape } = await bench.load(folder(join(bench.dir, 'odd'), clips));
  expect(reader.texts('file')).toEqual(['a.mp3', 'd.wav']);
  expect(shape.columns[0].media).toMatchObject({ formats: { mp3: 1, wav: 1 }, rates: { 44_100: 1, 8000: 1 } });
  expect(shape.warnings[0].message).toBe(
    '2 files cannot be used and were left out: b.mp3 (is damaged or cut off), c.wav (is cut off).',
  );
});
