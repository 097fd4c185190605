// Chooses how many rows run together and how long a host may wait for more, from what runs took: the quickest size a row
// whose run fits the latency target twice (one batch may be running when another comes). One table a shape bucket.
// It looks at times only and runs nothing.

export interface TunerOptions {
  /** Latency that requests should keep to, ms: queue and run together, at the 99th percentile. */
  latencyMs: number;
  /** Most rows of one run. */
  most: number;
}

export interface Tuner {
  /** Rows that the next run of this bucket should take at most. */
  limit(bucket: string): number;
  /** How long so few rows may wait for others while their host runs something else, ms; 0 where waiting gains nothing. */
  holdMs(bucket: string, rows: number): number;
  /** Time of one row in runs of the size that is chosen now, ms; undefined before anything ran. */
  rowMs(bucket: string): number | undefined;
  /** A run of so many rows took this long. */
  ran(bucket: string, rows: number, ms: number): void;
  status(): { bucket: string; limit: number; rowMs: number; holdMs: number }[];
}

/** Runs of about one size: `level` l holds more than 2^(l−1) and at most 2^l rows. */
interface Level {
  ms: number;
  rows: number;
  runs: number;
}
interface Table {
  levels: Level[];
  /** Highest level that may be tried. */
  reach: number;
}

/** Weight of a new figure in the moving averages. */
const weight = 0.2;
/** Runs of the highest level before the next one may be tried. */
const enough = 3;
/** A larger size must gain this much a row to be worth its longer run, and to be waited for. */
const worth = 0.97;
const worthHolding = 0.7;
const mostBuckets = 64;

const levelOf = (rows: number): number => Math.max(0, Math.ceil(Math.log2(rows)));

/** A tuner that knows nothing yet and starts from single rows and what has come together by itself. */
export function createTuner({ latencyMs, most }: TunerOptions): Tuner {
  const tables = new Map<string, Table>();
  const top = levelOf(most);

  function tableOf(bucket: string): Table {
    let table = tables.get(bucket);
    if (!table) {
      if (tables.size >= mostBuckets) tables.delete(tables.keys().next().value ?? '');
      table = { levels: [], reach: Math.min(2, top) };
      tables.set(bucket, table);
    }
    return table;
  }

  const known = (table: Table, level: number) => (table.levels[level]?.runs ? table.levels[level] : undefined);
  const perRow = ({ ms, rows }: Level) => ms / rows;

  /** The best level that is known, and the next one while it promises more and would keep to the target. */
  function chosen(table: Table): number {
    let best: number | undefined;
    for (let level = 0; level <= top; level++) {
      const found = known(table, level);
      if (!found) continue;
      if (2 * found.ms > latencyMs && best !== undefined) break;
      const before = best === undefined ? undefined : known(table, best);
      if (!before || perRow(found) < perRow(before) * worth) best = level;
    }
    if (best === undefined) return Math.min(table.reach, top);
    const found = known(table, best) as Level;
    const next = best + 1;
    const tries = next <= top && !known(table, next) && found.runs >= enough && 4 * found.ms <= latencyMs;
    return tries ? next : best;
  }

  const limit = (bucket: string) => Math.min(most, 2 ** chosen(tableOf(bucket)));

  function holdMs(bucket: string, rows: number): number {
    const table = tableOf(bucket);
    const level = chosen(table);
    const full = known(table, level);
    const small = known(table, levelOf(rows));
    if (!full || !small || rows >= 2 ** level || perRow(full) > perRow(small) * worthHolding) return 0;
    return Math.min(full.ms, latencyMs / 4);
  }

  return {
    limit,
    holdMs,
    rowMs(bucket) {
      const table = tables.get(bucket);
      if (!table) return undefined;
      const found = known(table, chosen(table)) ?? table.levels.findLast((level) => level?.runs > 0);
      return found ? perRow(found) : undefined;
    },
    ran(bucket, rows, ms) {
      const table = tableOf(bucket);
      const index = levelOf(rows);
      const level = (table.levels[index] ??= { ms: 0, rows: 0, runs: 0 });
      // The first runs of a size allocate what later ones use again.
      const share = level.runs < enough ? 1 / (level.runs + 1) : weight;
      level.ms += (ms - level.ms) * share;
      level.rows += (rows - level.rows) * share;
      level.runs++;
      table.reach = Math.max(table.reach, index);
    },
    status: () =>
      [...tables].map(([bucket, table]) => {
        const level = known(table, chosen(table));
        const rows = limit(bucket);
        return { bucket, limit: rows, rowMs: level ? perRow(level) : 0, holdMs: holdMs(bucket, 1) };
      }),
  };
}
