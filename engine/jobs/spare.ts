// An importer that waits for the next import: a process takes half a second until it can begin, and people wait for imports. It is
// started when nothing else is asked for, holds no lease and no key, and goes when nobody has come for a while.
import { spawnChild } from '../children/index.ts';
import type { ChildPort } from '../schema/index.ts';
import type { JobContext } from './context.ts';
import { codeCache } from './refining.ts';

export interface SpareImporter {
  /** An importer that may take `memory` bytes: the one that waits, or a new one. */
  take(memory: number): ChildPort<'importer'>;
  /** Somebody may import soon: has one waiting in a moment, and keeps it longer. */
  wish(): void;
  /** Process id of the one that waits. */
  waiting(): number | undefined;
  close(): void;
}

/** Seconds that an importer may compute without a sign of life: a file that makes its reader run in circles ends there. */
const mostSilence = 8;
/** What began the wish is answered first. */
const patienceMs = 1500;
/** It holds about 100 MB. */
const keptMs = 15 * 60_000;

/** The spare importer of an appliance; one that lives for a command never has any. */
export function createSpareImporter({ config, log, lasting }: JobContext, afterMs = patienceMs): SpareImporter {
  let waiting: ChildPort<'importer'> | undefined;
  let soon: NodeJS.Timeout | undefined;
  let expiry: NodeJS.Timeout | undefined;
  let closed = false;
  const spawn = (memory: number) =>
    spawnChild('importer', {
      log,
      memory,
      seconds: config.limits.importSeconds,
      silence: mostSilence,
      cache: codeCache(config.dataDir),
      waits: true,
    });
  const prepare = () => {
    soon = undefined;
    try {
      const child = spawn(config.limits.importerMemory);
      child.send({ type: 'prepare' });
      child.onExit(() => {
        if (waiting === child) waiting = undefined;
      });
      waiting = child;
    } catch (err) {
      log.warn({ err }, 'no spare importer');
    }
  };
  const dismiss = () => {
    clearTimeout(soon);
    clearTimeout(expiry);
    soon = undefined;
    waiting?.kill();
    waiting = undefined;
  };
  return {
    take(memory) {
      const spare = memory === config.limits.importerMemory ? waiting : undefined;
      if (!spare) return spawn(memory);
      waiting = undefined;
      return spare;
    },
    wish() {
      if (closed || !lasting) return;
      clearTimeout(expiry);
      expiry = setTimeout(dismiss, keptMs).unref();
      if (!waiting) soon ??= setTimeout(prepare, afterMs).unref();
    },
    waiting: () => waiting?.pid,
    close() {
      closed = true;
      dismiss();
    },
  };
}
