// A folder of files, on the disk or in a zip, as a list of entries. Links are not followed, hidden files are left out, and
// names never lead outside. Decodes no file.
import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../schema/index.ts';

export interface FileEntry {
  /** Path below the folder, parts joined by `/`. */
  name: string;
  size: number;
  /** All bytes. */
  read(): Promise<Buffer>;
}

export interface Folder {
  name: string;
  /** Sorted by name, so that the same folder is the same dataset everywhere. */
  entries: FileEntry[];
  close(): Promise<void>;
}

/** Most files of a folder. */
export const mostFiles = 5_000_000;

/** Names that systems leave behind: `.DS_Store`, `__MACOSX/`, `_SUCCESS`, `Thumbs.db`. */
export const isHidden = (name: string): boolean =>
  name
    .split('/')
    .some((part) => part.startsWith('.') || part === '__MACOSX' || part === 'Thumbs.db' || part === 'desktop.ini');

/** Sorted by the bytes of their names: the same everywhere. */
export const byName = (a: { name: string }, b: { name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

const clipped = (path: string): string => (path.length > 200 ? `${path.slice(0, 200)}…` : path);

/** All files below a directory. */
export async function openDirectory(path: string, name: string): Promise<Folder> {
  const found: string[] = [];
  await walk(path, '', found, name);
  const entries: FileEntry[] = [];
  for (const file of found) {
    const whole = join(path, file);
    const { size } = await stat(whole);
    entries.push({ name: file, size, read: () => readFile(whole) });
  }
  return { name, entries: entries.sort(byName), close: async () => undefined };
}

async function walk(root: string, below: string, found: string[], name: string): Promise<void> {
  let items: Dirent[];
  try {
    items = await readdir(join(root, below), { withFileTypes: true });
  } catch (error) {
    throw new Fault(
      'path_refused',
      `The folder ${clipped(join(name, below))} cannot be read. Check its permissions, and that it is not too deep.`,
      undefined,
      error,
    );
  }
  for (const item of items) {
    const own = below === '' ? item.name : `${below}/${item.name}`;
    if (isHidden(item.name)) continue;
    if (item.isDirectory()) await walk(root, own, found, name);
    else if (item.isFile()) found.push(own);
    if (found.length > mostFiles)
      throw new Fault('bad_data', `${name} has more than ${mostFiles} files. Import a part of it.`);
  }
}
