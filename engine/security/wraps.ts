// The ways to a vault key, one row a kind: how each makes its key-encrypting key, and how it finds it again.
// Nothing here reads or writes vault.json.
import { hkdfSync, randomBytes } from 'node:crypto';
import { must, newId } from '../base/index.ts';
import { Fault } from '../schema/index.ts';
import { keyBytes, newKey, seal, unseal } from './envelope.ts';
import { keyFilePath, keyFileWarning, makeKeyFile, readKeyFile, removeKeyFile } from './keyFile.ts';
import { newRecoveryCode, readRecoveryCode } from './recovery.ts';
import type { Wrap, WrapKind } from './vaultFile.ts';

/** The operating system's keychain, e.g. Electron's safeStorage over a channel (never its `basic_text` fallback). */
export interface Keychain {
  protect(secret: Uint8Array): Promise<Uint8Array>;
  /** The inverse of `protect`; rejects when the keychain refuses. */
  reveal(hidden: Uint8Array): Promise<Uint8Array>;
}

/** The secrets and places that wraps need. */
export interface WrapSources {
  /** At least 8 characters. A recovery code is also taken here when a vault is opened. */
  passphrase?: string | undefined;
  keychain?: Keychain | undefined;
  /** In place of the user's configuration directory. */
  configDir?: string | undefined;
}

/** Which vault a wrap is for. */
export interface VaultPlace {
  id: string;
  dir: string;
  generation: number;
}

/** RFC 9106, section 4, second recommended option: 64 MiB, 3 passes, 4 lanes; about a tenth of a second. */
export const argon2Defaults = { memory: 64 * 1024, passes: 3, lanes: 4 } as const;
/** A changed vault.json must not make us allocate more than 1 GiB before its lie is found out. */
const argon2Most = { memory: 1024 * 1024, passes: 64, lanes: 64 } as const;
const leastPassphrase = 8;

interface Made {
  kek: Uint8Array;
  fields?: Partial<Wrap>;
  recoveryCode?: string;
}
interface Row {
  make(place: VaultPlace, wrapId: string, from: WrapSources): Made | Promise<Made>;
  /** The key-encrypting key, or undefined when the sources do not reach it. */
  find(place: VaultPlace, wrap: Wrap, from: WrapSources): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** What is left behind elsewhere when the wrap goes. */
  discard?(place: VaultPlace, wrap: Wrap, from: WrapSources): void;
  warning?(place: VaultPlace, wrap: Wrap, from: WrapSources): string | undefined;
}

const rows: Record<WrapKind, Row> = {
  passphrase: {
    async make(_place, _id, { passphrase }) {
      const text = passphrase?.normalize('NFKC') ?? '';
      if (text.length < leastPassphrase) {
        throw new Fault('bad_input', `a passphrase needs at least ${leastPassphrase} characters; choose a longer one`);
      }
      const fields = { salt: randomBytes(16).toString('base64'), ...argon2Defaults };
      return { kek: must(await stretch(text, fields), 'a stretched passphrase'), fields };
    },
    find: (_place, wrap, { passphrase }) =>
      passphrase === undefined ? undefined : stretch(passphrase.normalize('NFKC'), wrap),
  },
  recovery: {
    make() {
      const recoveryCode = newRecoveryCode();
      return { kek: recoveryKey(must(readRecoveryCode(recoveryCode), 'a recovery code')), recoveryCode };
    },
    find(_place, _wrap, { passphrase }) {
      const secret = readRecoveryCode(passphrase ?? '');
      return secret && recoveryKey(secret);
    },
  },
  keyfile: {
    make: (place, id, { configDir }) => ({ kek: makeKeyFile(keyFilePath(place.id, id, configDir), place.dir) }),
    find: (place, wrap, { configDir }) => readKeyFile(keyFilePath(place.id, wrap.id, configDir)),
    discard: (place, wrap, { configDir }) => removeKeyFile(keyFilePath(place.id, wrap.id, configDir)),
    warning: (place, wrap, { configDir }) => keyFileWarning(keyFilePath(place.id, wrap.id, configDir)),
  },
  keychain: {
    async make(_place, _id, { keychain }) {
      if (!keychain) throw new Fault('bad_request', 'there is no keychain here; add this wrap from the desktop app');
      const kek = newKey();
      return { kek, fields: { keychain: Buffer.from(await keychain.protect(kek)).toString('base64') } };
    },
    find: (_place, wrap, { keychain }) =>
      keychain?.reveal(Buffer.from(wrap.keychain ?? '', 'base64')).catch(() => undefined),
  },
};

/** Makes a wrap of the vault key; a recovery wrap comes with its code, to be shown once. */
export async function makeWrap(
  kind: WrapKind,
  vaultKey: Uint8Array,
  place: VaultPlace,
  from: WrapSources,
  now: number,
): Promise<{ wrap: Wrap; recoveryCode?: string }> {
  const id = newId('w', now);
  const { kek, fields, recoveryCode } = await rows[kind].make(place, id, from);
  const wrap: Wrap = { id, kind, createdAt: now, ...fields, sealed: '' };
  wrap.sealed = Buffer.from(seal(kek, vaultKey, bindingOf(place, wrap))).toString('base64');
  kek.fill(0);
  return { wrap, ...(recoveryCode === undefined ? {} : { recoveryCode }) };
}

/** The vault key, or undefined when the sources hold no secret for this wrap or a wrong one. */
export async function openWrap(wrap: Wrap, place: VaultPlace, from: WrapSources): Promise<Uint8Array | undefined> {
  const kek = await rows[wrap.kind].find(place, wrap, from);
  if (kek?.length !== keyBytes) return undefined;
  try {
    return unseal(kek, Buffer.from(wrap.sealed, 'base64'), bindingOf(place, wrap), 'the vault key', keyBytes);
  } catch {
    return undefined;
  } finally {
    kek.fill(0);
  }
}

export const discardWrap = (wrap: Wrap, place: VaultPlace, from: WrapSources): void =>
  rows[wrap.kind].discard?.(place, wrap, from);

export const warningOf = (wrap: Wrap, place: VaultPlace, from: WrapSources): string | undefined =>
  rows[wrap.kind].warning?.(place, wrap, from);

function bindingOf(place: VaultPlace, wrap: Wrap): string {
  const { id, kind, createdAt, salt, memory, passes, lanes, keychain } = wrap;
  const facts = [place.id, place.generation, id, kind, createdAt, salt, memory, passes, lanes, keychain];
  return JSON.stringify(['vault wrap', ...facts]);
}

/** Argon2id (RFC 9106), off the event loop. */
async function stretch(passphrase: string, wrap: Partial<Wrap>): Promise<Uint8Array | undefined> {
  const { memory = 0, passes = 0, lanes = 0 } = wrap;
  if (memory > argon2Most.memory || passes > argon2Most.passes || lanes > argon2Most.lanes) return undefined;
  if (memory < 8 * lanes || passes < 1 || lanes < 1) return undefined;
  const salt = Buffer.from(wrap.salt ?? '', 'base64');
  const options = { memoryCost: memory, timeCost: passes, parallelism: lanes, outputLen: keyBytes, salt };
  const { hashRaw } = await import('@node-rs/argon2');
  return hashRaw(passphrase, options);
}

function recoveryKey(secret: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, 'neutrino', 'recovery code', keyBytes));
}
