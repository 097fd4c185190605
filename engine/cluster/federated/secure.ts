// One try at a sum that nobody can look into: Bonawitz et al. 2017, "Practical secure aggregation", for a leader that is curious but
// keeps to the protocol. Each member adds a mask with each other one, which cancel in the sum, and one of its own; shares of both
// kinds of secret let the leader take away what those who left would have cancelled, never both of one member. Sans I/O.
import { randomBytes } from 'node:crypto';
import { Fault } from '../../schema/index.ts';
import { addWords, fromWords, mostChange, type Numbers, toWords, type Words } from './fixed.ts';
import { agreed, type KeyPair, maskOf, newPair, seal, unseal } from './keys.ts';
import { cut, join, mostShares } from './shares.ts';

/** Below this the others' sum is nearly one member's numbers. */
export const fewestMembers = 3;
/** How many of so many must stay to the end of a try. */
export const enoughOf = (members: number): number => Math.max(fewestMembers, Math.floor(members / 2) + 1);

/** What members know of each other: keys for this try, and rows, which are no secret: their parts follow from them. */
export interface Entrant {
  id: string;
  /** For boxes, and for masks. */
  box: Uint8Array;
  mask: Uint8Array;
  rows: number;
}

/** Shares that a member lets the leader have: of those who stayed their own masks', of those who left their keys'. */
export interface Reveal {
  own: ReadonlyMap<string, Uint8Array>;
  keys: ReadonlyMap<string, Uint8Array>;
}

export interface Contributor {
  readonly entrant: Entrant;
  /** Boxes for the others by id, once all who entered are known. Fault `bad_input` where they cannot be. */
  share(entrants: readonly Entrant[]): Map<string, Uint8Array>;
  /** This member's part of all rows that entered. */
  readonly part: number;
  /** The numbers, which are of this part, under their masks with those whose boxes came. */
  mask(numbers: Numbers, boxes: ReadonlyMap<string, Uint8Array>): Words;
  /** Once: what the leader needs when only these stayed. */
  reveal(stayed: readonly string[]): Reveal;
}

/** Of a box: nonce, two shares, tag. */
export const boxBytes = 12 + 64 + 16;
/** Least part of the rows that must stay: below it, rounding would show in what the sum is divided by. */
const leastPart = 1 / 64;

/** What part of all rows those of `ids` have. */
export function partOf(entrants: readonly Entrant[], ids: { has(id: string): boolean }): number {
  const sum = (some: readonly Entrant[]) => some.reduce((total, one) => total + one.rows, 0);
  return sum(entrants.filter((one) => ids.has(one.id))) / sum(entrants);
}

/** Whether those who stayed are enough for a sum: to be asked before anybody reveals anything. */
export const canStay = (
  entrants: readonly Entrant[],
  ids: ReadonlyMap<string, unknown> | ReadonlySet<string>,
): boolean => ids.size >= enoughOf(entrants.length) && partOf(entrants, ids) >= leastPart;

const sizeOf = ({ narrow, wide }: Words) => ({ narrow: narrow.length, wide: wide.length });
const pairName = (a: string, b: string): string => (a < b ? `${a} ${b}` : `${b} ${a}`);

/** This member's part of a try. `about` names the try: no box or mask of another fits. */
export function openContributor(id: string, rows: number, about: string): Contributor {
  const [boxes, masks]: [KeyPair, KeyPair] = [newPair(), newPair()];
  const own = new Uint8Array(randomBytes(32));
  const entrant: Entrant = { id, box: boxes.open, mask: masks.open, rows };
  let known: readonly Entrant[] = [];
  /** What others let this member keep of them: of their own mask and of their key. */
  const kept = new Map<string, { own: Uint8Array; keys: Uint8Array }>();
  let told = false;
  const bad = (what: string) => new Fault('bad_input', `the leader says ${what}`);

  const part = (): number => rows / known.reduce((sum, one) => sum + one.rows, 0);
  return {
    entrant,
    get part() {
      return part();
    },
    share(entrants) {
      const ids = new Set(entrants.map((one) => one.id));
      if (known.length > 0) throw bad('who entered a second time');
      if (entrants.length < fewestMembers || entrants.length > mostShares)
        throw bad(`that ${entrants.length} members are enough for a sum`);
      if (ids.size !== entrants.length) throw bad('one member twice');
      // Whoever has no rows brings nothing, and would make two of three tell what the third brought.
      if (entrants.some((one) => one.rows < 1)) throw bad('that one without rows entered');
      const self = entrants.find((one) => one.id === id);
      if (
        !self ||
        !Buffer.from(self.mask).equals(masks.open) ||
        !Buffer.from(self.box).equals(boxes.open) ||
        self.rows !== rows
      )
        throw bad('something else of this member than it said');
      known = entrants;
      const enough = enoughOf(entrants.length);
      const shares = [cut(own, entrants.length, enough), cut(masks.secret, entrants.length, enough)];
      const made = new Map<string, Uint8Array>();
      for (const [i, other] of entrants.entries()) {
        if (other.id === id) kept.set(id, { own: shares[0][i], keys: shares[1][i] });
        else {
          const key = agreed(boxes.secret, other.box, `box ${about} ${pairName(id, other.id)}`);
          made.set(other.id, seal(key, Buffer.concat([shares[0][i], shares[1][i]]), `${id} ${other.id}`));
        }
      }
      return made;
    },
    mask(numbers, given) {
      for (const [from, box] of given) {
        const other = known.find((one) => one.id === from);
        if (!other || from === id || kept.has(from)) throw bad('a box of somebody who did not enter, or a second one');
        const key = agreed(boxes.secret, other.box, `box ${about} ${pairName(id, from)}`);
        const plain = unseal(key, box, `${from} ${id}`);
        kept.set(from, { own: plain.subarray(0, 32), keys: plain.subarray(32) });
      }
      if (kept.size < enoughOf(known.length)) throw bad('too few shares for a sum');
      const words = toWords(numbers, part());
      addWords(words, maskOf(own, sizeOf(words)));
      for (const other of known) {
        if (other.id === id || !kept.has(other.id)) continue;
        const seed = agreed(masks.secret, other.mask, `mask ${about} ${pairName(id, other.id)}`);
        addWords(words, maskOf(seed, sizeOf(words)), id < other.id ? 1 : -1);
      }
      return words;
    },
    reveal(stayed) {
      if (told) throw bad('who stayed a second time');
      told = true;
      const here = new Set(stayed);
      if (!canStay(known, here) || !here.has(id) || [...here].some((who) => !kept.has(who)))
        throw bad('that others stayed than can have');
      const sides = { own: new Map<string, Uint8Array>(), keys: new Map<string, Uint8Array>() };
      for (const [who, share] of kept) {
        if (here.has(who)) sides.own.set(who, share.own);
        else sides.keys.set(who, share.keys);
      }
      return sides;
    },
  };
}

/**
 * The sum of those who stayed, and their part of all who entered. `boxed` are those whose boxes were handed on, `masked` what came of
 * whom, `reveals` of enough members. Undefined where what was revealed does not fit: the try is void. Fault `bad_input` where the sum
 * is one that changes cannot come to.
 */
export function unmask(
  entrants: readonly Entrant[],
  boxed: readonly string[],
  masked: ReadonlyMap<string, Words>,
  reveals: ReadonlyMap<string, Reveal>,
  about: string,
): { numbers: Numbers; part: number } | undefined {
  const placeOf = new Map(entrants.map((one, i) => [one.id, i + 1]));
  const enough = enoughOf(entrants.length);
  const secretOf = (who: string, of: 'own' | 'keys'): Uint8Array | undefined => {
    const shares = [...reveals].flatMap(([by, one]): [number, Uint8Array][] => {
      const share = one[of].get(who);
      const place = placeOf.get(by);
      return share?.length === 32 && place !== undefined ? [[place, share]] : [];
    });
    return shares.length < enough ? undefined : join(new Map(shares.slice(0, enough)));
  };
  const [first] = masked.values();
  if (!first || masked.size < enough) return undefined;
  const sum: Words = { narrow: new Uint32Array(first.narrow.length), wide: new BigUint64Array(first.wide.length) };
  for (const [who, words] of masked) {
    addWords(sum, words);
    const own = secretOf(who, 'own');
    if (!own) return undefined;
    addWords(sum, maskOf(own, sizeOf(sum)), -1);
  }
  for (const who of boxed) {
    if (masked.has(who)) continue;
    const key = secretOf(who, 'keys');
    if (!key) return undefined;
    // What the one who left would have added with each who stayed.
    for (const other of entrants) {
      if (!masked.has(other.id)) continue;
      const seed = agreed(key, other.mask, `mask ${about} ${pairName(who, other.id)}`);
      addWords(sum, maskOf(seed, sizeOf(sum)), who < other.id ? 1 : -1);
    }
  }
  const numbers = fromWords(sum);
  // Noise is within the range of all changes in 31 cases of 32 a number.
  if (numbers.changes.some((value) => Math.abs(value) > mostChange + 1e-3))
    throw new Fault(
      'bad_input',
      `what ${[...masked.keys()].map((one) => one.slice(0, 8)).join(', ')} brought cannot be added up: one of them sends something else than its changes; leave one of these machines out to find which`,
    );
  return { numbers, part: partOf(entrants, masked) };
}
