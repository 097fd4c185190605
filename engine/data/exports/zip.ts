// A dataset with files as a zip of them and a table: the folder that an import of it takes. Files are stored as they are.
import { Zip, ZipPassThrough } from 'fflate';
import { utf8 } from '../../base/index.ts';
import { Fault } from '../../schema/index.ts';
import type { DatasetReader } from '../reader.ts';
import { csvCell } from './csv.ts';

/** The zip: `files/…` and `labels.csv`, whose first column names them. Throws `bad_request` for a dataset without files. */
export async function* exportZip(reader: DatasetReader): AsyncGenerator<Uint8Array> {
  const { columns } = reader.shape;
  const files = columns.find(({ name }) => reader.storage(name) === 'media');
  if (!files)
    throw new Fault('bad_request', 'The dataset has no column of images or sound. Export it as csv or parquet.');
  const ready: Uint8Array[] = [];
  const zip = new Zip((error, bytes) => {
    if (error) throw error;
    ready.push(bytes);
  });
  const add = (name: string, bytes: Uint8Array) => {
    const entry = new ZipPassThrough(name);
    zip.add(entry);
    entry.push(bytes, true);
  };
  const rest = columns.filter(({ name }) => name !== files.name && name !== 'file');
  const names = columns.some(({ name }) => name === 'file') ? reader.texts('file') : [];
  const texts = rest.map(({ name }) => reader.texts(name));
  const lines = [['file', ...rest.map(({ name }) => name)].map((name) => csvCell(name, false)).join(',')];
  for (let row = 0; row < reader.rows; row++) {
    const name = names[row] ?? `${String(row).padStart(8, '0')}.${files.type}`;
    const bytes = reader.media(files.name, row);
    if (bytes) add(name, bytes);
    yield* ready.splice(0);
    lines.push(
      [name, ...texts.map((own) => own[row])].map((cell) => (cell === null ? '' : csvCell(cell, false))).join(','),
    );
  }
  add('labels.csv', utf8(`${lines.join('\n')}\n`));
  zip.end();
  yield* ready.splice(0);
}
