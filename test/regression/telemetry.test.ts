// onnxruntime 1.30 wrote a device id and the graphs it ran into the home directory, to be sent to its makers. Nothing phones home.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const script = `
  const { graphBuilder } = await import('./engine/graph/index.ts');
  const { compile } = await import('./engine/runtime/index.ts');
  const g = graphBuilder('private name');
  const x = g.input('x', 'float32', ['n']);
  g.output(g.op('Add', [x, x]), 'twice');
  const program = await compile(g.build(), { device: 'cpu' });
  const { twice } = await program.run({ x: { dtype: 'float32', shape: [1], data: Float32Array.of(2) } });
  await program.dispose();
  console.log(twice.data[0]);
`;

test('running a graph leaves nothing in the home and temporary directories', () => {
  const root = mkdtempSync(join(tmpdir(), 'neutrino-telemetry-'));
  try {
    const [home, temporary] = ['home', 'tmp'].map((name) => join(root, name)) as [string, string];
    for (const dir of [home, temporary]) mkdirSync(dir);
    // The library keeps quiet by itself under CI, where this must fail too if it is not silenced.
    const { CI: _, ORT_DISABLE_TELEMETRY: __, ...inherited } = process.env;
    const env = { ...inherited, HOME: home, TMPDIR: temporary, XDG_CACHE_HOME: join(home, '.cache') };
    const done = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
      env,
      encoding: 'utf8',
    });
    expect([done.status, done.stdout, done.stderr]).toEqual([0, '4\n', '']);
    expect([...readdirSync(home), ...readdirSync(temporary)].filter((name) => name !== 'node-compile-cache')).toEqual(
      [],
    );
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
