import { afterAll, beforeAll, expect, test } from 'vitest';
import { readBundle, readManifest, writeBundle } from '../../../engine/bundle/index.ts';
import { hex, sha256 } from '../../../engine/base/index.ts';
import { newKey } from '../../../engine/security/index.ts';
import { createPack, openPack } from '../../../engine/store/index.ts';
import { flowerGraph, flowerParts, packOf, scratch } from './sample.ts';

let place: ReturnType<typeof scratch>;
beforeAll(() => {
  place = scratch();
});
afterAll(() => place.remove());

test('a bundle comes back from its pack as it was written, tensors and hashes told by its manifest', () => {
  const parts = flowerParts();
  const { grant, manifest } = packOf(place.dir, 'whole', parts);
  const pack = openPack(grant.path, grant);
  const bundle = readBundle(pack);
  expect(readManifest(pack)).toEqual(manifest);
  const hashes = Object.fromEntries(
    ['model.onnx', 'preprocess.json', 'report.json'].map((name) => [name, hex(sha256(pack.read(name)))]),
  );
  pack.close();
  expect(bundle.manifest).toEqual(manifest);
  expect(manifest).toEqual({
    ...parts.manifest,
    format: 'neutrino-bundle',
    formatVersion: 1,
    inputs: [
      { name: 'numeric', dtype: 'float64', shape: [-1, 1] },
      { name: 'category', dtype: 'string', shape: [-1, 1] },
    ],
    outputs: [
      { name: 'probabilities', dtype: 'float32', shape: [-1, 3] },
      { name: 'label', dtype: 'string', shape: [-1] },
    ],
    files: hashes,
  });
  expect([bundle.preprocess, bundle.report, bundle.tokenizer]).toEqual([parts.preprocess, parts.report, undefined]);
});

test('a tokenizer travels with the bundle', () => {
  const { grant } = packOf(place.dir, 'tokenizer', { ...flowerParts(), tokenizer: { version: '1.0', model: {} } });
  const pack = openPack(grant.path, grant);
  expect(readBundle(pack).tokenizer).toEqual({ version: '1.0', model: {} });
  pack.close();
});

test('a graph that breaks a rule is refused before anything is written', () => {
  const grant = { id: 'bad', path: `${place.dir}/bad.sqlite`, key: newKey() };
  const writer = createPack(grant.path, grant);
  const graph = { ...flowerGraph(), nodes: flowerGraph().nodes.toReversed() };
  expect(() => writeBundle(writer, { ...flowerParts(), graph })).toThrow(
    expect.objectContaining({ code: 'bad_graph' }) as Error,
  );
  writer.discard();
});

test('a pack whose file does not have the hash of its manifest is corrupt, and says which file', () => {
  const { grant } = packOf(place.dir, 'source', flowerParts());
  const source = openPack(grant.path, grant);
  const changed = { id: 'changed', path: `${place.dir}/changed.sqlite`, key: newKey() };
  const writer = createPack(changed.path, changed);
  for (const name of source.entries()) {
    writer.append(name, name === 'report.json' ? Buffer.from('{}') : source.read(name));
  }
  writer.finish();
  source.close();
  const pack = openPack(changed.path, changed);
  expect(() => readBundle(pack)).toThrow(
    expect.objectContaining({
      code: 'corrupt',
      message:
        'the bundle in object changed was changed: report.json does not have the hash that its manifest gives; get it again from its source',
    }) as Error,
  );
  pack.close();
});
