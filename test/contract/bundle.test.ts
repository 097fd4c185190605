// Whether other tools read what we export: onnx.checker and unzip of Debian's Python.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportBundle } from '../../engine/bundle/index.ts';
import { createIdentity } from '../../engine/security/index.ts';
import { openPack } from '../../engine/store/index.ts';
import { flowerParts, packOf, regressionParts, scratch } from '../unit/bundle/sample.ts';

const python = '/usr/bin/python3';
const check = `
import io, json, sys, zipfile
import onnx
bundle = zipfile.ZipFile(sys.argv[1])
assert bundle.testzip() is None
model = onnx.load(io.BytesIO(bundle.read('model.onnx')))
onnx.checker.check_model(model)
onnx.shape_inference.infer_shapes(model)
print(json.dumps({
    'ir': model.ir_version,
    'opsets': {o.domain: o.version for o in model.opset_import},
    'inputs': [i.name for i in model.graph.input],
    'outputs': [o.name for o in model.graph.output],
    'classes': json.loads(bundle.read('manifest.json'))['classes'],
}))
`;
const absent = spawnSync(python, ['-c', 'import onnx']);
const reason = absent.status === 0 ? undefined : `${python} has no onnx package`;

let place: ReturnType<typeof scratch>;
beforeAll(() => {
  place = scratch();
});
afterAll(() => place.remove());

test.for([
  [
    'a classifier',
    flowerParts(),
    {
      ir: 8,
      opsets: { '': 17, 'ai.onnx.ml': 3 },
      inputs: ['numeric', 'category'],
      outputs: ['probabilities', 'label'],
      classes: ['low', 'middle', 'high'],
    },
  ],
  [
    'a regression',
    regressionParts(),
    { ir: 8, opsets: { '': 17 }, inputs: ['numeric'], outputs: ['prediction'], classes: [] },
  ],
] as const)('%s, exported, passes onnx.checker', async ([, parts, expected], { skip }) => {
  if (reason) skip(reason);
  const { grant } = packOf(place.dir, parts.manifest.name, parts);
  const pack = openPack(grant.path, grant);
  const pieces: Uint8Array[] = [];
  for await (const piece of exportBundle(pack, await createIdentity('lab'))) pieces.push(piece);
  pack.close();
  const path = join(place.dir, `${parts.manifest.name}.neutrino`);
  writeFileSync(path, Buffer.concat(pieces));
  const run = spawnSync(python, ['-c', check, path], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(JSON.parse(run.stdout)).toEqual(expected);
});
