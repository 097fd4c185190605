// Nothing of a user's data may be readable on disk: not in the data directory, the temporary directory or the logs, raw or
// unpacked, while the appliance runs or afterwards; and whoever lacks the key opens nothing.
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import {
  brotliDecompressSync,
  deflateRawSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateRawSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importPath, launch, makePlace, type Place, type Running, train } from './parts/appliance.ts';
import { flower, flowers } from './parts/data.ts';

const marker = 'zanzibar-marker-8125';
const column = 'secretcolumn_quetzal';
const names = { dataset: 'tapirdataset', model: 'okapimodel', deployment: 'narwhal' };
const needles = [marker, column, ...Object.values(names), 'sepal_length', 'virginica'];

let place: Place;
let appliance: Running;
let recoveryCode: string;
beforeAll(async () => {
  place = makePlace();
  mkdirSync(join(place.root, 'in'));
  appliance = await launch(place, { checkpointSeconds: 0.2 });
  recoveryCode = appliance.recoveryCode ?? '';
});
afterAll(async () => {
  await appliance?.stop();
  place.remove();
});

/** Every file below a folder. */
function files(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

type Unpack = (bytes: Buffer, options: { maxOutputLength: number }) => Buffer;

/** What each decompressor with a header of its own wants to see first; without it, it would only throw. */
const packings: { unpack: Unpack; begins: (first: number, second: number) => boolean }[] = [
  { unpack: gunzipSync, begins: (first, second) => first === 0x1f && second === 0x8b },
  { unpack: inflateSync, begins: (first, second) => (first & 15) === 8 && (first * 256 + second) % 31 === 0 },
  { unpack: zstdDecompressSync, begins: (first, second) => first === 0x28 && second === 0xb5 },
];

/** The bytes as they are, and whatever any common decompressor makes of them, from their start or any of the first kilobyte. */
function* readings(bytes: Buffer): Generator<Buffer> {
  yield bytes;
  for (let from = 0; from < Math.min(bytes.length, 1024); from++) {
    const rest = bytes.subarray(from);
    const headed = packings.filter(({ begins }) => begins(rest[0] ?? 0, rest[1] ?? 0)).map(({ unpack }) => unpack);
    for (const unpack of [...headed, ...(from < 64 ? [inflateRawSync, brotliDecompressSync] : [])]) {
      try {
        yield unpack(rest, { maxOutputLength: 64 * 1024 * 1024 });
      } catch {
        // Not packed that way.
      }
    }
  }
}

/** Files of data directory and temporary directory in which something of the user's can be read. */
async function leaks(): Promise<string[]> {
  const found = new Set<string>();
  for (const path of [...files(place.dataDir), ...files(place.tmp)]) {
    // A decompressor that threw is let go in the next tick only: one must come between files.
    await setImmediate();
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch {
      continue;
    }
    for (const reading of readings(bytes)) {
      for (const needle of needles) {
        const [narrow, wide] = [reading.includes(needle), reading.includes(Buffer.from(needle, 'utf16le'))];
        if (narrow || wide) found.add(`${path}: ${needle}`);
      }
    }
  }
  return [...found];
}

describe('a file with a marker in it', () => {
  it('finds what is hidden, when there is something', async () => {
    const path = join(place.tmp, 'planted');
    for (const content of [
      Buffer.from(marker),
      ...[deflateRawSync, gzipSync, deflateSync, zstdCompressSync].map((pack) => pack(marker)),
      Buffer.from(marker, 'utf16le'),
    ]) {
      writeFileSync(path, content);
      expect(await leaks()).toEqual([`${path}: ${marker}`]);
    }
    writeFileSync(path, '');
    expect(await leaks()).toEqual([]);
  });

  it('is nowhere to be read while it is imported, trained on, served and asked, or after', async () => {
    const path = flowers(place, 3000, join('in', 'flowers.csv'), { header: column, cell: marker });
    const imported = importPath(appliance.client, path, names.dataset);
    const during: string[][] = [];
    const going = new AbortController();
    const scan = (async () => {
      while (!going.signal.aborted) {
        during.push(await leaks());
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    expect(await imported).toMatchObject({ state: 'ready' });
    const query = { filename: `${names.dataset}.csv`, name: `${names.dataset}-up` };
    const upload = await appliance.client.upload('datasets.upload', new Uint8Array(readFileSync(path)), { query });
    expect(upload).toMatchObject({ state: 'ready', shape: { rows: 3000 } });
    const request = { dataset: names.dataset, target: 'kind', name: names.model, epochs: 30, seed: 1 };
    const run = await train(appliance.client, request);
    expect(run.error).toBeUndefined();
    expect(run.state).toBe('finished');
    await appliance.client.call('deployments.create', { body: { model: names.model, name: names.deployment } });
    const { note: _note, ...rest } = flower;
    await appliance.client.call('deployments.predict', {
      params: { name: names.deployment },
      body: { inputs: [{ ...rest, [column]: marker }] },
    });
    const bad = join(place.root, 'in', 'bad.csv');
    writeFileSync(bad, `a,${column}\n1,"${marker}\n`);
    await importPath(appliance.client, bad, `${names.dataset}-bad`);
    going.abort();
    await scan;
    expect(during.flat()).toEqual([]);
    expect(await leaks()).toEqual([]);
    await appliance.stop();
    expect(await leaks()).toEqual([]);
  });

  it('leaves packs that do not shrink', () => {
    const packs = files(join(place.dataDir, 'objects'));
    expect(packs.length).toBeGreaterThanOrEqual(3);
    for (const pack of packs) {
      const bytes = readFileSync(pack);
      // Pages of SQLite are partly empty; what is sealed in them is not compressible.
      const dense = bytes.subarray(bytes.indexOf(0x00, 4096));
      const filled = Buffer.from(dense.filter((byte) => byte !== 0));
      expect(deflateRawSync(filled).length / filled.length).toBeGreaterThan(0.97);
    }
  });

  it('opens for nobody without its key file, and for the recovery code only besides', async () => {
    const keys = join(place.root, 'config', 'neutrino-keys');
    renameSync(keys, `${keys}.away`);
    const refused = (env: NodeJS.ProcessEnv) =>
      launch({ ...place, env: { ...place.env, ...env } }).then(
        async (opened) => {
          await opened.stop();
          return 'started';
        },
        (fault: { code: string }) => fault.code,
      );
    expect(await refused({})).toBe('vault_locked');
    expect(await refused({ TEST_PASSPHRASE: 'a wrong passphrase' })).toBe('wrong_passphrase');
    expect(await refused({ TEST_PASSPHRASE: recoveryCode })).toBe('started');
    renameSync(`${keys}.away`, keys);
    appliance = await launch(place);
    expect((await appliance.client.call('datasets.list', {})).items.map(({ name }) => name)).toContain(names.dataset);
  });

  it('is answered by a clear error, not a wrong result, once a byte of a pack is changed', async () => {
    const { client } = appliance;
    const { object } = await client.call('datasets.show', { params: { id: names.dataset } });
    const path = join(place.dataDir, 'objects', `${object}.sqlite`);
    const whole = readFileSync(path);
    const read = async () =>
      buffer((await client.download('datasets.export', { params: { id: names.dataset }, query: {} })).body);
    const right = await read();
    const wrong: string[] = [];
    for (let i = 1; i < 12; i++) {
      const torn = Buffer.from(whole);
      const at = Math.floor((whole.length * i) / 12);
      torn[at] = (torn[at] ?? 0) ^ 1;
      writeFileSync(path, torn);
      const answer = await read().catch((error: { code: string }) => error.code);
      // A byte of SQLite that holds nothing may change; what is read is then right, or refused.
      if (typeof answer === 'string' ? !['corrupt', 'unreachable'].includes(answer) : !answer.equals(right)) {
        wrong.push(`byte ${at}: ${String(answer).slice(0, 60)}`);
      }
    }
    expect(wrong).toEqual([]);
    writeFileSync(path, whole);
    expect((await read()).equals(right)).toBe(true);
  });
});
