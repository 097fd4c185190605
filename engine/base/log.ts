// Structured logs in JSON lines: ids and numbers only, never a name or a value from a user's data.
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';

export type Log = pino.Logger;

const rotateAt = 8 * 1024 * 1024;

/** A log that goes nowhere, for tests and for library use. */
export const silentLog: Log = pino({ level: 'silent' });

/** Opens `logs/<name>.jsonl` below the data directory, which is there (mode 0600), moving one that passed 8 MiB to `.1`. */
export function openLog(dataDir: string, name: string, level: pino.Level = 'info'): Log {
  const dir = join(dataDir, 'logs');
  if (!existsSync(dir)) mkdirSync(dir, { mode: 0o700 });
  const path = join(dir, `${name}.jsonl`);
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > rotateAt) renameSync(path, `${path}.1`);
  return pino(
    { level, base: { process: name, pid: process.pid }, serializers: { err: describe } },
    pino.destination({ dest: path, sync: true, mode: 0o600 }),
  );
}

/** Messages of errors may quote data, so only the kind, the code and the place are kept. */
function describe(error: Error & { code?: unknown }): Record<string, unknown> {
  const place = error.stack?.split('\n').find((line) => line.trim().startsWith('at '));
  return { name: error.name, code: error.code, at: place?.trim() };
}
