// The rows of a search over a sample dataset, imported for real into a directory of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Field, openField } from '../../../engine/automl/index.ts';
import { importDataset, openDataset } from '../../../engine/data/index.ts';
import { openPack } from '../../../engine/store/index.ts';

/** Opens a sample of resources/samples. */
export const sampleField = (name: string, seed = 1): Promise<Field> =>
  fieldOf(new URL(`../../../resources/samples/${name}.csv`, import.meta.url).pathname, { target: 'target', seed });

/** Opens the rows of a file. */
export async function fieldOf(path: string, asked: Parameters<typeof openField>[2]): Promise<Field> {
  const dir = mkdtempSync(join(tmpdir(), 'neutrino-automl-'));
  const pack = { id: 'rows', path: join(dir, 'rows.sqlite'), key: crypto.getRandomValues(new Uint8Array(32)) };
  try {
    await importDataset({
      source: { kind: 'path', path },
      options: {},
      pack,
      threads: 1,
      memory: 2 ** 30,
      progress: () => undefined,
      signal: new AbortController().signal,
    });
    const reader = openDataset(openPack(pack.path, pack));
    const field = await openField(reader, undefined, asked);
    // The test part is read when the model is there; here that is before the directory goes.
    const encoded = field.encodeTest();
    reader.close();
    return { ...field, encodeTest: () => encoded };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
