// The key file of a vault: 32 random bytes in the user's configuration directory, named by the vault's id, mode 0600.
// It protects a stolen data directory, not a stolen machine.
import { readFileSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { Fault } from '../schema/index.ts';
import { keyBytes, newKey } from './envelope.ts';
import { fileFault, makeDirectory, replaceFile } from './files.ts';

/** Where this user's programs keep settings: XDG_CONFIG_HOME, APPDATA, or ~/Library/Application Support. */
export function configDirectory(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  if (platform === 'win32') return env.APPDATA || join(homedir(), 'AppData', 'Roaming');
  if (platform === 'darwin') return join(env.HOME || homedir(), 'Library', 'Application Support');
  // The XDG base directory specification: a relative value is to be ignored.
  const xdg = env.XDG_CONFIG_HOME;
  return xdg && isAbsolute(xdg) ? xdg : join(env.HOME || homedir(), '.config');
}

/** The key file of one wrap of a vault; a wrap has its own file, so that a rotation never overwrites a key still needed. */
export function keyFilePath(vaultId: string, wrapId: string, configDir = configDirectory()): string {
  return join(configDir, 'neutrino-keys', `${vaultId}.${wrapId}.key`);
}

/** Makes the key file and returns its key; Fault `bad_input` when it would lie inside the data directory it protects. */
export function makeKeyFile(path: string, dataDir: string): Uint8Array {
  const inside = relative(resolve(dataDir), resolve(path));
  if (!inside.startsWith('..') && !isAbsolute(inside)) {
    throw new Fault(
      'bad_input',
      `the key file ${path} would lie inside the data directory; use a passphrase, or move the data directory`,
    );
  }
  const key = newKey();
  makeDirectory(join(path, '..'));
  replaceFile(path, `${Buffer.from(key).toString('base64')}\n`);
  return key;
}

/** The key in the file, or undefined when there is no such file; Fault `corrupt` when it holds anything else. */
export function readKeyFile(path: string): Uint8Array | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileFault(error, `the key file ${path}`);
  }
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length === keyBytes && key.toString('base64') === text.trim()) return key;
  throw new Fault(
    'corrupt',
    `the key file ${path} was changed or damaged; put back a copy, or open the vault with its recovery code`,
  );
}

/** What is wrong with who may read the file, for `doctor`; undefined when nothing is. */
export function keyFileWarning(path: string): string | undefined {
  if (process.platform === 'win32') return undefined;
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return `the key file ${path} is missing`;
  return found.mode & 0o077 ? `the key file ${path} can be read by other users; run chmod 600 on it` : undefined;
}

export const removeKeyFile = (path: string): void => rmSync(path, { force: true });
