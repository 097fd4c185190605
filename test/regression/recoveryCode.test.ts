// A first start that failed on a taken port left a vault behind whose recovery code nobody had seen, and so did a first verb
// without a running appliance.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAppliance } from '../../engine/appliance.ts';
import { applianceConfig } from '../../engine/schema/index.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'neutrino-recovery-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('a first start that fails leaves no vault, no key file and no store', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  const [dataDir, configDir] = [join(root, 'data'), join(root, 'keys')];
  try {
    const start = (on: number) => startAppliance(applianceConfig.parse({ dataDir, port: on }), { configDir });
    await expect(start(port)).rejects.toMatchObject({ code: 'port_taken' });
    expect(readdirSync(dataDir)).toEqual(['logs']);
    expect(readdirSync(join(configDir, 'neutrino-keys'))).toEqual([]);
    const first = await start(0);
    expect(first.recoveryCode).toBeDefined();
    await first.close();
    // What was shown stays: a later failure touches nothing.
    await expect(start(port)).rejects.toMatchObject({ code: 'port_taken' });
    expect(existsSync(join(dataDir, 'vault.json'))).toBe(true);
    const again = await start(0);
    expect(again.recoveryCode).toBeUndefined();
    await again.close();
  } finally {
    await new Promise((resolve) => taken.close(resolve));
  }
});

test('a verb that makes the vault shows its recovery code on stderr, once', () => {
  const env = { ...process.env, NEUTRINO_HOME: join(root, 'verb'), XDG_CONFIG_HOME: join(root, 'config'), HOME: root };
  const list = () =>
    spawnSync(process.execPath, ['--no-warnings', 'main/cli.ts', 'datasets', 'list', '--json'], {
      env,
      encoding: 'utf8',
    });
  const [first, second] = [list(), list()];
  expect([first.status, JSON.parse(first.stdout)]).toEqual([0, []]);
  expect(first.stderr).toMatch(/recovery code, shown this once.*\n\n {4}([0-9A-Z]{4}-){8}[0-9A-Z]{4}\n/);
  expect([second.status, second.stderr]).toEqual([0, '']);
});
