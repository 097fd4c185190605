// Models of files, whole: folders of images and of sounds in, a model trained, and files as base64 answered over REST.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rng } from '../../engine/base/index.ts';
import type { PredictResponse } from '../../engine/schema/index.ts';
import { importPath, launch, makePlace, type Place, type Running, train } from './parts/appliance.ts';

let place: Place;
let appliance: Running;

beforeAll(async () => {
  place = makePlace();
  appliance = await launch(place);
});
afterAll(async () => {
  await appliance?.stop();
  place.remove();
});

function write(path: string, bytes: Uint8Array): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

/** Grey pictures of stripes that lie or stand, somewhere. */
async function stripes(root: string, each: number): Promise<string> {
  const random = rng(1, 'stripes');
  const side = 16;
  for (const [kind, across] of [
    ['lying', false],
    ['standing', true],
  ] as const) {
    for (let n = 0; n < each; n++) {
      const [phase, period] = [random.int(6), 4 + random.int(3)];
      const pixels = Buffer.from(
        Array.from({ length: side * side }, (_, p) => {
          const at = across ? p % side : Math.floor(p / side);
          return 60 + random.int(50) + ((at + phase) % period < period / 2 ? 80 : 0);
        }),
      );
      const png = await sharp(pixels, { raw: { width: side, height: side, channels: 1 } })
        .png()
        .toBuffer();
      write(join(root, kind, `${n}.png`), png);
    }
  }
  return root;
}

/** Clips of 0.4 s, 16-bit WAV at 8 kHz: low tones, high tones, noise. */
function sounds(root: string, each: number): string {
  const random = rng(2, 'sounds');
  const [rate, length] = [8000, 3200];
  const kinds = { low: () => 200 + random.int(200), high: () => 1200 + random.int(800), noise: () => 0 };
  for (const [kind, pitch] of Object.entries(kinds)) {
    for (let n = 0; n < each; n++) {
      const hertz = pitch();
      const samples = Int16Array.from({ length }, (_, i) =>
        Math.round((hertz > 0 ? 6000 * Math.sin((2 * Math.PI * hertz * i) / rate) : 0) + 1500 * random.normal()),
      );
      const head = Buffer.alloc(44);
      head.write('RIFF', 0);
      head.writeUInt32LE(36 + length * 2, 4);
      head.write('WAVEfmt ', 8);
      for (const [at, value] of [
        [16, 16],
        [24, rate],
        [28, rate * 2],
        [40, length * 2],
      ])
        head.writeUInt32LE(value, at);
      for (const [at, value] of [
        [20, 1],
        [22, 1],
        [32, 2],
        [34, 16],
      ])
        head.writeUInt16LE(value, at);
      head.write('data', 36);
      write(join(root, kind, `${n}.wav`), Buffer.concat([head, Buffer.from(samples.buffer)]));
    }
  }
  return root;
}

async function labels(model: string, column: string, paths: string[]): Promise<string[]> {
  await appliance.client.call('deployments.create', { body: { model } });
  const inputs = paths.map((path) => ({ [column]: readFileSync(path).toString('base64') }));
  const answer: PredictResponse = await appliance.client.call('deployments.predict', {
    params: { name: model },
    body: { inputs },
  });
  return answer.outputs.map((output) => ('label' in output ? output.label : ''));
}

it('a folder of images, one folder a class, becomes a model that sees images sent as base64', async () => {
  const root = await stripes(join(place.root, 'stripes'), 50);
  await importPath(appliance.client, root, 'stripes');
  const request = { dataset: 'stripes', target: 'label', epochs: 6, seed: 1, hyper: { filters: [8, 16], hidden: 16 } };
  const run = await train(appliance.client, { ...request, model: 'cnn' });
  expect(run.error).toBeUndefined();
  expect(run.plan?.features).toEqual([{ column: 'image', as: 'image' }]);
  expect((run.report as { accuracy: number }).accuracy).toBeGreaterThan(0.85);
  const own = [join(root, 'lying', '3.png'), join(root, 'standing', '7.png')];
  expect(await labels('stripes', 'image', own)).toEqual(['lying', 'standing']);
});

it('a folder of sounds is listened to by an audio-cnn, unasked', async () => {
  const root = sounds(join(place.root, 'sounds'), 40);
  await importPath(appliance.client, root, 'sounds');
  const run = await train(appliance.client, {
    dataset: 'sounds',
    epochs: 15,
    batchSize: 8,
    seed: 1,
    hyper: { filters: [8, 16, 32], rate: 8000, mels: 32 },
  });
  expect(run.error).toBeUndefined();
  expect(run.plan).toMatchObject({
    family: 'audio-cnn',
    task: 'multiclass',
    features: [{ column: 'audio', as: 'audio' }],
  });
  expect((run.report as { accuracy: number }).accuracy).toBeGreaterThan(0.85);
  const own = ['low', 'high', 'noise'].map((kind) => join(root, kind, '2.wav'));
  expect(await labels('sounds', 'audio', own)).toEqual(['low', 'high', 'noise']);
});
