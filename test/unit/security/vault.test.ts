import { chmodSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createVault, newKey, openVault, type Vault, vaultPath } from '../../../engine/security/index.ts';
import { faultOf, faultOfAsync, scratch } from './scratch.ts';

const passphrase = 'correct horse battery';
const none = () => undefined;
const subkey = (vault: Vault) => Buffer.from(vault.subkey('test')).toString('hex');

/** A keychain like the desktop's: bytes come back only to the one that took them. */
function keychain() {
  const mask = newKey();
  const flip = (bytes: Uint8Array) => Uint8Array.from(bytes, (byte, i) => byte ^ (mask[i % mask.length] ?? 0));
  return { protect: async (secret: Uint8Array) => flip(secret), reveal: async (hidden: Uint8Array) => flip(hidden) };
}

test('with nothing given, a key file outside the data directory opens the vault, readable by its owner only', async () => {
  const [dir, configDir] = [scratch(), scratch()];
  const { vault } = await createVault(dir, { configDir });
  expect(subkey(await openVault(dir, { configDir }))).toBe(subkey(vault));
  expect(vault.wraps().map(({ kind }) => kind)).toEqual(['keyfile', 'recovery']);
  const folder = join(configDir, 'neutrino-keys');
  const [file] = readdirSync(folder);
  expect(file?.startsWith(vault.id)).toBe(true);
  expect(statSync(join(folder, file ?? '')).mode & 0o777).toBe(0o600);
  expect(statSync(vaultPath(dir)).mode & 0o777).toBe(0o600);
  chmodSync(join(folder, file ?? ''), 0o644);
  expect(vault.wraps()[0]?.warning).toContain('can be read by other users; run chmod 600');
});

test('without its key file the vault stays locked and says what is missing; the recovery code opens it', async () => {
  const [dir, configDir] = [scratch(), scratch()];
  const { vault, recoveryCode } = await createVault(dir, { configDir });
  rmSync(join(configDir, 'neutrino-keys'), { recursive: true });
  const fault = await faultOfAsync(() => openVault(dir, { configDir }));
  expect(fault.code).toBe('vault_locked');
  expect(fault.message).toContain('is missing; put it back, or give its recovery code in NEUTRINO_PASSPHRASE');
  const typed = recoveryCode.toLowerCase().replaceAll('-', ' ');
  expect(subkey(await openVault(dir, { configDir, passphrase: typed }))).toBe(subkey(vault));
});

test('a passphrase opens the vault, a wrong one opens nothing, and none at all is asked for', async () => {
  const [dir, configDir] = [scratch(), scratch()];
  const { vault } = await createVault(dir, { configDir, passphrase });
  expect(readdirSync(configDir)).toEqual([]);
  expect(subkey(await openVault(dir, { configDir, passphrase }))).toBe(subkey(vault));
  for (const wrong of ['correct horse batterz', '0000-0000-0000-0000-0000-0000-0000-0000-0000']) {
    const fault = await faultOfAsync(() => openVault(dir, { configDir, passphrase: wrong }));
    expect(fault.code).toBe('wrong_passphrase');
  }
  expect(await faultOfAsync(() => openVault(dir, { configDir }))).toEqual({
    code: 'vault_locked',
    message: 'the vault needs its passphrase; set NEUTRINO_PASSPHRASE or give --passphrase-file',
  });
});

test('a passphrase that is given must be right, even where a key file would open the vault', async () => {
  const [dir, configDir] = [scratch(), scratch()];
  const { vault } = await createVault(dir, { configDir });
  expect((await faultOfAsync(() => openVault(dir, { configDir, passphrase }))).code).toBe('wrong_passphrase');
  await vault.addWrap('passphrase', { passphrase });
  expect(subkey(await openVault(dir, { configDir, passphrase }))).toBe(subkey(vault));
  expect((await faultOfAsync(() => openVault(dir, { configDir, passphrase: 'wrong one' }))).code).toBe(
    'wrong_passphrase',
  );
  expect(subkey(await openVault(dir, { configDir }))).toBe(subkey(vault));
});

test('the desktop’s keychain opens the vault, and another keychain does not', async () => {
  const [dir, configDir, chain] = [scratch(), scratch(), keychain()];
  const { vault } = await createVault(dir, { configDir, keychain: chain });
  expect(subkey(await openVault(dir, { configDir, keychain: chain }))).toBe(subkey(vault));
  const refusing = { ...chain, reveal: () => Promise.reject(new Error('locked')) };
  for (const other of [keychain(), refusing, undefined]) {
    expect((await faultOfAsync(() => openVault(dir, { configDir, keychain: other }))).code).toBe('vault_locked');
  }
});

test('wraps come and go, but never the last one', async () => {
  const [dir, configDir] = [scratch(), scratch()];
  const { vault } = await createVault(dir, { configDir });
  const { recoveryCode } = await vault.addWrap('recovery');
  const [keyfile, oldCode, newCode] = vault.wraps();
  vault.removeWrap(keyfile?.id ?? '');
  expect(readdirSync(join(configDir, 'neutrino-keys'))).toEqual([]);
  vault.removeWrap(oldCode?.id ?? '');
  expect(faultOf(() => vault.removeWrap(newCode?.id ?? '')).code).toBe('conflict');
  expect(faultOf(() => vault.removeWrap('w_none')).code).toBe('not_found');
  expect(subkey(await openVault(dir, { configDir, passphrase: recoveryCode ?? '' }))).toBe(subkey(vault));
});

test('data keys are wrapped for one object of one vault', async () => {
  const configDir = scratch();
  const { vault } = await createVault(scratch(), { configDir });
  const { vault: other } = await createVault(scratch(), { configDir });
  const key = newKey();
  const wrapped = vault.wrapKey(key, 'obj_1');
  expect(Buffer.compare(vault.unwrapKey(wrapped, 'obj_1'), key)).toBe(0);
  expect(faultOf(() => vault.unwrapKey(wrapped, 'obj_2')).message).toContain('the key of object obj_2');
  expect(faultOf(() => other.unwrapKey(wrapped, 'obj_1')).code).toBe('corrupt');
  expect(subkey(vault)).not.toBe(subkey(other));
  expect(vault.subkey('a')).not.toEqual(vault.subkey('b'));
});

test('a locked vault gives no key', async () => {
  const { vault } = await createVault(scratch(), { configDir: scratch() });
  vault.subkey('records');
  vault.lock();
  expect(faultOf(() => vault.subkey('records')).code).toBe('vault_locked');
  expect(faultOf(() => vault.wrapKey(newKey(), 'obj')).code).toBe('vault_locked');
  expect((await faultOfAsync(() => vault.addWrap('recovery'))).code).toBe('vault_locked');
});

test('a rotation changes every key, keeps the old ones until it is finished, and voids the old secrets', async () => {
  const [dir, configDir] = [scratch(), scratch()];
  const { vault, recoveryCode } = await createVault(dir, { configDir });
  await vault.addWrap('passphrase', { passphrase });
  const before = subkey(vault);
  expect((await faultOfAsync(() => vault.rotate({}, none))).code).toBe('bad_request');
  expect((await faultOfAsync(() => vault.rotate({ passphrase: 'not that one' }, none))).code).toBe('wrong_passphrase');
  const rotated = await vault.rotate({ passphrase }, none);
  expect(vault.generation).toBe(2);
  expect(subkey(vault)).not.toBe(before);

  const unfinished = await openVault(dir, { configDir });
  expect(subkey(unfinished)).toBe(subkey(vault));
  expect(Buffer.from(unfinished.previous?.subkey('test') ?? []).toString('hex')).toBe(before);
  unfinished.finishRotation();
  const finished = await openVault(dir, { configDir, passphrase });
  expect(finished.previous).toBe(undefined);
  expect(subkey(await openVault(dir, { configDir, passphrase: rotated.recoveryCode ?? '' }))).toBe(subkey(vault));
  expect((await faultOfAsync(() => openVault(dir, { configDir, passphrase: recoveryCode }))).code).toBe(
    'wrong_passphrase',
  );
  expect(readdirSync(join(configDir, 'neutrino-keys'))).toHaveLength(1);
});

test('a changed byte of vault.json never opens anything wrong, and a damaged wrap leaves the others usable', async () => {
  const [dir, configDir] = [scratch(), scratch()];
  const { vault, recoveryCode } = await createVault(dir, { configDir });
  const good = readFileSync(vaultPath(dir));
  const expected = subkey(vault);
  const codes = new Set<string>();
  for (let at = 0; at < good.length; at += 3) {
    const changed = Buffer.from(good);
    changed[at] = (changed[at] ?? 0) ^ 4;
    writeFileSync(vaultPath(dir), changed);
    try {
      expect(subkey(await openVault(dir, { configDir }))).toBe(expected);
    } catch (error) {
      codes.add((error as { code: string }).code);
    }
  }
  expect([...codes].sort()).toEqual(['corrupt']);

  const file = JSON.parse(good.toString()) as { wraps: { sealed: string }[] };
  const first = file.wraps[0];
  if (first) first.sealed = first.sealed.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A'));
  writeFileSync(vaultPath(dir), JSON.stringify(file));
  const fault = await faultOfAsync(() => openVault(dir, { configDir }));
  expect(fault).toEqual({
    code: 'corrupt',
    message: `${vaultPath(dir)} (keyfile) was changed or damaged on disk; restore it from a backup`,
  });
  expect(subkey(await openVault(dir, { configDir, passphrase: recoveryCode }))).toBe(expected);
});

test('argon2 parameters of a tampered file do not take the machine’s memory', async () => {
  const [dir, configDir] = [scratch(), scratch()];
  const { recoveryCode } = await createVault(dir, { configDir, passphrase });
  const text = readFileSync(vaultPath(dir), 'utf8').replace('"memory": 65536', '"memory": 4294967295');
  writeFileSync(vaultPath(dir), text);
  expect((await faultOfAsync(() => openVault(dir, { configDir, passphrase }))).code).toBe('corrupt');
  expect((await openVault(dir, { configDir, passphrase: recoveryCode })).wraps().map(({ kind }) => kind)).toEqual([
    'recovery',
  ]);
});

test('a vault of a newer version, a missing one and an occupied directory are refused by name', async () => {
  const [dir, configDir] = [scratch(), scratch()];
  expect((await faultOfAsync(() => openVault(dir, { configDir }))).code).toBe('not_found');
  await createVault(dir, { configDir });
  expect((await faultOfAsync(() => createVault(dir, { configDir }))).code).toBe('conflict');
  const text = readFileSync(vaultPath(dir), 'utf8').replace('"format": 1', '"format": 2');
  writeFileSync(vaultPath(dir), text);
  expect((await faultOfAsync(() => openVault(dir, { configDir }))).code).toBe('newer_version');
});

test('a key file is never put inside the directory that it protects, and a short passphrase is refused', async () => {
  const dir = scratch();
  expect((await faultOfAsync(() => createVault(dir, { configDir: join(dir, 'config') }))).code).toBe('bad_input');
  expect((await faultOfAsync(() => createVault(dir, { passphrase: 'short' }))).message).toContain('at least 8');
  expect(readdirSync(dir)).toEqual([]);
});

test('the vault moves with its directory', async () => {
  const [dir, configDir] = [scratch(), scratch()];
  const { vault } = await createVault(join(dir, 'a'), { configDir });
  renameSync(join(dir, 'a'), join(dir, 'b'));
  expect(subkey(await openVault(join(dir, 'b'), { configDir }))).toBe(subkey(vault));
});
