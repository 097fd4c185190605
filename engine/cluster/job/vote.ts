// How the members of a generation agree on the next one: one decree of Paxos a generation (Lamport 2001, "Paxos made simple"), voted
// on by the generation before, as in Vertical Paxos (Lamport, Malkhi and Zhou 2009). At most one value is ever chosen for a
// generation, whatever is lost, late or said twice. Sans I/O.

import type { Ballot, Generation, Standing } from '../../schema/index.ts';

/** What a voter must not forget: kept across restarts. */
export interface Durable {
  generation: Generation;
  promised: Ballot | undefined;
  accepted: { ballot: Ballot; value: Generation } | undefined;
}

/** Whether the first ballot comes before the second; none comes before any. */
export const lower = (a: Ballot | undefined, b: Ballot): boolean =>
  !a || a.number < b.number || (a.number === b.number && a.by < b.by);
const same = (a: Ballot | undefined, b: Ballot): boolean => a?.number === b.number && a.by === b.by;

/**
 * Whether these voters may decide: more than half of the votes, where the leader's counts a little more, so that of two halves
 * the one with the leader goes on and the other waits.
 */
export function isQuorum({ voters, leader }: Generation, who: ReadonlySet<string>): boolean {
  const votes = voters.filter((id) => who.has(id)).length * 2 + (voters.includes(leader) && who.has(leader) ? 1 : 0);
  const all = voters.length * 2 + (voters.includes(leader) ? 1 : 0);
  return votes * 2 > all;
}

/** The voter's side. */
export interface Voter {
  readonly durable: Durable;
  /** True when the ballot is promised: no lower one will be helped. */
  promise(ballot: Ballot): boolean;
  accept(ballot: Ballot, value: Generation): boolean;
  /** Goes on to a generation that was chosen. False when it is not newer. */
  learn(value: Generation): boolean;
}

/** A voter over what it remembers; `persist` must have stored it before an answer leaves. */
export function createVoter(start: Durable, persist: (durable: Durable) => void): Voter {
  let durable = start;
  const keep = (next: Durable) => {
    durable = next;
    persist(next);
  };
  return {
    get durable() {
      return durable;
    },
    promise(ballot) {
      if (!lower(durable.promised, ballot) && !same(durable.promised, ballot)) return false;
      keep({ ...durable, promised: ballot });
      return true;
    },
    accept(ballot, value) {
      if (value.number !== durable.generation.number + 1) return false;
      if (!lower(durable.promised, ballot) && !same(durable.promised, ballot)) return false;
      keep({ ...durable, promised: ballot, accepted: { ballot, value } });
      return true;
    },
    learn(value) {
      if (value.number <= durable.generation.number) return false;
      keep({ generation: value, promised: undefined, accepted: undefined });
      return true;
    },
  };
}

/** The proposer's side of one ballot. */
export interface Proposal {
  readonly ballot: Ballot;
  readonly startedAt: number;
  /** Who has promised, and what they told of their work. */
  readonly told: ReadonlyMap<string, Standing>;
  promised(by: string, standing: Standing, accepted: { ballot: Ballot; value: Generation } | undefined): void;
  /**
   * The value to propose, once: what was accepted before if anything was, else what `compose` makes. Undefined while too few
   * have promised, or when there is nothing to propose.
   */
  value(compose: (told: ReadonlyMap<string, Standing>) => Generation | undefined): Generation | undefined;
  /** Takes an acceptance; the value once it is chosen, and only then. */
  accepted(by: string): Generation | undefined;
}

/** One try at the generation after `current`. */
export function createProposal(current: Generation, ballot: Ballot, startedAt: number): Proposal {
  const told = new Map<string, Standing>();
  const agreed = new Set<string>();
  let best: { ballot: Ballot; value: Generation } | undefined;
  let value: Generation | undefined;
  let done = false;
  return {
    ballot,
    startedAt,
    told,
    promised(by, standing, accepted) {
      if (value || !current.members.some((one) => one.id === by)) return;
      told.set(by, standing);
      if (accepted && lower(best?.ballot, accepted.ballot)) best = accepted;
    },
    value(compose) {
      if (value || !isQuorum(current, new Set(told.keys()))) return undefined;
      value = best?.value ?? compose(told);
      return value;
    },
    accepted(by) {
      if (!value || done || !current.voters.includes(by)) return undefined;
      agreed.add(by);
      if (!isQuorum(current, agreed)) return undefined;
      done = true;
      return value;
    },
  };
}
