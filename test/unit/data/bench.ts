// A private directory and an import in this process, for the tests beside it.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type DatasetReader, type Imported, importDataset, openDataset } from '../../../engine/data/index.ts';
import type { ImportOptions, ImportSource, PackGrant } from '../../../engine/schema/index.ts';
import { openPack } from '../../../engine/store/index.ts';

export interface Bench {
  dir: string;
  /** Where packs go. */
  objects: string;
  /** Writes a source file and answers its path. */
  file(name: string, content: string | Uint8Array): string;
  pack(): PackGrant;
  /** Imports and opens; the reader is closed with the bench. */
  load(
    source: string | ImportSource,
    options?: ImportOptions,
    stdin?: () => Readable,
  ): Promise<Imported & { reader: DatasetReader; grant: PackGrant }>;
  /** Names in the directory of packs. */
  stored(): string[];
  close(): void;
}

export function openBench(): Bench {
  const dir = mkdtempSync(join(tmpdir(), 'neutrino-data-'));
  const objects = mkdtempSync(join(dir, 'objects-'));
  const readers: DatasetReader[] = [];
  let count = 0;
  const pack = () => ({ id: `ds_${++count}`, path: join(objects, `ds_${count}.sqlite`), key: randomBytes(32) });
  return {
    dir,
    objects,
    file(name, content) {
      const path = join(dir, name);
      writeFileSync(path, content);
      return path;
    },
    pack,
    async load(source, options = {}, stdin) {
      const grant = pack();
      const imported = await importDataset({
        source: typeof source === 'string' ? { kind: 'path', path: source } : source,
        options,
        pack: grant,
        threads: 2,
        memory: 1024 ** 3,
        progress: () => undefined,
        signal: new AbortController().signal,
        ...(stdin ? { stdin } : {}),
      });
      const reader = openDataset(openPack(grant.path, grant));
      readers.push(reader);
      return { ...imported, reader, grant };
    },
    stored: () => readdirSync(objects),
    close() {
      for (const reader of readers) reader.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
