// Main of the single executable. Every process of it begins here, forked children too: it lays the app out below the data
// directory where that has not been done, and hands over to the same command line that runs from the sources, which
// knows whether it was forked. Bundled as CommonJS, which is what an executable's main must be.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { createRequire, enableCompileCache } from 'node:module';
import { join, resolve } from 'node:path';
import { getAsset, getRawAsset } from 'node:sea';
import { dataDirectory } from './dataDirectory.ts';
import { unpack } from './packaging/archive.ts';

/** Where a parent's app lies, for the children that it forks. */
const place = 'NEUTRINO_APP';

/** Value of `--data-dir` among the arguments. */
function givenDirectory(args: string[]): string | undefined {
  const at = args.findIndex((arg) => arg === '--data-dir' || arg.startsWith('--data-dir='));
  if (at < 0) return undefined;
  return args[at] === '--data-dir' ? args[at + 1] : args[at].slice('--data-dir='.length);
}

/** The folder with the app, laid out now if need be; layouts of other versions go unless one of them runs. */
function layOut(): string {
  const dataDir = resolve(dataDirectory(givenDirectory(process.argv.slice(2))));
  const all = join(dataDir, 'app');
  const folder = join(all, getAsset('version', 'utf8'));
  if (existsSync(folder)) return folder;
  if (existsSync(all) && !existsSync(join(dataDir, 'lock.json'))) {
    for (const name of readdirSync(all)) rmSync(join(all, name), { recursive: true, force: true });
  }
  unpack(new Uint8Array(getRawAsset('app')), folder);
  return folder;
}

const folder = process.env[place] ?? layOut();
process.env[place] = folder;
enableCompileCache(join(folder, 'compiled'));
createRequire(join(folder, 'package.json'))('./enter.cjs');
