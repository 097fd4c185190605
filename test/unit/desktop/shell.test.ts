// The desktop's small parts: links, window state, keychain, updates, the executable's archive.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SafeStorage } from 'electron';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noteCrash } from '../../../main/desktop/crashes.ts';
import { keychainPassphrase } from '../../../main/desktop/keychain.ts';
import { handedOver, screenOf } from '../../../main/desktop/links.ts';
import { readChoices, readWindow, saveChoices, saveWindow } from '../../../main/desktop/state.ts';
import { checkUpdate, fetchUpdate } from '../../../main/desktop/update.ts';
import { type MenuActions, menuTemplate } from '../../../main/desktop/menu.ts';
import { desktopWords } from '../../../main/desktop/words.ts';
import { pack, unpack } from '../../../main/packaging/archive.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'neutrino-shell-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('a link leads to a screen of the app and nowhere else', () => {
  expect(screenOf('neutrino://runs/run_1')).toBe('#/runs/run_1');
  expect(screenOf('neutrino://settings')).toBe('#/settings');
  for (const link of ['neutrino://evil/x', 'https://runs/run_1', 'neutrino://runs/"+alert(1)', 'neutrino:runs', 'x']) {
    expect([link, screenOf(link)]).toEqual([link, undefined]);
  }
});

test('of the arguments of a start, the first link or bundle counts', () => {
  expect(handedOver(['--flag', '/home/me/a.neutrino'])).toEqual({ bundle: '/home/me/a.neutrino' });
  expect(handedOver(['.', 'neutrino://models'])).toEqual({ screen: '#/models' });
  expect(handedOver(['a.neutrino'])).toEqual({});
});

test('a window comes back where it was, if a screen is still there', () => {
  const file = join(dir, 'window.json');
  const screens = [{ x: 0, y: 0, width: 1920, height: 1080 }];
  expect(readWindow(file, screens)).toEqual({ maximized: false });
  const bounds = { x: 100, y: 50, width: 900, height: 700 };
  saveWindow(file, { bounds, maximized: true });
  expect(readWindow(file, screens)).toEqual({ bounds, maximized: true });
  expect(readWindow(file, [{ x: 3000, y: 0, width: 800, height: 600 }])).toEqual({ maximized: true });
});

test('a keyring that is none is refused; a real one keeps one passphrase; an existing vault is left alone', () => {
  const storage = (backend: string) =>
    ({
      isEncryptionAvailable: () => true,
      getSelectedStorageBackend: () => backend,
      encryptString: (text: string) => Buffer.from(text).reverse(),
      decryptString: (sealed: Buffer) => Buffer.from(sealed).reverse().toString(),
    }) as unknown as SafeStorage;
  const places = { sealed: join(dir, 'sealed'), vault: join(dir, 'vault.json') };
  expect(keychainPassphrase(storage('basic_text'), places, 'linux')).toBeUndefined();
  expect(readdirSync(dir)).toEqual([]);
  const made = keychainPassphrase(storage('kwallet6'), places, 'linux');
  expect(made).toMatch(/^[\w-]{43}$/);
  expect(keychainPassphrase(storage('kwallet6'), places, 'linux')).toBe(made);
  expect(readFileSync(places.sealed, 'utf8')).not.toContain(made);
  rmSync(places.sealed);
  writeFileSync(places.vault, '{}');
  expect(keychainPassphrase(storage('kwallet6'), places, 'linux')).toBeUndefined();
});

test('an update must be newer, signed by the trusted key, and whole', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const installer = join(dir, 'neutrino-0.2.0.AppImage');
  writeFileSync(installer, 'the installer');
  const sha256 = createHash('sha256').update('the installer').digest('hex');
  const file = join(dir, 'update.json');
  const release = (version: string) => {
    const bytes = Buffer.from(
      JSON.stringify({ version, files: { 'linux-x64': { name: 'neutrino-0.2.0.AppImage', sha256 } } }),
    );
    writeFileSync(file, bytes);
    writeFileSync(`${file}.sig`, sign(null, bytes, privateKey).toString('base64'));
  };
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const about = { version: '0.1.0', publicKey: pem, platform: 'linux-x64' };
  release('0.2.0');
  expect(await checkUpdate(file, about)).toEqual({ version: '0.2.0', installer });
  await expect(checkUpdate(file, { ...about, platform: 'darwin-arm64' })).rejects.toThrow('has no installer for');
  expect(await checkUpdate(file, { ...about, version: '0.10.0' })).toBeUndefined();
  writeFileSync(installer, 'something else');
  await expect(checkUpdate(file, about)).rejects.toThrow('is damaged');
  writeFileSync(file, readFileSync(file, 'utf8').replace('0.2.0', '0.3.0'));
  await expect(checkUpdate(file, about)).rejects.toThrow('is not signed by the key');
});

test('an internal server is believed no further than its signature', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const name = 'neutrino 0.2.0.AppImage';
  const sha256 = createHash('sha256').update('the installer').digest('hex');
  const release = Buffer.from(JSON.stringify({ version: '0.2.0', files: { 'linux-x64': { name, sha256 } } }));
  const served = new Map<string, string | Buffer>([
    ['/site/update.json', release],
    ['/site/update.json.sig', sign(null, release, privateKey).toString('base64')],
    ['/site/neutrino%200.2.0.AppImage', 'the installer'],
  ]);
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const body = served.get(request.url ?? '');
    if (request.url === '/moved.json') response.writeHead(302, { location: '/site/update.json' });
    else response.writeHead(body === undefined ? 404 : 200);
    response.end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const at = (path: string) => `http://127.0.0.1:${port}${path}`;
    const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
    const about = { version: '0.1.0', publicKey: pem, platform: 'linux-x64' };
    const folder = join(dir, 'updates');
    const found = await fetchUpdate(at('/site/update.json'), folder, about);
    expect(found).toEqual({ version: '0.2.0', installer: join(folder, name) });
    expect(readFileSync(join(folder, name), 'utf8')).toBe('the installer');
    expect(await fetchUpdate(at('/site/update.json'), folder, { ...about, version: '0.2.0' })).toBeUndefined();
    await expect(fetchUpdate(at('/moved.json'), folder, about)).rejects.toThrow();
    await expect(fetchUpdate('file:///etc/passwd', folder, about)).rejects.toThrow('no address of a server');
    served.set('/site/neutrino%200.2.0.AppImage', 'something else');
    await expect(fetchUpdate(at('/site/update.json'), folder, about)).rejects.toThrow('is damaged');
    expect(readdirSync(folder)).toEqual([]);
    served.set('/site/update.json', Buffer.from(release.toString().replace('0.2.0', '0.3.0')));
    asked.length = 0;
    await expect(fetchUpdate(at('/site/update.json'), folder, about)).rejects.toThrow('is not signed by the key');
    expect(asked).toEqual(['/site/update.json', '/site/update.json.sig']);
  } finally {
    server.close();
  }
});

test('the menu speaks the language of the system', () => {
  const act = {} as MenuActions;
  const labels = (locale: string) => {
    const menu = menuTemplate(desktopWords(locale), act, { mac: false, room: true });
    return menu.flatMap(({ label, submenu }) => [
      label,
      ...((submenu as { label?: string; role?: string }[] | undefined) ?? []).map((item) => item.label ?? ''),
    ]);
  };
  expect(labels('en-GB')).toContain('Datasets');
  expect(labels('zh-CN').filter((label) => label && /[a-z]{4}/i.test(label.replace('Neutrino', '')))).toEqual([]);
});

test('a room that was closed stays closed', () => {
  const file = join(dir, 'choices.json');
  expect(readChoices(file)).toEqual({ roomClosed: false });
  saveChoices(file, { roomClosed: true });
  expect(readChoices(file)).toEqual({ roomClosed: true });
});

test('crash logs stay here, the newest twenty', () => {
  const folder = join(dir, 'crashes');
  for (let i = 0; i < 25; i++) noteCrash(folder, 'page', { i }, new Date(Date.UTC(2026, 0, 1, 0, 0, i)));
  expect(readdirSync(folder)).toHaveLength(20);
  expect(readFileSync(join(folder, readdirSync(folder).at(-1) ?? ''), 'utf8')).toBe('page\n{"i":24}\n');
});

test('an archive is laid out as it was packed, once', () => {
  const from = join(dir, 'from');
  mkdirSync(from);
  writeFileSync(join(from, 'a.js'), 'one');
  writeFileSync(join(from, 'b.bin'), Buffer.from([0, 255, 10]));
  const archive = pack([
    { path: 'deep/er/a.js', from: join(from, 'a.js') },
    { path: 'b.bin', from: join(from, 'b.bin') },
  ]);
  const to = join(dir, 'app', 'v1');
  unpack(archive, to);
  unpack(archive, to);
  expect(readFileSync(join(to, 'deep/er/a.js'), 'utf8')).toBe('one');
  expect([...readFileSync(join(to, 'b.bin'))]).toEqual([0, 255, 10]);
  expect(readdirSync(join(dir, 'app'))).toEqual(['v1']);
});
