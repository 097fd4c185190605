// The app's files as one compressed archive inside the single executable, and back onto the disk. A table of contents in
// JSON, then the bytes of all files one after another. Node's own modules only.
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

type Contents = { path: string; size: number }[];

/** Eight bytes: how long the table is. */
const headBytes = 8;

/** The archive of these files. */
export function pack(files: { path: string; from: string }[]): Buffer {
  const bodies = files.map(({ from }) => readFileSync(from));
  const contents: Contents = files.map(({ path }, index) => ({ path, size: bodies[index].length }));
  const table = Buffer.from(JSON.stringify(contents));
  const head = Buffer.alloc(headBytes);
  head.writeBigUInt64LE(BigInt(table.length));
  return zstdCompressSync(Buffer.concat([head, table, ...bodies]), {
    params: { [constants.ZSTD_c_compressionLevel]: 9, [constants.ZSTD_c_nbWorkers]: 4 },
  });
}

/** Lays an archive out as folder `to`, whole or not at all; another process may be doing the same. */
export function unpack(archive: Uint8Array, to: string): void {
  const bytes = zstdDecompressSync(archive);
  const end = headBytes + Number(bytes.readBigUInt64LE());
  const contents = JSON.parse(bytes.toString('utf8', headBytes, end)) as Contents;
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  const making = mkdtempSync(`${to}.`);
  try {
    const folders = new Set<string>();
    let at = end;
    for (const { path, size } of contents) {
      const target = join(making, path);
      const folder = dirname(target);
      if (!folders.has(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
      folders.add(folder);
      // Native modules are mapped to be run: the folder must not be mounted noexec.
      writeFileSync(target, bytes.subarray(at, at + size), { mode: 0o600 });
      at += size;
    }
    renameSync(making, to);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
