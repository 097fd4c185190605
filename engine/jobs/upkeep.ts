// What is done to a data directory while no appliance runs on it: its vault's ways in, backups, restores.
import { openVault, type Vault, type WrapInfo, type WrapSources } from '../security/index.ts';
import { type BackupReport, openStore, readLock, restore, type Store, verifyBackup } from '../store/index.ts';
import { Fault } from '../schema/index.ts';

export interface VaultStatus {
  id: string;
  generation: number;
  wraps: WrapInfo[];
}

const statusOf = (vault: Vault): VaultStatus => ({ id: vault.id, generation: vault.generation, wraps: vault.wraps() });

/** The ways in. Opens the vault, so that what is shown has been proven. Faults of `openVault`. */
export async function vaultStatus(dataDir: string, from: WrapSources): Promise<VaultStatus> {
  const vault = await openVault(dataDir, from);
  try {
    return statusOf(vault);
  } finally {
    vault.lock();
  }
}

/** Makes `next` the passphrase of the vault; a passphrase that was there, and a key file, stop working. */
export async function setPassphrase(dataDir: string, from: WrapSources, next: string): Promise<VaultStatus> {
  needStopped(dataDir);
  const vault = await openVault(dataDir, from);
  try {
    const replaced = vault.wraps().filter(({ kind }) => kind === 'passphrase' || kind === 'keyfile');
    await vault.addWrap('passphrase', { passphrase: next });
    for (const { id } of replaced) vault.removeWrap(id);
    return statusOf(vault);
  } finally {
    vault.lock();
  }
}

/** Replaces the vault key and re-seals everything; the old recovery code stops working and the new one is answered. */
export async function rotateVault(
  dataDir: string,
  from: WrapSources,
): Promise<VaultStatus & { recoveryCode?: string }> {
  return offline(dataDir, from, async (store) => {
    const made = await store.rotate(from);
    return { ...statusOf(store.vault), ...made };
  });
}

/** Writes everything, still encrypted, into one file and reads it back. */
export async function backupTo(dataDir: string, file: string, from: WrapSources): Promise<BackupReport> {
  const report = await offline(dataDir, from, (store) => store.backup(file));
  verifyBackup(file);
  return report;
}

/** Lays a backup out as a data directory that is missing or empty. */
export function restoreFrom(file: string, dataDir: string): { bytes: number; files: number } {
  return restore(file, dataDir);
}

async function offline<T>(dataDir: string, from: WrapSources, work: (store: Store) => Promise<T>): Promise<T> {
  needStopped(dataDir);
  const vault = await openVault(dataDir, from);
  const store = openStore({ dir: dataDir, vault });
  try {
    return await work(store);
  } finally {
    store.close();
    vault.lock();
  }
}

function needStopped(dataDir: string): void {
  const lock = readLock(dataDir);
  if (lock) throw new Fault('already_running', `the appliance of ${dataDir} runs (pid ${lock.pid}); stop it first`);
}
