// How fast a line really drains while something waits in it: what runs take is not all that rows take where processors are
// shared, and what is promised to a client must hold. Looks at times only.

export interface Pace {
  /** Rows were answered; `waits` says whether more are waiting. */
  answered(rows: number, waits: boolean): void;
  /** Time between rows over all hosts, ms; undefined before a line was ever seen to drain. */
  readonly rowMs: number | undefined;
}

/** Weight of a new figure in the moving averages. */
const weight = 0.1;

/** A pace that knows nothing yet. */
export function createPace(now: () => number = () => performance.now()): Pace {
  let ms = 0;
  let rows = 0;
  let since: number | undefined;
  return {
    answered(count, waits) {
      const at = now();
      if (since !== undefined) {
        const share = rows === 0 ? 1 : weight;
        ms += (at - since - ms) * share;
        rows += (count - rows) * share;
      }
      // Time without anything to do says nothing.
      since = waits ? at : undefined;
    },
    get rowMs() {
      return rows === 0 ? undefined : ms / rows;
    },
  };
}
