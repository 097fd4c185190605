// Secrets for the command line. They never stand on it, where others of the machine could read them, nor in the environment.
import { readFileSync } from 'node:fs';
import { Fault } from '../engine/schema/index.ts';

/** The secret in a file, `-` for standard input, without the line's end. Fault `not_found`. */
export function readSecret(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new Fault('not_found', `the secret cannot be read from ${file}: check the path`, undefined, error);
  }
}
