// An object pack is one SQLite file: chunks of at most 1 MiB, each sealed under the object's data key to its place, and one
// sealed directory of named entries. Its names, sizes and order are private; the number and size of sealed chunks is not.
// A pack is written once, under the name `<path>.part`, and gets its name when it is whole and on disk.
import { hex, sha256 } from '../base/index.ts';

/** Most plain bytes of a chunk: 1 MiB. */
export const chunkBytes = 1024 * 1024;
/** `PRAGMA user_version` of a pack. */
export const packVersion = 1;
/** Most bytes of a directory; it holds about 10 bytes a chunk, so this is terabytes. */
export const mostDirectoryBytes = 256 * 1024 * 1024;

/** Which object a pack is, and the 32-byte key that opens it. */
export interface PackKey {
  id: string;
  key: Uint8Array;
}

/** What became of a written pack. */
export interface PackSummary {
  /** Plain bytes of all entries. */
  bytes: number;
  /** Bytes of the file. */
  stored: number;
  chunks: number;
  /** SHA-256 over the entries' names, sizes and contents, hex: the same for the same content, however it was appended. */
  sha256: string;
}

/** An entry of the directory: for each chunk, its number in the pack and its plain bytes. */
export interface PackEntry {
  name: string;
  size: number;
  /** Of the content, hex. */
  sha256: string;
  at: number[];
  sizes: number[];
}

/** Where a chunk belongs, as associated data. */
export const bindChunk = (id: string, n: number, name: string, index: number): string =>
  JSON.stringify(['pack chunk', packVersion, id, n, name, index]);

export const bindDirectory = (id: string): string => JSON.stringify(['pack directory', packVersion, id]);

/** Names that begin so are of what follows from the rest, and might be other bits elsewhere: they are no part of the content. */
export const derivedMark = '~';

/** The hash of a whole content from those of its entries. */
export function contentHash(entries: readonly PackEntry[]): string {
  const own = entries.filter(({ name }) => !name.startsWith(derivedMark));
  const facts = own.map(({ name, size, sha256: hash }) => [name, size, hash] as const);
  return hex(sha256(JSON.stringify(facts.sort(([a], [b]) => (a < b ? -1 : 1)))));
}
