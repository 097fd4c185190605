// A stored dataset as a file again, streamed. What is imported from it is the same dataset, value for value.
import type { ExportFormat } from '../schema/index.ts';
import { exportArrow } from './exports/arrow.ts';
import { exportText } from './exports/csv.ts';
import { exportParquet } from './exports/parquet.ts';
import { exportSqlite } from './exports/sqlite.ts';
import { exportXlsx } from './exports/xlsx.ts';
import { exportZip } from './exports/zip.ts';
import type { DatasetReader } from './reader.ts';

const writers: Record<ExportFormat, (reader: DatasetReader) => AsyncGenerator<Uint8Array>> = {
  csv: (reader) => exportText(reader, 'csv'),
  jsonl: (reader) => exportText(reader, 'jsonl'),
  json: (reader) => exportText(reader, 'json'),
  parquet: exportParquet,
  arrow: exportArrow,
  xlsx: exportXlsx,
  sqlite: exportSqlite,
  zip: exportZip,
};

/** The bytes of the whole dataset. Throws `bad_request` when the format cannot hold it. */
export const exportDataset = (reader: DatasetReader, format: ExportFormat): AsyncGenerator<Uint8Array> =>
  writers[format](reader);
