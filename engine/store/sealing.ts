// How rows of the metadata database are sealed: one subkey a table, and associated data that binds every clear column.
import { fromUtf8, utf8 } from '../base/index.ts';
import { damaged, type KeyRing, seal, unseal } from '../security/index.ts';

/** The columns of a record that stay in clear. */
export interface Clear {
  id: string;
  kind: string;
  state: string;
  createdAt: number;
  updatedAt: number;
  parentId: string | null;
  seq: number;
}

const bindRecord = (c: Clear) =>
  JSON.stringify(['record', c.id, c.kind, c.state, c.createdAt, c.updatedAt, c.parentId, c.seq]);

/** A record's body, sealed to its clear columns. */
export const sealBody = (keys: KeyRing, clear: Clear, json: string): Uint8Array =>
  seal(keys.subkey('records'), utf8(json), bindRecord(clear));

/** The JSON of a record's body; Fault `corrupt` naming kind and id. */
export const openBody = (keys: KeyRing, clear: Clear, sealed: Uint8Array): string =>
  fromUtf8(unseal(keys.subkey('records'), sealed, bindRecord(clear), `${clear.kind} ${clear.id}`));

/** Row `n` of a run's journal. */
export const sealJournal = (keys: KeyRing, run: string, n: number, plain: Uint8Array): Uint8Array =>
  seal(keys.subkey('journal'), plain, JSON.stringify(['journal', run, n]));

export const openJournal = (keys: KeyRing, run: string, n: number, sealed: Uint8Array): Uint8Array =>
  unseal(keys.subkey('journal'), sealed, JSON.stringify(['journal', run, n]), `the metrics of run ${run} (part ${n})`);

/** Link `n` of the audit chain, as JSON. */
export const sealAudit = (keys: KeyRing, n: number, json: string): Uint8Array =>
  seal(keys.subkey('audit'), utf8(json), JSON.stringify(['audit', n]));

export const openAudit = (keys: KeyRing, n: number, sealed: Uint8Array): string =>
  fromUtf8(unseal(keys.subkey('audit'), sealed, JSON.stringify(['audit', n]), `audit entry ${n}`));

/** A named fact about the database itself. */
export const sealMeta = (keys: KeyRing, name: string, value: unknown): Uint8Array =>
  seal(keys.subkey('meta'), utf8(JSON.stringify(value)), JSON.stringify(['meta', name]));

export function openMeta(keys: KeyRing, name: string, sealed: Uint8Array): unknown {
  const what = `neutrino.db (its ${name} entry)`;
  try {
    return JSON.parse(fromUtf8(unseal(keys.subkey('meta'), sealed, JSON.stringify(['meta', name]), what)));
  } catch (error) {
    throw error instanceof SyntaxError ? damaged(what, error) : error;
  }
}
