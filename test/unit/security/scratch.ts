// Directories of their own for tests, removed when the test file ends, and a clock that stands still.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Clock } from '../../../engine/base/index.ts';
import { Fault } from '../../../engine/schema/index.ts';

const made: string[] = [];
afterAll(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** An empty directory. */
export function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), 'neutrino-test-'));
  made.push(dir);
  return dir;
}

/** A clock that moves only when told. */
export function heldClock(start = 1_700_000_000_000): Clock & { pass(ms: number): void } {
  let now = start;
  return {
    now: () => now,
    monotonic: () => now,
    pass(ms) {
      now += ms;
    },
  };
}

/** The code of the Fault that `work` throws; another error is a failure of the test. */
export function faultOf(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    return described(error);
  }
  throw new Error('nothing was thrown');
}

export async function faultOfAsync(work: () => Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await work();
  } catch (error) {
    return described(error);
  }
  throw new Error('nothing was thrown');
}

function described(error: unknown): { code: string; message: string } {
  if (error instanceof Fault) return { code: error.code, message: error.message };
  throw error;
}
