// vault.json: the vault's id and its list of wraps, each a way to the vault key. Nothing in it is secret by itself.
// A plain checksum on the head and on each wrap tells damage from a wrong secret; it is no protection against an attacker
// (what a wrap says is bound to its sealed key).
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hex, sha256 } from '../base/index.ts';
import { Fault } from '../schema/index.ts';
import { damaged } from './envelope.ts';
import { fileFault, replaceFile } from './files.ts';

export const wrapKinds = ['passphrase', 'recovery', 'keyfile', 'keychain'] as const;
export type WrapKind = (typeof wrapKinds)[number];

/** One way to the vault key. Binary fields are base64. */
export interface Wrap {
  id: string;
  kind: WrapKind;
  /** Milliseconds since 1970, UTC. */
  createdAt: number;
  /** Argon2id parameters (memory in KiB), for a passphrase. */
  salt?: string;
  memory?: number;
  passes?: number;
  lanes?: number;
  /** What the operating system's keychain made of the key-encrypting key. */
  keychain?: string;
  /** The vault key, sealed under the key-encrypting key. */
  sealed: string;
}

export interface VaultFile {
  id: string;
  createdAt: number;
  /** Counts rotations of the vault key, from 1. */
  generation: number;
  /** The key before this one, sealed under this one, while a rotation is not finished. */
  previous?: string;
  wraps: Wrap[];
  /** Wraps whose checksum is wrong: they cannot be used, and are kept as they are for whoever repairs them. */
  broken: { kind: string; text: string }[];
}

const format = 1;
const mostBytes = 1024 * 1024;

export const vaultPath = (dir: string): string => join(dir, 'vault.json');

/** Whether the directory holds a vault. */
export const hasVault = (dir: string): boolean => existsSync(vaultPath(dir));

/** Reads vault.json; Faults: `not_found`, `corrupt` (the head is damaged; a damaged wrap is only listed), `newer_version`. */
export function readVaultFile(dir: string): VaultFile {
  const path = vaultPath(dir);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileFault(error, path);
    throw new Fault('not_found', `there is no vault in ${dir}; start Neutrino there once, or restore a backup`);
  }
  const file = parse(text, path);
  if (typeof file.format === 'number' && file.format > format) {
    throw new Fault('newer_version', `${path} was written by a newer Neutrino; update this one`);
  }
  const { id, createdAt, generation, previous } = file as Partial<VaultFile>;
  const head = { id, createdAt, generation, ...(previous === undefined ? {} : { previous }) } as VaultFile;
  if (file.format !== format || !Array.isArray(file.wraps) || file.check !== checkOf(head)) throw damaged(path);
  const wraps: Wrap[] = [];
  const broken: VaultFile['broken'] = [];
  for (const entry of file.wraps as Record<string, unknown>[]) {
    const { check, ...fields } = entry ?? {};
    const wrap = fields as unknown as Wrap;
    if (check === checkOf(wrap) && wrapKinds.includes(wrap.kind)) wraps.push(wrap);
    else broken.push({ kind: String(fields.kind), text: JSON.stringify(entry) });
  }
  return { ...head, wraps, broken };
}

/** Replaces vault.json whole. */
export function writeVaultFile(dir: string, file: VaultFile): void {
  const { wraps, broken, ...head } = file;
  const entries = [
    ...wraps.map((wrap) => ({ ...wrap, check: checkOf(wrap) })),
    ...broken.map((wrap) => JSON.parse(wrap.text) as unknown),
  ];
  replaceFile(
    vaultPath(dir),
    `${JSON.stringify({ format, ...head, check: checkOf(head), wraps: entries }, null, 2)}\n`,
  );
}

function parse(text: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = text.length > mostBytes ? undefined : JSON.parse(text);
    if (typeof value === 'object' && value) return value as Record<string, unknown>;
  } catch (error) {
    throw damaged(path, error);
  }
  throw damaged(path);
}

/** A checksum over the fields in name order. */
function checkOf(fields: object): string {
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
  return hex(sha256(JSON.stringify(pairs.sort(([a], [b]) => (a < b ? -1 : 1))))).slice(0, 16);
}
