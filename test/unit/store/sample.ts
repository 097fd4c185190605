// A store of its own for a test, and records to put into it. One vault serves a test file: making one costs time.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../engine/base/index.ts';
import type { Dataset, RecordOf, Run } from '../../../engine/schema/index.ts';
import { createVault, openVault, type Vault } from '../../../engine/security/index.ts';
import { type New, openStore, type Store } from '../../../engine/store/index.ts';
import { scratch } from '../security/scratch.ts';

export { faultOf, faultOfAsync, heldClock, scratch } from '../security/scratch.ts';

export interface Home {
  dir: string;
  configDir: string;
  vault: Vault;
  /** Opens the store with a freshly opened vault, as a restart would. */
  open(clock?: Clock): Promise<Store>;
}

/** A data directory with a vault. */
export async function home(): Promise<Home> {
  const [dir, configDir] = [scratch(), scratch()];
  const { vault } = await createVault(dir, { configDir });
  const open = async (clock?: Clock) => {
    const fresh = await openVault(dir, { configDir });
    return openStore({ dir, vault: fresh, ...(clock ? { clock } : {}) });
  };
  return { dir, configDir, vault, open };
}

export const aDataset = (name = 'iris', more: Partial<Dataset> = {}): New<Dataset> => ({
  state: 'ready',
  name,
  source: `${name}.csv`,
  options: {},
  sha256: 'ab'.repeat(32),
  ...more,
});

export const aRun = (name = 'run', more: Partial<Run> = {}): New<Run> => ({
  state: 'queued',
  name,
  request: { dataset: 'iris', model: 'auto', device: 'auto', experiment: 'default', seed: 0 },
  dataset: { id: 'ds_1', name: 'iris', sha256: 'ab'.repeat(32) },
  metrics: {},
  ...more,
});

export const aModel = (name = 'iris', version = 1, more: Partial<RecordOf['model']> = {}): New<RecordOf['model']> => ({
  state: 'ready',
  name,
  version,
  task: 'multiclass',
  family: 'mlp',
  target: 'species',
  classes: ['a', 'b'],
  metrics: { accuracy: 0.9 },
  dataset: 'ds_1',
  object: 'obj_1',
  bytes: 1,
  sha256: 'ab'.repeat(32),
  ...more,
});

/** Copies the database of a closed store aside, so that a test can damage it again and again. */
export function copyOf(dir: string): { path: string; reset: () => void } {
  const path = join(dir, 'neutrino.db');
  const copy = join(scratch(), 'copy.db');
  copyFileSync(path, copy);
  return { path, reset: () => copyFileSync(copy, path) };
}
