// A zip as a folder, read by its directory. Unpacks one entry at a time, never more of it than its directory says, and
// refuses names that lead outside. Writes nothing to the disk.
import type { Readable } from 'node:stream';
import yauzl from 'yauzl';
import { Fault } from '../../schema/index.ts';
import { type ByteSource, streamOf } from './bytes.ts';
import { byName, type FileEntry, type Folder, isHidden, mostFiles } from './folder.ts';

/** Greatest entry that is unpacked whole, bytes. */
const mostEntry = 1024 ** 3;
/** Greatest ratio of unpacked to packed bytes of the whole zip, beyond its first 32 MiB. */
const greatestRatio = 200;

/** One file of a zip, also as a stream. */
export interface ZipEntry extends FileEntry {
  stream(): Promise<Readable>;
}

export interface Zip extends Folder {
  entries: ZipEntry[];
}

const damaged = (name: string, error?: unknown): Fault =>
  new Fault('bad_data', `${name} is a damaged or cut off zip. Make it again.`, undefined, error);

const bomb = (name: string): Fault =>
  new Fault(
    'bad_data',
    `${name} unpacks to far more than a zip of its size should. Unpack it yourself and look at it.`,
  );

/** Opens a zip by its directory. Throws `bad_data` for damage, bombs and names such as `../x`. */
export async function openZip(source: ByteSource): Promise<Zip> {
  const { name } = source;
  let zip: yauzl.ZipFile;
  try {
    zip = await yauzl.fromRandomAccessReaderPromise(new Reader(source), source.size, {
      autoClose: false,
      lazyEntries: true,
      strictFileNames: false,
      validateEntrySizes: true,
    });
  } catch (error) {
    throw damaged(name, error);
  }
  const entries: ZipEntry[] = [];
  const known = new Set<string>();
  let [packed, unpacked] = [0, 0];
  try {
    for await (const entry of zip.eachEntry()) {
      packed += entry.compressedSize;
      unpacked += entry.uncompressedSize;
      // Files that lie over one another unpack the same bytes again and again.
      if (packed > source.size) throw bomb(name);
      const file = entry.fileName;
      if (file.endsWith('/') || isHidden(file)) continue;
      if (known.has(file))
        throw new Fault('bad_data', `${name} has two files called ${file.slice(0, 200)}. Make it again from a folder.`);
      known.add(file);
      if (entry.isEncrypted()) throw new Fault('bad_data', `${name} has a password. Make it again without one.`);
      if (entries.length === mostFiles)
        throw new Fault('bad_data', `${name} has more than ${mostFiles} files. Import a part of it.`);
      const open = () =>
        zip.openReadStreamPromise(entry).catch((error: unknown) => {
          if (entry.compressionMethod === 0 || entry.compressionMethod === 8) throw damaged(name, error);
          throw new Fault(
            'bad_data',
            `${name} is packed in a way that is not read (method ${entry.compressionMethod}). Make it again with Deflate.`,
            undefined,
            error,
          );
        });
      entries.push({ name: file, size: entry.uncompressedSize, stream: open, read: () => readAll(name, entry, open) });
    }
  } catch (error) {
    zip.close();
    if (error instanceof Fault) throw error;
    const text = error instanceof Error ? error.message : '';
    if (/invalid relative path|absolute path|invalid characters/i.test(text)) {
      throw new Fault(
        'bad_data',
        `${name} has files that would lie outside of it (such as ../x). Make it again from a folder.`,
        undefined,
        error,
      );
    }
    throw damaged(name, error);
  }
  if (unpacked > 32 * 1024 * 1024 && unpacked > greatestRatio * Math.max(packed, 1)) {
    zip.close();
    throw bomb(name);
  }
  return {
    name,
    entries: entries.sort(byName),
    async close() {
      zip.close();
      await source.close();
    },
  };
}

async function readAll(
  name: string,
  { uncompressedSize, fileName }: yauzl.Entry,
  open: () => Promise<Readable>,
): Promise<Buffer> {
  if (uncompressedSize > mostEntry) throw new Fault('bad_data', `${fileName} in ${name} is larger than 1 GiB.`);
  const stream = await open();
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of stream) {
      size += (part as Buffer).length;
      if (size > uncompressedSize) throw damaged(name);
      parts.push(part as Buffer);
    }
  } catch (error) {
    throw error instanceof Fault ? error : damaged(name, error);
  }
  if (size !== uncompressedSize) throw damaged(name);
  return Buffer.concat(parts);
}

/** yauzl reads ranges of the source. */
class Reader extends yauzl.RandomAccessReader {
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    super();
    this.#source = source;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const source = this.#source;
    return streamOf({
      name: source.name,
      size: end - start,
      read: (from, to) => source.read(start + from, start + to),
      close: async () => undefined,
    });
  }
}
