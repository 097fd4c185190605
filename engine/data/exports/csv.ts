// A stored dataset as CSV (RFC 4180), JSON lines or a JSON list, streamed. What is imported from it is the same dataset.
import { utf8 } from '../../base/index.ts';
import type { Cell, DatasetReader } from '../reader.ts';

/** Rows of one piece of the stream. */
const pieceRows = 4096;

/** UTF-8 bytes of the whole dataset; missing cells are empty in CSV and null in JSON. */
export async function* exportText(reader: DatasetReader, format: 'csv' | 'jsonl' | 'json'): AsyncGenerator<Uint8Array> {
  const names = reader.shape.columns.map(({ name }) => name);
  if (format === 'csv') yield utf8(`${names.map((name) => csvCell(name, false)).join(',')}\n`);
  const object = (row: Cell[]) => JSON.stringify(Object.fromEntries(names.map((name, i) => [name, row[i] ?? null])));
  const end = format === 'json' ? '' : '\n';
  const line = format === 'csv' ? csvLine : (row: Cell[]) => `${object(row)}${end}`;
  const between = format === 'json' ? ',\n' : '';
  if (format === 'json') yield utf8('[');
  for (let from = 0; from < reader.rows; from += pieceRows) {
    const lines = reader.preview(from, pieceRows).rows.map(line);
    yield utf8((from > 0 ? between : '') + lines.join(between));
  }
  if (format === 'json') yield utf8(']\n');
}

/** A line of one empty cell would be a blank line, which readers skip: it is quoted. */
function csvLine(row: Cell[]): string {
  if (row.length === 1 && row[0] === null) return '""\n';
  return `${row.map((cell) => (cell === null ? '' : csvCell(String(cell), row.length === 1))).join(',')}\n`;
}

/** A cell with quotes where it needs them; an empty one that is no missing value (`alone`) is quoted too. */
export function csvCell(text: string, alone: boolean): string {
  const quoted = /[",\n\r]/.test(text) || (alone && text === '') || /^\s|\s$/.test(text);
  return quoted ? `"${text.replaceAll('"', '""')}"` : text;
}
