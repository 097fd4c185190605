// How a dataset lies in its pack: the entry `meta`, and for column i `c<i>` (values one after the other), for text, images and
// sound also `n<i>` (bytes of each row's value), for categories `d<i>` (their values); of small images `~p<i>` (their pixels) and
// `~s<i>` (width, height and channels of each row's, 0 where none), which count for no hash. Everything else in it follows from the content
// alone, so that the pack's content hash is the dataset's. Changing any of this needs a new `formatVersion`.
import { bytesOf, fromUtf8, utf8 } from '../base/index.ts';
import { type DatasetMeta, datasetMeta, Fault, type Stored, type Width } from '../schema/index.ts';
import { derivedMark } from '../store/index.ts';

export { type DatasetMeta, datasetMeta, type Stored, type Width };

/** Element types of stored numbers and codes, narrowest first. */
export const widths = {
  u8: { bytes: 1, array: Uint8Array, sql: 'UTINYINT' },
  u16: { bytes: 2, array: Uint16Array, sql: 'USMALLINT' },
  i16: { bytes: 2, array: Int16Array, sql: 'SMALLINT' },
  u32: { bytes: 4, array: Uint32Array, sql: 'UINTEGER' },
  i32: { bytes: 4, array: Int32Array, sql: 'INTEGER' },
  f32: { bytes: 4, array: Float32Array, sql: 'FLOAT' },
  f64: { bytes: 8, array: Float64Array, sql: 'DOUBLE' },
} as const satisfies Record<Width, { bytes: number; array: unknown; sql: string }>;

/** Length that stands for a missing text. */
export const missingLength = 0xffffffff;

export const entries = {
  meta: 'meta',
  values: (column: number) => `c${column}`,
  lengths: (column: number) => `n${column}`,
  dictionary: (column: number) => `d${column}`,
  pixels: (column: number) => `${derivedMark}p${column}`,
  sizes: (column: number) => `${derivedMark}s${column}`,
};

/** The narrowest width for codes up to `most`. */
export function codeWidth(most: number): Width {
  if (most < 2 ** 8) return 'u8';
  return most < 2 ** 16 ? 'u16' : 'u32';
}

/** Texts one after the other behind their number and their lengths (u32, little-endian). */
export function packTexts(texts: readonly string[]): Uint8Array {
  const parts = texts.map(utf8);
  const head = Uint32Array.from([texts.length, ...parts.map((part) => part.length)]);
  return Buffer.concat([bytesOf(head), ...parts]);
}

export function unpackTexts(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(0, true);
  let at = 4 * (count + 1);
  return Array.from({ length: count }, (_, i) => {
    const start = at;
    at += view.getUint32(4 * (i + 1), true);
    return fromUtf8(bytes.subarray(start, at));
  });
}

/** The meta entry, checked; `newer_version` when a newer Neutrino wrote it. */
export function readMeta(bytes: Uint8Array): DatasetMeta {
  const value = JSON.parse(fromUtf8(bytes)) as { formatVersion?: number };
  if ((value.formatVersion ?? 0) > 1) {
    throw new Fault('newer_version', 'This dataset was stored by a newer Neutrino; update this one.');
  }
  return datasetMeta.parse(value);
}
