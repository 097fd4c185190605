// Rows of a dataset that want a person's eye, found by their labels: those stored and those set since. Models are asked elsewhere.
import type { LabelLook, LabelLooked } from '../schema/index.ts';
import type { Cell, DatasetReader } from './reader.ts';

/** Labels that are named. */
const mostLabels = 200;

/** Looks for the rows that are asked for. */
export function lookAtLabels(
  reader: DatasetReader,
  { column, set, missing, offset, limit, spread }: LabelLook,
): LabelLooked {
  const edited = new Map(set);
  const stored = reader.texts(column);
  const labelOf = (row: number) => (edited.has(row) ? (edited.get(row) ?? null) : (stored[row] ?? null));
  const counts = new Map<string, number>();
  const matching: number[] = [];
  const count = (text: string | null | undefined) => {
    if (text !== null && text !== undefined) counts.set(text, (counts.get(text) ?? 0) + 1);
  };
  for (let row = 0; row < reader.rows; row++) {
    count(stored[row]);
    if (!missing || labelOf(row) === null) matching.push(row);
  }
  for (const text of edited.values()) count(text);
  const step = Math.max(1, matching.length / limit);
  const chosen = spread
    ? Array.from({ length: Math.min(matching.length, limit) }, (_, i) => matching[Math.floor(i * step)])
    : matching.slice(offset, offset + limit);
  return {
    rows: chosen.map((row) => ({
      row,
      label: labelOf(row),
      edited: edited.has(row),
      cells: cellsOf(reader, row, column),
    })),
    matching: matching.length,
    labels: [...counts]
      .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
      .slice(0, mostLabels)
      .map(([label]) => label),
  };
}

function cellsOf(reader: DatasetReader, row: number, column: string): Record<string, Cell> {
  const { columns, rows } = reader.preview(row, 1);
  return Object.fromEntries(
    columns.map((name, i) => [name, rows[0]?.[i] ?? null] as const).filter(([name]) => name !== column),
  );
}
