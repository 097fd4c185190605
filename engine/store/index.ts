// The only surface of store/: the store of a data directory, object packs for children, the lock file, backups.
export type { Audit, AuditNote, AuditReport } from './audit.ts';
export type { BackupReport } from './backup.ts';
export type { Damage } from './book.ts';
export type { Journal } from './journal.ts';
export type { ListQuery, Page } from './listing.ts';
export { acquireLock, type LockInfo, readLock, releaseLock, updateLock } from './lock.ts';
export type { ObjectGrant, ObjectInfo, ObjectKind, Objects } from './objects.ts';
export { chunkBytes, derivedMark, type PackKey, type PackSummary } from './packFormat.ts';
export { openPack, type PackReader } from './packReader.ts';
export { createPack, type PackWriter } from './packWriter.ts';
export { restore, verifyBackup } from './restore.ts';
export type { Settings } from './settings.ts';
export { discardStore, hasStore, openStore, type Store, type StoreOptions } from './store.ts';
export type { New, Patch, Table } from './table.ts';
