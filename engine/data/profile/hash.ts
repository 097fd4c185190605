// A 64-bit fingerprint of every row, column by column, for finding rows that occur twice. Loose fingerprints leave case,
// width, blanks and punctuation of texts out. No cell is kept.
import type { DatasetReader } from '../reader.ts';

/** Two halves of each row's fingerprint. */
export interface RowHashes {
  high: Uint32Array;
  low: Uint32Array;
}

const mix = (hash: number, value: number): number => {
  let h = Math.imul(hash ^ value, 0x9e3779b1);
  h ^= h >>> 15;
  return Math.imul(h, 0x85ebca77) >>> 0;
};

function textHash(text: string, seed: number): number {
  let h = seed;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** What two texts share that people would call the same. */
export const looseText = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

/** Fingerprints over the given columns. */
export function rowHashes(reader: DatasetReader, columns: readonly string[], loose: boolean): RowHashes {
  const high = new Uint32Array(reader.rows).fill(0x811c9dc5);
  const low = new Uint32Array(reader.rows).fill(0x2545f491);
  const types = new Map(reader.shape.columns.map(({ name, type }) => [name, type]));
  const bits = new Float64Array(1);
  const words = new Uint32Array(bits.buffer);
  for (const [c, name] of columns.entries()) {
    const type = types.get(name);
    const put = (row: number, a: number, b: number) => {
      high[row] = mix(high[row], a ^ Math.imul(c + 1, 0x27d4eb2f));
      low[row] = mix(low[row], b ^ Math.imul(c + 7, 0x165667b1));
    };
    if (type === 'number' || type === 'date') {
      const values = reader.numbers(name);
      for (let row = 0; row < values.length; row++) {
        // -0 is 0, and every NaN the same.
        bits[0] = values[row] === 0 ? 0 : values[row];
        if (Number.isNaN(bits[0])) put(row, 1, 1);
        else put(row, words[0], words[1] ^ Math.imul(words[0], 31));
      }
    } else if (type === 'category' || type === 'boolean') {
      const { codes, values } = reader.codes(name);
      const clean = values.map((value) => (loose ? looseText(value) : value));
      const [a, b] = [clean.map((value) => textHash(value, 17)), clean.map((value) => textHash(value, 31))];
      for (let row = 0; row < codes.length; row++) {
        const code = codes[row];
        if (code === 0) put(row, 1, 1);
        else put(row, a[code - 1], b[code - 1]);
      }
    } else {
      let row = 0;
      for (const size of reader.groups) {
        for (const text of reader.texts(name, row, row + size)) {
          const clean = text === null ? null : loose ? looseText(text) : text;
          if (clean === null) put(row, 1, 1);
          else put(row, textHash(clean, 17), textHash(clean, 31));
          row++;
        }
      }
    }
  }
  return { high, low };
}

/** For every row the first row with the same fingerprint, itself where there is none before. */
export function firstOfSame({ high, low }: RowHashes): Uint32Array {
  const rows = high.length;
  let size = 16;
  while (size < rows * 2) size *= 2;
  const slots = new Int32Array(size).fill(-1);
  const first = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    let at = (low[row] ^ Math.imul(high[row], 0x9e3779b1)) & (size - 1);
    for (;;) {
      const held = slots[at];
      if (held < 0) {
        slots[at] = row;
        first[row] = row;
        break;
      }
      if (high[held] === high[row] && low[held] === low[row]) {
        first[row] = held;
        break;
      }
      at = (at + 1) & (size - 1);
    }
  }
  return first;
}
