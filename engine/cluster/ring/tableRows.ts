// Gradients of tables of which a batch touches few rows: those rows travel, with their numbers, in place of the whole table. Everybody
// adds them up in the order of the ring, so that all end with the same bits.
import { bytesOf } from '../../base/index.ts';
import { Fault } from '../../schema/index.ts';
import { decode, type DenseEncoding, encode, encodedBytes } from './codec.ts';
import { allFinite } from './kernels.ts';

/** A table within a flat buffer of gradients, and the rows of it that are not zero. */
export interface TouchedTable {
  /** Where it begins, in numbers. */
  at: number;
  /** Rows, and numbers a row. */
  count: number;
  width: number;
  /** Ascending. */
  rows: Uint32Array;
}

/** Numbers that travel for these rows, about. */
export const numbersOf = (tables: readonly TouchedTable[]): number =>
  tables.reduce((sum, { rows, width }) => sum + rows.length * (width + 1), 0);

/** Parts of a buffer of `length` numbers that lie outside its tables. */
export function between(tables: readonly TouchedTable[], length: number): [from: number, to: number][] {
  const parts: [number, number][] = [];
  let from = 0;
  for (const { at, count, width } of tables.toSorted((a, b) => a.at - b.at)) {
    if (at > from) parts.push([from, at]);
    from = at + count * width;
  }
  if (from < length) parts.push([from, length]);
  return parts;
}

/** Most bytes that a member may send of a table. */
export const mostBytes = ({ count, width }: TouchedTable, encoding: DenseEncoding): number =>
  4 + count * 4 + encodedBytes(encoding, count * width);

/** Copies rows of `from` into those of `to`, which lie at the same places. */
export function copyRows({ at, width }: TouchedTable, rows: Uint32Array, from: Float32Array, to: Float32Array): void {
  for (const row of rows) {
    const begin = at + row * width;
    for (let i = begin; i < begin + width; i++) to[i] = from[i];
  }
}

/** A member's rows as bytes: their count, their numbers in the table, their values. `error` as in `encode`, as long as the buffer. */
export function packRows(
  { at, width, rows }: TouchedTable,
  values: Float32Array,
  encoding: DenseEncoding,
  error: Float32Array | undefined,
): Uint8Array {
  const gathered = (of: Float32Array): Float32Array => {
    const out = new Float32Array(rows.length * width);
    rows.forEach((row, i) => out.set(of.subarray(at + row * width, at + (row + 1) * width), i * width));
    return out;
  };
  const kept = error && gathered(error);
  const body = encode(encoding, gathered(values), kept);
  if (error && kept) rows.forEach((row, i) => error.set(kept.subarray(i * width, (i + 1) * width), at + row * width));
  const bytes = new Uint8Array(4 + rows.byteLength + body.byteLength);
  new DataView(bytes.buffer).setUint32(0, rows.length, true);
  bytes.set(bytesOf(rows), 4);
  bytes.set(body, 4 + rows.byteLength);
  return bytes;
}

/**
 * Writes the sum of all members' rows into the table's place in `values`, and gives which rows those are. Fault `bad_input` names the
 * rank of a member whose bytes cannot be.
 */
export function addRows(
  table: TouchedTable,
  all: readonly Uint8Array[],
  values: Float32Array,
  encoding: DenseEncoding,
): Uint32Array {
  const { at, count, width } = table;
  const seen = new Uint8Array(count);
  const union: number[] = [];
  all.forEach((bytes, rank) => {
    const { rows, numbers } = unpacked(table, bytes, rank, encoding);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      const begin = at + row * width;
      let from = i * width;
      if (seen[row] === 0) {
        seen[row] = 1;
        union.push(row);
        for (let k = begin; k < begin + width; k++) values[k] = numbers[from++];
      } else {
        for (let k = begin; k < begin + width; k++) values[k] += numbers[from++];
      }
    }
  });
  return Uint32Array.from(union);
}

function unpacked({ count, width }: TouchedTable, bytes: Uint8Array, rank: number, encoding: DenseEncoding) {
  const bad = (what: string) => new Fault('bad_input', `member ${rank} sent ${what}`, { member: rank });
  const length = bytes.byteLength >= 4 ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) : count + 1;
  if (length > count || bytes.byteLength !== 4 + length * 4 + encodedBytes(encoding, length * width))
    throw bad(`${length} rows of ${count} in ${bytes.byteLength} bytes`);
  const rows = new Uint32Array(bytes.slice(4, 4 + length * 4).buffer);
  for (let i = 0; i < length; i++)
    if (rows[i] >= count || (i > 0 && rows[i] <= rows[i - 1])) throw bad(`row ${rows[i]} out of its order`);
  const numbers = decode(encoding, bytes.slice(4 + length * 4), new Float32Array(length * width));
  if (!allFinite(numbers)) throw bad('numbers that are not finite');
  return { rows, numbers };
}
