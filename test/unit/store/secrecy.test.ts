// Nothing a user gave rests in clear: not in a file as it is, and not in anything that a file unpacks to.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { utf8 } from '../../../engine/base/index.ts';
import { mintKey, parseKey, seal } from '../../../engine/security/index.ts';
import { createPack } from '../../../engine/store/index.ts';
import { aDataset, aModel, aRun, home, scratch } from './sample.ts';

const marker = 'QuokkaSalary4711';
const unpackers = [zstdDecompressSync, gunzipSync, inflateSync, inflateRawSync, brotliDecompressSync];
/** Where a compressed stream may begin, by its first bytes: zstd frames, gzip members, zlib headers. */
const magics = [Buffer.from('28b52ffd', 'hex'), Buffer.from('1f8b08', 'hex'), Buffer.from('789c', 'hex')];

/** The file, and everything that it, or a part of it that looks compressed, unpacks to. */
function* views(bytes: Buffer): Generator<Buffer> {
  yield bytes;
  const starts = new Set([0]);
  for (const magic of magics) {
    for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) starts.add(at);
  }
  for (const start of starts) {
    for (const unpack of unpackers) {
      try {
        yield unpack(bytes.subarray(start), { maxOutputLength: 64 * 1024 * 1024 });
      } catch {
        // Not compressed that way.
      }
    }
  }
}

function findMarker(dir: string, words: string[]): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    for (const view of views(readFileSync(path))) {
      for (const word of words) {
        const forms = [Buffer.from(word), Buffer.from(word, 'utf16le'), Buffer.from(btoa(word).slice(0, 12))];
        if (forms.some((form) => view.includes(form))) found.push(`${word} in ${path}`);
      }
    }
  }
  return found;
}

test('a marker in a cell, a name, a column, a metric, a note or a setting is nowhere on disk, while open or closed', async () => {
  const place = await home();
  const store = await place.open();
  const grant = store.objects.create('dataset');
  const pack = createPack(grant.path, grant);
  pack.append(`${marker} column`, utf8(`${marker},`.repeat(50_000)));
  const during = findMarker(place.dir, [marker]);
  pack.finish();
  store.objects.register(grant.id);
  const shape = { columns: [{ name: `${marker} column` }] } as never;
  const dataset = store.datasets.insert(aDataset(marker, { shape }));
  const run = store.runs.insert(aRun(`run of ${marker}`, { metrics: { [`${marker}.loss`]: 1 } }));
  store.models.insert(aModel(marker, 1, { classes: [marker], target: marker }));
  store.principals.insert({ state: 'active', name: marker, is: 'person' });
  const key = mintKey();
  store.keys.insert({ id: key.id, state: 'active', name: marker, role: 'admin', hash: key.hash });
  store.settings.set('identity', { privateKey: marker });
  store.journal.append(run.id, [{ step: 1, epoch: 1, name: `${marker}.loss`, value: 1, at: 1 }]);
  store.journal.flush();
  store.audit.append({ actor: marker, action: 'x', subject: marker, outcome: 'ok', details: { marker } });
  store.datasets.update(dataset.id, { name: `${marker} renamed` });
  store.datasets.remove(dataset.id);
  const words = [marker, key.text, key.hash, parseKey(key.text)?.secret ?? ''];
  const out = scratch();
  await store.backup(join(out, 'backup'));
  const open = findMarker(place.dir, words);
  store.close();
  expect({ during, open, closed: findMarker(place.dir, words), backup: findMarker(out, words) }).toEqual({
    during: [],
    open: [],
    closed: [],
    backup: [],
  });
});

test('the search would find the marker if it were there, compressed or not', async () => {
  const { zstdCompressSync, gzipSync, deflateSync } = await import('node:zlib');
  const { writeFileSync } = await import('node:fs');
  const plain = utf8(`some text with ${marker} in it`);
  for (const bytes of [plain, zstdCompressSync(plain), gzipSync(plain), deflateSync(plain)]) {
    const dir = scratch();
    writeFileSync(join(dir, 'file'), Buffer.concat([utf8('before '), bytes]));
    expect(findMarker(dir, [marker])).not.toEqual([]);
  }
  const dir = scratch();
  writeFileSync(join(dir, 'file'), seal(new Uint8Array(32), plain, ''));
  expect(findMarker(dir, [marker])).toEqual([]);
});

test('no file of the data directory is open to other users', async () => {
  const place = await home();
  const store = await place.open();
  const grant = store.objects.create('dataset');
  createPack(grant.path, grant).finish();
  store.runs.insert(aRun());
  const { statSync } = await import('node:fs');
  const modes = readdirSync(place.dir, { recursive: true }).map((name) => {
    const { mode } = statSync(join(place.dir, String(name)));
    return mode & 0o077;
  });
  expect(modes.length).toBeGreaterThan(4);
  expect(new Set(modes)).toEqual(new Set([0]));
  store.close();
});
