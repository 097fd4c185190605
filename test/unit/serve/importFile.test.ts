import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../../../engine/base/index.ts';
import { exportBundle, readBundle } from '../../../engine/bundle/index.ts';
import { spawnChild } from '../../../engine/children/index.ts';
import type { FromHost, PackGrant, ToHost } from '../../../engine/schema/index.ts';
import { createIdentity, type Identity, newKey, nodeId } from '../../../engine/security/index.ts';
import { openPack } from '../../../engine/store/index.ts';
import { flowerGraph, flowerParts, packOf, scratch } from '../bundle/sample.ts';

let place: ReturnType<typeof scratch>;
let signer: Identity;

beforeAll(async () => {
  place = scratch();
  signer = await createIdentity('lab');
});
afterAll(() => place.remove());

async function exported(id: string, parts = flowerParts()): Promise<Uint8Array> {
  const { grant } = packOf(place.dir, id, parts);
  const pack = openPack(grant.path, grant);
  const pieces: Uint8Array[] = [];
  for await (const piece of exportBundle(pack, signer)) pieces.push(piece);
  pack.close();
  return Buffer.concat(pieces);
}

/** What a host child says to a file, and how it ended. */
async function imported(id: string, source: Extract<ToHost, { type: 'import' }>['source'], bytes?: Uint8Array) {
  const bundle: PackGrant = { id, path: join(place.dir, `${id}.sqlite`), key: newKey() };
  const lease = { id: 'lease', device: 'cpu', threads: 1, memory: 1024 ** 3 };
  const child = spawnChild('host', { log: silentLog, memory: lease.memory, input: bytes !== undefined });
  const message: ToHost = { type: 'import', source, bundle, lease, trusted: [nodeId(signer.certificate)] };
  child.send(message);
  child.stdin?.end(bytes);
  const said = await new Promise<FromHost>((resolve) => child.onMessage(resolve));
  child.kill();
  await new Promise((resolve) => child.onExit(resolve));
  return { said, bundle };
}

test('a file that arrives on standard input becomes a pack that can be served, and its signer is named', async () => {
  const { said, bundle } = await imported('by-stream', { kind: 'stream', name: 'upload' }, await exported('good'));
  const pack = openPack(bundle.path, bundle);
  const { manifest } = readBundle(pack);
  expect(said).toEqual({
    type: 'imported',
    manifest,
    bundle: { bytes: pack.summary.bytes, sha256: pack.summary.sha256 },
    signer: { nodeId: nodeId(signer.certificate), trusted: true },
  });
  pack.close();
});

test('a file with a model that does not run is refused, and no pack is left', async () => {
  const graph = flowerGraph();
  const outputs = graph.outputs.filter((output) => output.name !== 'label');
  const path = join(place.dir, 'headless.neutrino');
  writeFileSync(path, await exported('headless', { ...flowerParts(), graph: { ...graph, outputs } }));
  const { said, bundle } = await imported('by-path', { kind: 'path', path });
  expect(said).toEqual({
    type: 'failed',
    fault: { code: 'bad_graph', message: 'the model of flowers has no output "label"; train it again' },
  });
  expect(() => openPack(bundle.path, bundle)).toThrow(expect.objectContaining({ code: 'not_found' }) as Error);
});

test('a file that is no bundle, and one that is not there, are refused in one line', async () => {
  const { said } = await imported('no-bundle', { kind: 'stream', name: 'upload' }, Buffer.from('label,text\n'));
  expect(said).toMatchObject({ type: 'failed', fault: { code: 'bad_input' } });
  const path = join(place.dir, 'nowhere.neutrino');
  const { said: missing } = await imported('missing', { kind: 'path', path });
  expect(missing).toEqual({
    type: 'failed',
    fault: { code: 'not_found', message: `${path} cannot be read; check the path and its mode` },
  });
});
