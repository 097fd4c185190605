// The vault's passphrase in the desktop's keychain: made once for a vault that does not exist yet, sealed by Electron's
// safeStorage. On Linux without a keyring that would be a fixed password: refused, and the vault gets its key file as on a
// server.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { SafeStorage } from 'electron';

/** Whether the keychain protects anything; else why not. */
export function whyNoKeychain(storage: SafeStorage, platform: NodeJS.Platform): string | undefined {
  if (!storage.isEncryptionAvailable()) return 'this desktop has no keychain';
  const backend = platform === 'linux' ? storage.getSelectedStorageBackend() : 'system';
  return ['basic_text', 'unknown'].includes(backend)
    ? 'this desktop has no keyring: its passwords would be in clear'
    : undefined;
}

/** The passphrase to start the appliance with, or undefined where the vault opens another way. */
export function keychainPassphrase(
  storage: SafeStorage,
  places: { sealed: string; vault: string },
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  if (whyNoKeychain(storage, platform) !== undefined) return undefined;
  if (existsSync(places.sealed)) return storage.decryptString(readFileSync(places.sealed));
  if (existsSync(places.vault)) return undefined;
  const made = randomBytes(32).toString('base64url');
  writeFileSync(places.sealed, storage.encryptString(made), { mode: 0o600, flag: 'wx' });
  return made;
}
