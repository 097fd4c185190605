// The desktop app's main process as it is shipped, over a real appliance, under a stand-in for the `electron` module.
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePlace, type Place } from './parts/appliance.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Runs the arguments in a network of their own with one way out, whose other end answers nobody, and prints how many packets
 * took it: a name that is looked up or an address that is called would be one. Loopback does not count.
 */
const watched = `ip link set lo up
for at in all default; do echo 1 > /proc/sys/net/ipv6/conf/$at/disable_ipv6 2>/dev/null; done
ip link add out type veth peer name far && ip link set far up && ip address add 198.51.100.2/24 dev out && ip link set out up
ip neighbour add 198.51.100.1 lladdr 02:00:00:00:00:01 dev out nud permanent && ip route add default via 198.51.100.1
"$@"; code=$?
while read -r name _ _ _ _ _ _ _ _ _ sent _; do [ "$name" = out: ] && echo "packets out: $sent" >&2; done < /proc/net/dev
exit $code`;
const inside = (command: string[]): [string, string[]] => ['unshare', ['-n', 'sh', '-c', watched, 'sh', ...command]];
const paths = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
const packetsOut = (stderr: string): number => Number(/packets out: (\d+)/.exec(stderr)?.[1] ?? Number.NaN);

function whyNoNetwork(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'a network of its own needs Linux and root';
  const { status, stderr } = spawnSync(...inside(['true']), { env: paths, encoding: 'utf8' });
  return status === 0 && packetsOut(stderr) === 0 ? undefined : `no network namespaces here: ${stderr.split('\n')[0]}`;
}
const noNetwork = whyNoNetwork();

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
  const boot = async (
    name: string,
    backend: string,
    isWatched = false,
  ): Promise<Facts & { userData: string; dataDir: string; stderr: string }> => {
    const userData = join(place.root, `user-${name}`);
    const dataDir = join(place.root, `data-${name}`);
    mkdirSync(userData);
    const play = ['--no-warnings', join(root, 'test/app/parts/desktop.ts'), main, '--no-cluster', '--no-discovery'];
    const { stdout, stderr } = await promisify(execFile)(
      ...(isWatched ? inside([process.execPath, ...play]) : ([process.execPath, play] as [string, string[]])),
      {
        cwd: root,
        env: {
          PATH: paths.PATH,
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
    return { ...(JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Facts), userData, dataDir, stderr };
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

  it.skipIf(noNetwork)(`calls nobody${noNetwork ? ` (skipped: ${noNetwork})` : ''}`, async () => {
    const facts = await boot('apart', 'basic_text', true);
    expect([facts.seen['error'], facts.up, facts.down]).toEqual([undefined, 200, 'gone']);
    expect(packetsOut(facts.stderr)).toBe(0);
    // The count would have seen it: a name that is looked up leaves a packet.
    const called = spawnSync(...inside(['timeout', '1', 'sh', '-c', 'getent ahosts updates.example.org']), {
      env: paths,
      encoding: 'utf8',
    });
    const dialled = spawnSync(
      ...inside([
        process.execPath,
        '-e',
        "require('net').connect(80, '192.0.2.1').on('error', () => {}).setTimeout(300, () => process.exit())",
      ]),
      { env: paths, encoding: 'utf8' },
    );
    expect(packetsOut(called.stderr) + packetsOut(dialled.stderr)).toBeGreaterThan(0);
  });
});
