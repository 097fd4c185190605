// What broke, kept on this machine and sent nowhere: one small file a crash, the newest twenty.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const most = 20;

/** Writes what is known of a crash into the folder. Never throws: it runs when other things already did. */
export function noteCrash(folder: string, kind: string, detail: unknown, at = new Date()): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const text = detail instanceof Error ? (detail.stack ?? detail.message) : JSON.stringify(detail);
    const name = `${at.toISOString().replaceAll(':', '-')}-${kind}.log`;
    writeFileSync(join(folder, name), `${kind}\n${text}\n`, { mode: 0o600 });
    const old = readdirSync(folder).sort().slice(0, -most);
    for (const file of old) rmSync(join(folder, file));
  } catch {
    // A disk that is full must not turn one crash into two.
  }
}
