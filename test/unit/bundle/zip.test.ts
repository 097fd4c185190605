import { afterAll, beforeAll, expect, test } from 'vitest';
import { unzipSync, type Zippable, zipSync } from 'fflate';
import { type Bundle, exportBundle, importBundle, readBundle } from '../../../engine/bundle/index.ts';
import { hex, must, sha256 } from '../../../engine/base/index.ts';
import { decodeModel, encodeModel } from '../../../engine/onnx/index.ts';
import { Fault, type PackGrant } from '../../../engine/schema/index.ts';
import { createIdentity, type Identity, newKey, nodeId } from '../../../engine/security/index.ts';
import { createPack, openPack } from '../../../engine/store/index.ts';
import { flowerParts, packOf, scratch } from './sample.ts';

let place: ReturnType<typeof scratch>;
let signer: Identity;
let file: Uint8Array;
let grant: PackGrant;

async function exported(options?: { name?: string; version?: number }): Promise<Uint8Array> {
  const pack = openPack(grant.path, grant);
  const pieces: Uint8Array[] = [];
  for await (const piece of exportBundle(pack, signer, options)) pieces.push(piece);
  pack.close();
  return Buffer.concat(pieces);
}

let next = 0;
async function imported(bytes: Uint8Array, options: Partial<Parameters<typeof importBundle>[2]> = {}) {
  const id = `imported${next++}`;
  const target: PackGrant = { id, path: `${place.dir}/${id}.sqlite`, key: newKey() };
  const writer = createPack(target.path, target);
  try {
    const result = await importBundle(bytes, writer, { trusted: [], tryOut: () => Promise.resolve(), ...options });
    writer.finish();
    const pack = openPack(target.path, target);
    const bundle = readBundle(pack);
    pack.close();
    return { ...result, bundle };
  } finally {
    writer.discard();
  }
}

const refusal = async (bytes: Uint8Array): Promise<string> => {
  const error = await imported(bytes).catch((caught: unknown) => caught);
  if (!(error instanceof Fault)) throw new Error(`not refused: ${String(error)}`);
  return `${error.code}: ${error.message}`;
};
const without = (entries: Record<string, Uint8Array>, name: string): Zippable =>
  Object.fromEntries(Object.entries(entries).filter(([each]) => each !== name));
/** The file with its entries changed and the signature as it was. */
const altered = (change: (entries: Record<string, Uint8Array>) => Zippable): Uint8Array =>
  zipSync(change(unzipSync(file)));

beforeAll(async () => {
  place = scratch();
  signer = await createIdentity('lab');
  grant = packOf(place.dir, 'source', flowerParts()).grant;
  file = await exported();
});
afterAll(() => place.remove());

test('an exported file is a plain zip with the bundle’s files and a signature', () => {
  expect(Object.keys(unzipSync(file)).sort()).toEqual([
    'manifest.json',
    'model.onnx',
    'preprocess.json',
    'report.json',
    'signature',
  ]);
});

test('what is imported is what was exported, and the signer is named', async () => {
  const pack = openPack(grant.path, grant);
  const original: Bundle = readBundle(pack);
  pack.close();
  let tried: Bundle | undefined;
  const {
    bundle,
    manifest,
    signer: by,
  } = await imported(file, {
    tryOut: (foreign) => {
      tried = foreign;
      return Promise.resolve();
    },
  });
  expect(bundle).toEqual(original);
  expect(tried).toEqual(original);
  expect(manifest).toEqual(original.manifest);
  expect(by).toEqual({ nodeId: nodeId(signer.certificate), trusted: false });
});

test('a signer that the node trusts is said to be trusted', async () => {
  const id = nodeId(signer.certificate);
  expect((await imported(file, { trusted: ['0'.repeat(64), id] })).signer).toEqual({ nodeId: id, trusted: true });
});

test('an export carries the name that the model has here', async () => {
  const { manifest } = await imported(await exported({ name: 'tulips', version: 7 }));
  expect([manifest.name, manifest.version]).toEqual(['tulips', 7]);
});

test('a model that cannot be run is refused, and nothing is left of it', async () => {
  const fault = new Fault('bad_graph', 'does not load');
  await expect(imported(file, { tryOut: () => Promise.reject(fault) })).rejects.toBe(fault);
});

test('a changed model is refused although the zip is in order', async () => {
  const bytes = altered((entries) => {
    const model = decodeModel(entries['model.onnx']);
    (must(model.graph.initializers.get('weights'), 'weights').data as Float32Array)[0] = 9;
    return { ...entries, 'model.onnx': encodeModel(model) };
  });
  expect(await refusal(bytes)).toBe(
    'bad_input: the file was changed: model.onnx does not have the hash that its manifest gives; get it again from its source',
  );
});

test('a manifest changed to fit a changed file fails at the signature', async () => {
  const bytes = altered((entries) => {
    const report = Buffer.from('{}');
    const manifest = JSON.parse(Buffer.from(entries['manifest.json']).toString()) as { files: Record<string, string> };
    manifest.files['report.json'] = hex(sha256(report));
    return { ...entries, 'report.json': report, 'manifest.json': Buffer.from(JSON.stringify(manifest)) };
  });
  expect(await refusal(bytes)).toBe(
    "bad_input: the bundle's signature does not fit its manifest: the bundle was changed after it was signed; get the bundle again from its source",
  );
});

test.each<[string, (entries: Record<string, Uint8Array>) => Zippable, string]>([
  ['no signature', (entries) => without(entries, 'signature'), 'is not signed; export it again with Neutrino'],
  ['no manifest', (entries) => without(entries, 'manifest.json'), 'has no manifest.json'],
  [
    'a name that climbs out',
    (entries) => ({ ...entries, '../../etc/cron.d/job': new Uint8Array(1) }),
    'holds "../../etc/cron.d/job", which no bundle has',
  ],
  [
    'an absolute name',
    (entries) => ({ ...entries, '/model.onnx': new Uint8Array(1) }),
    'holds "/model.onnx", which no bundle has',
  ],
  [
    'a name of an object’s inside',
    (entries) => ({ ...entries, constructor: new Uint8Array(1) }),
    'holds "constructor", which no bundle has',
  ],
  [
    'an oversize signature',
    (entries) => ({ ...entries, signature: new Uint8Array(70_000) }),
    'holds a signature of more than 65536 bytes',
  ],
])('a file with %s is refused', async (_, change, why) => {
  expect(await refusal(altered(change))).toBe(`bad_input: the bundle ${why}; it is refused`);
});

test('a size that its bytes cannot hold is refused before it is allocated', async () => {
  const bytes = Uint8Array.from(file);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length - 46; at++) {
    const isModel =
      view.getUint32(at, true) === 0x02014b50 &&
      Buffer.from(bytes.subarray(at + 46, at + 56)).toString() === 'model.onnx';
    if (isModel) view.setUint32(at + 24, 2_000_000_000, true);
  }
  expect(await refusal(bytes)).toBe(
    'bad_input: the bundle claims a size for model.onnx that it cannot have; it is refused',
  );
});

test('a zip bomb within its claims is stopped by the caps', async () => {
  const bytes = altered((entries) => ({ ...entries, 'manifest.json': new Uint8Array(17 * 1024 * 1024) }));
  expect(await refusal(bytes)).toBe(
    'bad_input: the bundle holds a manifest.json of more than 16777216 bytes; it is refused',
  );
});

test('every cut of a file is refused', async () => {
  for (const length of [0, 1, 21, 22, 100, file.length - 23, file.length - 1]) {
    expect(await refusal(file.subarray(0, length))).toMatch(/^bad_input: /);
  }
});

test('every flipped byte is refused or changes nothing that is read', async () => {
  const whole = (await imported(file)).bundle;
  for (let at = 0; at < file.length; at += 97) {
    const bytes = Uint8Array.from(file);
    bytes[at] ^= 0x40;
    const outcome = await imported(bytes).then(
      ({ bundle }) => bundle,
      (error: unknown) => error,
    );
    if (outcome instanceof Fault) expect(outcome.code).toMatch(/^(bad_input|newer_version)$/);
    else expect(outcome).toEqual(whole);
  }
});
