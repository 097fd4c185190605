// Starting on a data directory below /proc spun for ever: Node's recursive mkdir never returns where a parent cannot be made.
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeDirectory } from '../../engine/security/index.ts';

test.skipIf(!existsSync('/proc/self'))('a directory that cannot be made is a Fault, at once', () => {
  expect(() => makeDirectory('/proc/neutrino/data')).toThrow(
    expect.objectContaining({ name: 'Fault', code: 'not_writable' }) as Error,
  );
});
