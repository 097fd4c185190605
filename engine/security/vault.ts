// The vault: one random key, from which every other key of the data directory follows, and the list of wraps that lead to it.
// Losing every wrap loses the data. The key lives in this process's memory only and is forgotten by `lock`.
import { rmSync } from 'node:fs';
import { systemClock, type Clock, must, newId } from '../base/index.ts';
import { Fault } from '../schema/index.ts';
import { damaged, keyBytes, newKey, seal, unseal } from './envelope.ts';
import { makeDirectory } from './files.ts';
import { type KeyRing, keyRing } from './keyring.ts';
import {
  hasVault,
  readVaultFile,
  type VaultFile,
  type Wrap,
  type WrapKind,
  vaultPath,
  writeVaultFile,
} from './vaultFile.ts';
import { discardWrap, makeWrap, openWrap, type VaultPlace, type WrapSources, warningOf } from './wraps.ts';

/** What may be shown of a wrap. */
export interface WrapInfo {
  id: string;
  kind: WrapKind;
  createdAt: number;
  /** What is wrong with it, in words for the user. */
  warning?: string;
}

export interface Vault extends KeyRing {
  readonly id: string;
  /** Counts rotations, from 1. */
  readonly generation: number;
  /** The keys before the last rotation, until the store has re-sealed everything and called `finishRotation`. */
  readonly previous: KeyRing | undefined;
  wraps(): WrapInfo[];
  /** Adds a way in. A recovery wrap answers with its code, to be shown once. */
  addWrap(kind: WrapKind, from?: WrapSources): Promise<{ wrap: WrapInfo; recoveryCode?: string }>;
  /** Fault `conflict` for the last one, `not_found` for an unknown one. */
  removeWrap(id: string): void;
  /**
   * Replaces the vault key and makes each kind of wrap again, once; a recovery wrap gets a new code. Needs the passphrase or the keychain
   * again where there is such a wrap. `reseal` runs at the moment of the change, before anything else can use the new key: the
   * store's, which seals anew what the old key had sealed and then calls `finishRotation`.
   */
  rotate(from: WrapSources, reseal: () => void): Promise<{ recoveryCode?: string }>;
  finishRotation(): void;
  /** Forgets the keys; whatever needs them afterwards gets Fault `vault_locked`. */
  lock(): void;
}

export interface VaultOptions extends WrapSources {
  clock?: Clock;
}

/**
 * Makes a vault in the directory (created when missing). The way in is the passphrase when there is one, else the keychain,
 * else a key file, and always a recovery code beside it, to be shown once. Fault `conflict` when there is a vault already.
 */
export async function createVault(
  dir: string,
  how: VaultOptions = {},
): Promise<{ vault: Vault; recoveryCode: string }> {
  if (hasVault(dir)) throw new Fault('conflict', `there is a vault in ${dir} already`);
  const now = (how.clock ?? systemClock).now();
  const file: VaultFile = { id: newId('v', now), createdAt: now, generation: 1, wraps: [], broken: [] };
  const place = { id: file.id, dir, generation: 1 };
  const key = newKey();
  const kind = how.passphrase === undefined ? (how.keychain ? 'keychain' : 'keyfile') : 'passphrase';
  makeDirectory(dir);
  const main = await makeWrap(kind, key, place, how, now);
  const spare = await makeWrap('recovery', key, place, how, now);
  file.wraps.push(main.wrap, spare.wrap);
  writeVaultFile(dir, file);
  return { vault: vaultOver(dir, file, key, how), recoveryCode: must(spare.recoveryCode, 'a recovery code') };
}

/**
 * Opens the vault of a directory. A passphrase (or recovery code) that is given must be right, whatever other ways there are.
 * Faults: `not_found`, `corrupt`, `newer_version`, `wrong_passphrase`, `vault_locked`.
 */
export async function openVault(dir: string, how: VaultOptions = {}): Promise<Vault> {
  const file = readVaultFile(dir);
  const place = { id: file.id, dir, generation: file.generation };
  const kinds: WrapKind[] = how.passphrase === undefined ? ['keychain', 'keyfile'] : ['passphrase', 'recovery'];
  for (const wrap of file.wraps.filter(({ kind }) => kinds.includes(kind))) {
    const key = await openWrap(wrap, place, how);
    if (key) return vaultOver(dir, file, key, how);
  }
  throw refusal(dir, file, place, how);
}

/** Removes a vault that was made a moment ago and holds nothing yet, with what its ways in left elsewhere. */
export function discardVault(dir: string, how: VaultOptions = {}): void {
  const { id, generation, wraps } = readVaultFile(dir);
  for (const wrap of wraps) discardWrap(wrap, { id, dir, generation }, how);
  rmSync(vaultPath(dir), { force: true });
}

/** Why the vault stays shut, and what would open it. */
function refusal(dir: string, file: VaultFile, place: VaultPlace, how: VaultOptions): Fault {
  const broken = file.broken.map(({ kind }) => kind);
  const has = (kind: WrapKind) => file.wraps.some((wrap) => wrap.kind === kind);
  if (how.passphrase !== undefined) {
    if (has('passphrase'))
      return new Fault('wrong_passphrase', `the passphrase does not open the vault in ${dir}; try it again`);
    if (broken.includes('passphrase')) return damaged(`the passphrase's entry in ${vaultPath(dir)}`);
    return new Fault(
      'wrong_passphrase',
      `the vault in ${dir} has no passphrase and this is not its recovery code; unset NEUTRINO_PASSPHRASE to open it another way`,
    );
  }
  if (has('passphrase')) {
    return new Fault(
      'vault_locked',
      'the vault needs its passphrase; set NEUTRINO_PASSPHRASE or give --passphrase-file',
    );
  }
  const asked = 'give its recovery code in NEUTRINO_PASSPHRASE or --passphrase-file';
  const keyfile = file.wraps.find(({ kind }) => kind === 'keyfile');
  if (keyfile) {
    const why = warningOf(keyfile, place, how) ?? 'its key file does not fit';
    return new Fault('vault_locked', `the vault in ${dir} stays locked: ${why}; put it back, or ${asked}`);
  }
  if (broken.length > 0) return damaged(`${vaultPath(dir)} (${broken.join(', ')})`);
  return new Fault(
    'vault_locked',
    `the vault in ${dir} opens with the desktop app's keychain; start it there, or ${asked}`,
  );
}

const binding = (file: VaultFile) => JSON.stringify(['previous vault key', file.id, file.generation]);

function vaultOver(dir: string, opened: VaultFile, key: Uint8Array, how: VaultOptions): Vault {
  const clock = how.clock ?? systemClock;
  let file = opened;
  let vaultKey = key;
  let ring = keyRing(file.id, vaultKey);
  let previous: ReturnType<typeof keyRing> | undefined;
  if (file.previous) {
    const old = unseal(vaultKey, Buffer.from(file.previous, 'base64'), binding(file), vaultPath(dir), keyBytes);
    previous = keyRing(file.id, Uint8Array.from(old));
  }
  const place = (): VaultPlace => ({ id: file.id, dir, generation: file.generation });
  const write = (next: VaultFile) => {
    writeVaultFile(dir, next);
    file = next;
  };
  const info = (wrap: Wrap): WrapInfo => {
    const warning = warningOf(wrap, place(), how);
    return { id: wrap.id, kind: wrap.kind, createdAt: wrap.createdAt, ...(warning ? { warning } : {}) };
  };

  return {
    id: file.id,
    get generation() {
      return file.generation;
    },
    get previous() {
      return previous;
    },
    wrapKey: (dataKey, objectId) => ring.wrapKey(dataKey, objectId),
    unwrapKey: (wrapped, objectId) => ring.unwrapKey(wrapped, objectId),
    subkey: (purpose) => ring.subkey(purpose),
    wraps: () => file.wraps.map(info),

    async addWrap(kind, from = {}) {
      ring.subkey('check that the vault is open');
      const made = await makeWrap(kind, vaultKey, place(), { ...how, ...from }, clock.now());
      write({ ...file, wraps: [...file.wraps, made.wrap] });
      return { ...made, wrap: info(made.wrap) };
    },

    removeWrap(id) {
      const wrap = file.wraps.find((one) => one.id === id);
      if (!wrap) throw new Fault('not_found', `the vault has no wrap ${id}; neutrino vault status lists them`);
      if (file.wraps.length === 1) {
        throw new Fault(
          'conflict',
          'this is the last way into the vault, and losing it loses the data; add another one first',
        );
      }
      write({ ...file, wraps: file.wraps.filter((one) => one !== wrap) });
      discardWrap(wrap, place(), how);
    },

    async rotate(from, reseal) {
      ring.subkey('check that the vault is open');
      if (file.previous)
        throw new Fault('conflict', 'the last rotation is not finished; start Neutrino again to finish it');
      const sources = { ...how, ...from };
      for (const wrap of file.wraps.filter(({ kind }) => kind === 'passphrase')) {
        if (!sources.passphrase) throw new Fault('bad_request', 'rotating needs the passphrase again; give it');
        if (!(await openWrap(wrap, place(), sources))) {
          throw new Fault('wrong_passphrase', 'the passphrase does not open the vault; give the one in use');
        }
      }
      const before = file;
      const next: VaultFile = { ...before, generation: before.generation + 1, wraps: [], broken: [] };
      const nextKey = newKey();
      const nextPlace = { id: before.id, dir, generation: next.generation };
      let code: string | undefined;
      try {
        for (const kind of new Set(before.wraps.map((wrap) => wrap.kind))) {
          const made = await makeWrap(kind, nextKey, nextPlace, sources, clock.now());
          next.wraps.push(made.wrap);
          code = made.recoveryCode ?? code;
        }
        next.previous = Buffer.from(seal(nextKey, vaultKey, binding(next))).toString('base64');
        write(next);
      } catch (error) {
        // The directory's fsync may have failed after the new file took its place; its wraps are then the ones in use.
        if (readVaultFile(dir).generation === before.generation) {
          for (const wrap of next.wraps) discardWrap(wrap, nextPlace, sources);
        }
        throw error;
      }
      for (const wrap of before.wraps) discardWrap(wrap, place(), sources);
      previous = ring;
      vaultKey = nextKey;
      ring = keyRing(file.id, vaultKey);
      reseal();
      return code === undefined ? {} : { recoveryCode: code };
    },

    finishRotation() {
      if (!file.previous) return;
      const { previous: _gone, ...rest } = file;
      write(rest);
      previous?.forget();
      previous = undefined;
    },

    lock() {
      ring.forget();
      previous?.forget();
    },
  };
}
