// What joins the members of a data-parallel run: each computes its share of a batch, and all hold the same sum before
// anybody takes the step. All members run the same loop; what only a clock or a device can tell is agreed, so that they stay
// in step. The one-machine form stands here; rings and their links are cluster/'s.
import type { Meeting, Pace } from './pace.ts';

/** Rows `from` up to `to` of a batch, counted from its first. */
export interface Share {
  from: number;
  to: number;
}

/** Why a loop is asked to end before its time. */
export type Asked = 'stop' | 'budget';

/** A table of gradients within a flat buffer, and the rows of it that may be other than zeros. */
export interface TouchedTable {
  /** Where it begins, in numbers. */
  at: number;
  /** Rows, and numbers a row. */
  count: number;
  width: number;
  /** Ascending. */
  rows: Uint32Array;
}

/** What is summed over all members for one step. */
export interface Sum<P> {
  /** Summed in place. */
  buffer: Float32Array;
  /** Tables in it of which only these rows have to travel. */
  tables?: readonly TouchedTable[];
  /** From here on numbers travel as they are, whatever the gradients before them travel as. */
  exactFrom: number;
  /** Rows that this member computed. */
  rows: number;
  /** Whether this member wants the run to end after this step. */
  ask: Asked | undefined;
  /** Steps that it stands for: more than one where members meet now and then. 1 when left out. */
  steps?: number;
  /** Where the run stands before this step: what a member that joins here begins with. */
  position: () => Promise<P>;
}

/**
 * What became of a sum: every member holds it, and whether all are to end after this step; or the members changed and the step
 * is to be computed anew.
 */
export type Reduction = { what: 'held'; end: Asked | undefined } | { what: 'again' };

/** What one member decides for all. */
export interface Decision<P> {
  /** How many numbers it is. */
  length: number;
  /** Asked of the deciding member only; may be asked again when the members change meanwhile. */
  make: () => Promise<Float64Array>;
  /** A hash of what must be the same on every member; compared with the others'. */
  same?: () => Promise<string>;
  position: () => Promise<P>;
}

/** `P` is what a position is told as. */
export interface Averager<P> {
  /** True where others compute too, so that what is reduced is not what this member computed. */
  readonly shared: boolean;
  /** This member's rows of a batch of so many; may be none. `position` may be asked for at once, where steps are long. */
  share(rows: number, position?: () => Promise<P>): Share;
  /** Whether the members have changed since, so that what is being computed will not be of use. */
  isStale?(): boolean;
  /** What the steps taken lately took; undefined before any. */
  pace?(): Pace | undefined;
  /** Hears how often members meet, and why. */
  meets?(meeting: Meeting): void;
  /**
   * Sums over all members. Resolves once every member has said that it holds the whole sum: nobody takes a step before, so
   * that no sample counts twice and none is left out. Rejects with `Moved`.
   */
  reduce(sum: Sum<P>): Promise<Reduction>;
  /** Everybody's numbers are those of the one who decides, to the bit. Rejects with `Moved`, or a Fault where `same` differs. */
  agree(decision: Decision<P>): Promise<Float64Array>;
}

/** The others went on without this member: it goes on from this state, as a neighbour had it. */
export class Moved extends Error {
  readonly state: Uint8Array;
  constructor(state: Uint8Array) {
    super('the members went on; this one takes their state');
    this.name = 'Moved';
    this.state = state;
  }
}

/** One machine: every row is its own, and there is nothing to wait for. */
export const alone: Averager<unknown> = {
  shared: false,
  share: (rows) => ({ from: 0, to: rows }),
  reduce: ({ ask }) => Promise.resolve({ what: 'held', end: ask }),
  agree: ({ make }) => make(),
};
