// Finds out what an import was pointed at (a file, a folder, a zip, a spooled upload, something remote) and opens it as the
// format that it is. The one table of what begins how; reads only the beginning. What most imports do without is loaded when it
// is met, since an importer lives for one import.
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { Fault, type ImportFormat, type ImportOptions, type ImportSource } from '../../schema/index.ts';
import type { Loader } from '../formats/loader.ts';
import { openArrow } from '../formats/arrow.ts';
import { isParquet, openParquet } from '../formats/parquet.ts';
import { openParquetBytes, partitionsOf } from '../formats/parquetBytes.ts';
import { openText } from '../formats/text.ts';
import { isForeign } from '../head.ts';
import { type ByteSource, headOf, openFile, streamOf } from './bytes.ts';
import { byName, type Folder, openDirectory } from './folder.ts';
import type { Remote } from './remote/open.ts';
import { openSpool } from './spool.ts';
import type { Zip } from './zip.ts';

export interface OpenOptions {
  options: ImportOptions;
  /** Private; may hold a FIFO. */
  directory: string;
  /** Where the bytes of a `stream` source come from. */
  stdin: () => Readable;
}

const begins: readonly { format: ImportFormat | 'zip'; magic: readonly number[] }[] = [
  { format: 'zip', magic: [0x50, 0x4b, 0x03, 0x04] },
  { format: 'zip', magic: [0x50, 0x4b, 0x05, 0x06] },
  { format: 'parquet', magic: [0x50, 0x41, 0x52, 0x31] },
  { format: 'arrow', magic: [0x41, 0x52, 0x52, 0x4f, 0x57, 0x31] },
  { format: 'arrow', magic: [0xff, 0xff, 0xff, 0xff] },
  { format: 'sqlite', magic: [0x53, 0x51, 0x4c, 0x69, 0x74, 0x65, 0x20, 0x66] },
];

const startsWith = (head: Uint8Array, magic: readonly number[]): boolean => magic.every((byte, i) => head[i] === byte);

/** Opens whatever the source is. Throws `not_found`, `path_refused` or `bad_data` with the remedy. */
export async function openImport(source: ImportSource, given: OpenOptions): Promise<Loader> {
  const { options, directory, stdin } = given;
  if (source.kind === 'stream') return openText(source, options, directory, stdin);
  if (source.kind === 'spool') return openBytes(await openSpool(source), given);
  if (source.kind === 'remote') {
    const { openRemote } = await import('./remote/open.ts');
    return openElsewhere(await openRemote(source), given);
  }
  const facts = statSync(source.path, { throwIfNoEntry: false });
  if (!facts) throw new Fault('not_found', `There is no file ${source.path}. Check the path.`);
  if (facts.isDirectory())
    return openFolder(await openDirectory(source.path, basename(source.path)), given, source.path);
  if (!facts.isFile()) throw new Fault('bad_data', `${source.path} is not a plain file. Choose a file or a folder.`);
  return openBytes(await openFile(source.path), given, source.path);
}

/** Opens a file by how it begins; `path` is where DuckDB finds it, undefined when it lies nowhere on this machine. */
async function openBytes(source: ByteSource, given: OpenOptions, path?: string): Promise<Loader> {
  const { options, directory, stdin } = given;
  try {
    const head = await headOf(source, 16);
    const format = begins.find(({ magic }) => startsWith(head, magic))?.format;
    if (format === 'zip') {
      const { openZip } = await import('./zip.ts');
      return await openPacked(await openZip(source), given);
    }
    if (format === 'parquet') {
      if (path === undefined) return openParquetBytes(source.name, [{ source, partitions: {} }]);
      await source.close();
      return openParquet(source.name, path, source.size);
    }
    if (format === 'arrow') return openArrow(source);
    if (format === 'sqlite') return await openDatabase(source, options, path);
    if (sheetName.test(source.name) && options.format === undefined && !isForeign(head))
      throw noWorkbook(source.name, 'holds something else');
    if (path !== undefined) {
      await source.close();
      return await openText({ kind: 'path', path }, options, directory, stdin);
    }
    const stream = { kind: 'stream' as const, name: source.name, bytes: source.size };
    return await openText(
      stream,
      options,
      directory,
      () => streamOf(source),
      () => source.close(),
    );
  } catch (error) {
    await source.close().catch(() => undefined);
    throw error;
  }
}

async function openElsewhere(remote: Remote, given: OpenOptions): Promise<Loader> {
  switch (remote.kind) {
    case 'loader':
      return remote.loader;
    case 'bytes':
      return openBytes(remote.source, given);
    case 'stream':
      return openText({ kind: 'stream', name: remote.name }, given.options, given.directory, remote.stream);
    case 'folder': {
      const { folder } = remote;
      const { kindOfFolder } = await import('../formats/media.ts');
      const parquet = folder.entries.filter((entry) => isParquet(entry.name));
      if (parquet.length === 0 || kindOfFolder(folder)) return openFolder(folder, given);
      const parts = parquet.map((entry) => ({ source: folder.open(entry), partitions: partitionsOf(entry.name) }));
      return openParquetBytes(folder.name, parts);
    }
  }
}

async function openDatabase(source: ByteSource, options: ImportOptions, path?: string): Promise<Loader> {
  const { name, size } = source;
  const { mostInMemory, openSqlite } = await import('../formats/sqlite.ts');
  if (path === undefined && size > mostInMemory) {
    throw new Fault(
      'bad_data',
      `${name} is larger than 512 MiB. Import it by its path on the appliance's machine, or export its table as CSV.`,
    );
  }
  const from = path ?? (await source.read(0, size));
  await source.close();
  return openSqlite(name, size, from, options);
}

/** Names that promise an Excel workbook. */
const sheetName = /\.(xlsx|xlsm)$/i;

const noWorkbook = (name: string, why: string): Fault =>
  new Fault(
    'bad_data',
    `${name} is called an Excel workbook but ${why}. Save it from Excel as .xlsx, or give it the ending of what it is (.csv, .zip).`,
  );

/** A zip: a workbook, a folder of files, or one table. */
async function openPacked(zip: Zip, given: OpenOptions): Promise<Loader> {
  const { isWorkbook, openWorkbook } = await import('../formats/xlsx.ts');
  if (isWorkbook(zip)) return openWorkbook(zip, given.options);
  if (sheetName.test(zip.name)) throw noWorkbook(zip.name, 'is a zip without a workbook in it');
  const { isAbout, kindOfFolder, openMediaFolder } = await import('../formats/media.ts');
  const kind = kindOfFolder(zip);
  if (kind) return openMediaFolder(stripped(zip), kind, given.directory);
  const [only, another] = zip.entries.filter(({ name }) => !isAbout(name));
  if (only && !another) {
    const { options, directory } = given;
    const stream = { kind: 'stream' as const, name: basename(only.name), bytes: only.size };
    const bytes = await only.stream();
    return openText(
      stream,
      options,
      directory,
      () => bytes,
      () => zip.close(),
    );
  }
  await zip.close();
  throw new Fault(
    'bad_data',
    `${zip.name} has neither images, sound, texts nor a single table. Unpack it and import a file of it.`,
  );
}

async function openFolder(folder: Folder, { options, directory }: OpenOptions, path?: string): Promise<Loader> {
  const { name, entries } = folder;
  if (entries.length === 0) throw new Fault('bad_data', `The folder ${name} has no files. Choose another one.`);
  const { kindOfFolder, openMediaFolder } = await import('../formats/media.ts');
  const parquet = entries.filter((entry) => isParquet(entry.name));
  const kind =
    options.format === 'texts' || options.format === 'images' || options.format === 'audio'
      ? options.format
      : kindOfFolder(folder);
  if (path !== undefined && parquet.length > 0 && (options.format === 'parquet' || !kind)) {
    const size = parquet.reduce((sum, entry) => sum + entry.size, 0);
    return openParquet(name, path, size, parquet.sort(byName));
  }
  if (kind) return openMediaFolder(stripped(folder), kind, directory);
  throw new Fault(
    'bad_data',
    `The folder ${name} has neither Parquet files, images, sound nor texts. Import a file of it.`,
  );
}

/** Without the folders that all files lie in: a zip of a folder is the folder. */
function stripped(folder: Folder): Folder {
  let { entries } = folder;
  for (;;) {
    const [first] = entries;
    const cut = first ? first.name.indexOf('/') + 1 : 0;
    if (cut === 0 || !entries.every(({ name }) => name.startsWith(first.name.slice(0, cut))))
      return { ...folder, entries };
    entries = entries.map((entry) => ({ ...entry, name: entry.name.slice(cut) }));
  }
}
