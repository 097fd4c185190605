import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backupTo, diagnose, restoreFrom, setPassphrase, vaultStatus } from '../../../engine/jobs/index.ts';
import { applianceConfig } from '../../../engine/schema/index.ts';
import { createVault, openVault } from '../../../engine/security/index.ts';
import { acquireLock, openStore, releaseLock } from '../../../engine/store/index.ts';

let root: string;
let dir: string;
let configDir: string;
let recoveryCode: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'neutrino-upkeep-'));
  dir = join(root, 'data');
  configDir = join(root, 'config');
  const made = await createVault(dir, { configDir });
  recoveryCode = made.recoveryCode;
  const store = openStore({ dir, vault: made.vault });
  store.experiments.insert({ state: 'open', name: 'kept' });
  store.close();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const kinds = async (sources: { passphrase?: string } = {}) =>
  (await vaultStatus(dir, { configDir, ...sources })).wraps.map(({ kind }) => kind).toSorted();

describe('the passphrase', () => {
  it('takes the place of the key file, then of the passphrase before', async () => {
    expect(await kinds()).toEqual(['keyfile', 'recovery']);
    await setPassphrase(dir, { configDir }, 'first passphrase');
    expect(await kinds({ passphrase: 'first passphrase' })).toEqual(['passphrase', 'recovery']);
    expect(readdirSync(join(configDir, 'neutrino-keys'))).toEqual([]);
    await setPassphrase(dir, { configDir, passphrase: 'first passphrase' }, 'second passphrase');
    await expect(kinds({ passphrase: 'first passphrase' })).rejects.toMatchObject({ code: 'wrong_passphrase' });
    expect(await kinds({ passphrase: 'second passphrase' })).toEqual(['passphrase', 'recovery']);
    expect(await kinds({ passphrase: recoveryCode })).toEqual(['passphrase', 'recovery']);
  });

  it('is not changed under a running appliance, nor to one too short', async () => {
    const lock = acquireLock(dir, { version: '0' });
    await expect(setPassphrase(dir, { configDir }, 'first passphrase')).rejects.toMatchObject({
      code: 'already_running',
    });
    releaseLock(dir, lock);
    await expect(setPassphrase(dir, { configDir }, 'short')).rejects.toMatchObject({ code: 'bad_input' });
    expect(await kinds()).toEqual(['keyfile', 'recovery']);
  });
});

describe('a backup', () => {
  it('comes back as it was, into an empty directory only', async () => {
    const file = join(root, 'backup.neutrino');
    const made = await backupTo(dir, file, { configDir });
    expect(made).toMatchObject({ skipped: [] });
    expect(existsSync(join(dir, 'lock.json'))).toBe(false);
    expect(() => restoreFrom(file, dir)).toThrow(expect.objectContaining({ code: 'conflict' }));
    const elsewhere = join(root, 'elsewhere');
    expect(restoreFrom(file, elsewhere)).toEqual({ bytes: made.bytes, files: made.files });
    const vault = await openVault(elsewhere, { passphrase: recoveryCode });
    const store = openStore({ dir: elsewhere, vault });
    expect(store.experiments.list().items.map(({ name }) => name)).toEqual(['kept']);
    store.close();
  });

  it('is refused while an appliance runs', async () => {
    const lock = acquireLock(dir, { version: '0' });
    const backup = backupTo(dir, join(root, 'b'), { configDir });
    await expect(backup).rejects.toMatchObject({ code: 'already_running' });
    releaseLock(dir, lock);
  });
});

describe('the doctor', () => {
  const look = async (settings: Record<string, unknown> = {}) => {
    const config = applianceConfig.parse({ dataDir: dir, port: 0, ...settings });
    const findings = await diagnose(config, { configDir });
    return Object.fromEntries(findings.map(({ check, ok, needed, finding }) => [check, { ok, needed, finding }]));
  };

  it('finds a sound place sound, and says what a key file is worth', async () => {
    const found = await look();
    for (const check of ['Node', 'data directory', 'disk', 'port', 'vault', 'device cpu']) {
      expect([check, found[check]?.ok]).toEqual([check, true]);
    }
    expect(found.vault?.finding).toContain('not a stolen machine');
  });

  it('names what is wrong and what to do', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    rmSync(join(configDir, 'neutrino-keys'), { recursive: true });
    writeFileSync(join(root, 'file'), '');
    const found = await look({ port, limits: { freeDisk: Number.MAX_SAFE_INTEGER } });
    server.close();
    expect(found.port).toMatchObject({ ok: false, needed: true, finding: expect.stringContaining('--port') });
    expect(found.vault).toMatchObject({ ok: false, needed: true, finding: expect.stringContaining('recovery code') });
    expect(found.disk).toMatchObject({ ok: false, finding: expect.stringContaining('free') });
  });
});
