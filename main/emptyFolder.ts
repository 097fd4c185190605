// A folder that a command fills with files: none of somebody else's is written over.
import { mkdir, readdir } from 'node:fs/promises';
import { Fault } from '../engine/schema/index.ts';

/** Makes the folder where it is missing. Faults: `conflict` when something lies in it, `not_writable`. */
export async function emptyFolder(folder: string): Promise<void> {
  let found: string[];
  try {
    await mkdir(folder, { recursive: true });
    found = await readdir(folder);
  } catch (error) {
    throw new Fault(
      'not_writable',
      `${folder} cannot be made a folder. Name another one with --out.`,
      undefined,
      error,
    );
  }
  if (found.length > 0)
    throw new Fault(
      'conflict',
      `${folder} is not empty: its files could be written over. Name another one with --out.`,
    );
}
