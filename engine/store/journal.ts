// The metrics of runs: points are held for a moment and appended in sealed parts. Part 0 of a run says how many parts and
// points follow, so that a missing or cut part is noticed.
import type { MetricPoint } from '../schema/index.ts';
import { damaged, type KeyRing } from '../security/index.ts';
import { type Db, guarded } from './database.ts';
import { packPoints, unpackPoints } from './points.ts';
import { openJournal, sealJournal } from './sealing.ts';
import type { Work } from './work.ts';

export interface Journal {
  /** Adds points to a run; on disk within a quarter of a second, or after `flush`. Throws what the last write failed with. */
  append(runId: string, points: readonly MetricPoint[]): void;
  /** All points of a run in the order of appending, those still held included. Fault `corrupt` naming the run. */
  read(runId: string): MetricPoint[];
  /** Puts everything on disk. */
  flush(): void;
  /** Joins a run's parts into one, when it is over. */
  compact(runId: string): void;
  /** Forgets the points after the given step, before a run goes on from a checkpoint. */
  cut(runId: string, step: number): void;
  remove(runId: string): void;
  /** Flushes and stops the clock. */
  close(): void;
}

/** Parts a second at most, for each run. */
const flushMs = 250;
/** Points held for all runs before they are written at once. */
const mostHeld = 4096;

interface Head {
  parts: number;
  points: number;
}

/** The journal of an open database. */
export function journalOf(db: Db, keys: KeyRing, work: Work): Journal {
  const select = db.prepare<[string], { n: number; sealed: Buffer }>(
    'SELECT n, sealed FROM journal WHERE run = ? ORDER BY n',
  );
  const selectHead = db.prepare<[string], { sealed: Buffer }>('SELECT sealed FROM journal WHERE run = ? AND n = 0');
  const upsert = db.prepare('INSERT OR REPLACE INTO journal (run, n, sealed) VALUES (?, ?, ?)');
  const clear = db.prepare('DELETE FROM journal WHERE run = ?');
  const held = new Map<string, MetricPoint[]>();
  let heldPoints = 0;
  let timer: NodeJS.Timeout | undefined;
  let failure: unknown;

  const readHead = (run: string): Head => {
    const row = guarded(`the metrics of run ${run}`, () => selectHead.get(run));
    if (!row) return { parts: 0, points: 0 };
    const [parts = 0, points = 0] = new Float64Array(Uint8Array.from(openJournal(keys, run, 0, row.sealed)).buffer);
    return { parts, points };
  };
  const put = (run: string, n: number, plain: Uint8Array) => upsert.run(run, n, sealJournal(keys, run, n, plain));
  const putHead = (run: string, { parts, points }: Head) =>
    put(run, 0, new Uint8Array(Float64Array.of(parts, points).buffer));

  const hold = (run: string, points: readonly MetricPoint[]) => {
    const list = held.get(run);
    if (list) list.push(...points);
    else held.set(run, [...points]);
    heldPoints += points.length;
  };
  const writeHeld = () => {
    if (held.size === 0) return;
    work.run(() => {
      const written = [...held];
      held.clear();
      heldPoints = 0;
      work.undo(() => {
        for (const [run, points] of written) hold(run, points);
      });
      for (const [run, points] of written) {
        const head = readHead(run);
        put(run, head.parts + 1, packPoints(points));
        putHead(run, { parts: head.parts + 1, points: head.points + points.length });
      }
    });
  };
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    failure = undefined;
    writeHeld();
  };
  const readParts = (run: string): MetricPoint[] => {
    const rows = guarded(`the metrics of run ${run}`, () => select.all(run));
    if (rows.length === 0) return [];
    const head = readHead(run);
    const points = rows.slice(1).flatMap(({ n, sealed }, i) => {
      if (n !== i + 1) throw damaged(`the metrics of run ${run}`);
      return unpackPoints(openJournal(keys, run, n, sealed));
    });
    const complete = rows[0]?.n === 0 && rows.length === head.parts + 1 && points.length === head.points;
    if (!complete) throw damaged(`the metrics of run ${run}`);
    return points;
  };
  const rewrite = (run: string, points: readonly MetricPoint[]) =>
    work.run(() => {
      clear.run(run);
      if (points.length === 0) return;
      put(run, 1, packPoints(points));
      putHead(run, { parts: 1, points: points.length });
    });

  return {
    append(run, points) {
      if (failure !== undefined) flush();
      if (points.length === 0) return;
      hold(run, points);
      if (heldPoints >= mostHeld) return flush();
      timer ??= setTimeout(() => {
        timer = undefined;
        try {
          writeHeld();
        } catch (error) {
          // Nobody waits for the timer: the points stay held, and the next append tries again and tells its caller.
          failure = error;
        }
      }, flushMs).unref();
    },
    read: (run) => [...readParts(run), ...(held.get(run) ?? [])],
    flush,
    compact(run) {
      flush();
      if (readHead(run).parts > 1) rewrite(run, readParts(run));
    },
    cut(run, step) {
      flush();
      const points = readParts(run);
      const kept = points.filter((point) => point.step <= step);
      if (kept.length < points.length) rewrite(run, kept);
    },
    remove(run) {
      heldPoints -= held.get(run)?.length ?? 0;
      held.delete(run);
      work.run(() => clear.run(run));
    },
    close() {
      flush();
    },
  };
}
