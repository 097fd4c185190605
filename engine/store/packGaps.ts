// SQLite leaves zeros where a page is not full. In a small pack they would be most of the file and tell how much it holds,
// so they are overwritten with random bytes, which SQLite never reads (the file format, sections 1.6 and 1.7).
import { randomFillSync } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import type { Db } from './database.ts';

/** A page with room: SQLite's `dbstat` row. */
export interface Gap {
  page: number;
  type: string;
  unused: number;
}

const fileHeader = 100;
/** Types of B-tree pages whose header is longer by a page number. */
const interior = new Set([2, 5]);

/** The pages of an open database that have room. It walks all pages: about a millisecond a MiB. */
export function findGaps(db: Db): Gap[] {
  return db.prepare<[], Gap>('SELECT pageno AS page, pagetype AS type, unused FROM dbstat WHERE unused > 0').all();
}

/** Fills the gaps of a closed database that `handle` has open for writing. */
export function fillGaps(handle: number, pageBytes: number, gaps: readonly Gap[]): void {
  const page = Buffer.alloc(pageBytes);
  for (const gap of gaps) {
    const at = (gap.page - 1) * pageBytes;
    readSync(handle, page, 0, pageBytes, at);
    const [from, to] = gap.type === 'overflow' ? [pageBytes - gap.unused, pageBytes] : freeOf(page, gap.page);
    if (to <= from) continue;
    randomFillSync(page, from, to - from);
    writeSync(handle, page, from, to - from, at + from);
  }
}

/** The unallocated room of a B-tree page: from the end of its cell pointers to the start of its cells. */
function freeOf(page: Buffer, number: number): [number, number] {
  const header = number === 1 ? fileHeader : 0;
  const cells = page.readUInt16BE(header + 3);
  const start = page.readUInt16BE(header + 5) || 65_536;
  return [header + (interior.has(page[header] ?? 0) ? 12 : 8) + 2 * cells, start];
}
