// The desktop app's main process as it is shipped, over a real appliance, under a stand-in for the `electron` module.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePlace, type Place } from './parts/appliance.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Facts {
  newWindow: unknown;
  foreign: boolean;
  own: boolean;
  webview: boolean;
  permissions: Record<string, boolean>;
  requests: Record<string, boolean>;
  closing: boolean;
  up: number;
  down: string;
  seen: Record<string, never[]>;
}

describe('the desktop app', () => {
  let place: Place;
  let main: string;
  const boot = async (name: string, backend: string): Promise<Facts & { userData: string; dataDir: string }> => {
    const userData = join(place.root, `user-${name}`);
    const dataDir = join(place.root, `data-${name}`);
    mkdirSync(userData);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--no-warnings', join(root, 'test/app/parts/desktop.ts'), main, '--no-cluster', '--no-discovery'],
      {
        cwd: root,
        env: {
          ...place.env,
          NEUTRINO_PASSPHRASE: undefined,
          NEUTRINO_NODE: process.execPath,
          NEUTRINO_ROOT: root,
          NEUTRINO_HOME: dataDir,
          NEUTRINO_PORT: '0',
          TEST_USER_DATA: userData,
          TEST_BACKEND: backend,
        },
      },
    );
    return { ...(JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Facts), userData, dataDir };
  };

  beforeAll(async () => {
    place = makePlace();
    main = join(place.root, 'main', 'electron.js');
    await build({
      root,
      configFile: join(root, 'vite.config.ts'),
      mode: 'main',
      logLevel: 'error',
      build: { outDir: join(place.root, 'main'), emptyOutDir: true },
    });
  });
  afterAll(() => place.remove());

  it('opens its appliance in a locked window, and takes it along when it quits', async () => {
    const facts = await boot('plain', 'basic_text');
    expect(facts.seen['error']).toBeUndefined();
    expect(facts.seen['window']).toMatchObject([
      {
        webPreferences: {
          sandbox: true,
          contextIsolation: true,
          nodeIntegration: false,
          webviewTag: false,
        },
      },
    ]);
    expect(facts.seen['url']?.[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#ticket=/);
    expect(facts).toMatchObject({
      newWindow: { action: 'deny' },
      foreign: true,
      own: false,
      webview: true,
      permissions: { media: false, geolocation: false, notifications: true },
      requests: { own: false, foreign: true },
      closing: true,
      up: 200,
      down: 'gone',
    });
    expect(facts.seen['crash']).toEqual([{ uploadToServer: false }]);
    expect(facts.seen['scheme']).toEqual(['neutrino']);
    expect(facts.seen['script']).toEqual(['location.hash = "#/runs/run_1"']);
    expect(facts.seen['message']).toHaveLength(1);
    expect(JSON.parse(readFileSync(join(facts.userData, 'window.json'), 'utf8'))).toEqual({
      bounds: { x: 10, y: 20, width: 900, height: 700 },
      maximized: false,
    });
    expect(existsSync(join(facts.userData, 'vault.sealed'))).toBe(false);
  });

  it('keeps the passphrase of a new vault in a real keychain', async () => {
    const facts = await boot('keyring', 'gnome_libsecret');
    expect(facts.seen['error']).toBeUndefined();
    expect(existsSync(join(facts.userData, 'vault.sealed'))).toBe(true);
    expect(readFileSync(join(facts.dataDir, 'vault.json'), 'utf8')).toContain('passphrase');
  });
});
