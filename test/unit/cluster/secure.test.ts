import { describe, expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';
import {
  addWords,
  bytesOfWords,
  fromWords,
  mostChange,
  type Numbers,
  toWords,
  type Words,
  wordsOf,
} from '../../../engine/cluster/federated/fixed.ts';
import { enoughOf, openContributor, type Reveal, unmask } from '../../../engine/cluster/federated/secure.ts';
import { cut, join } from '../../../engine/cluster/federated/shares.ts';

const about = 'run 1';

/** One try: `lost` maps a member to the message that it does not send any more; `noisy` sends noise. */
function attempt(count: number, lost: Record<string, 'boxes' | 'numbers' | 'reveal'> = {}, seed = 1, noisy = '') {
  const random = rng(seed, 'secure');
  const rows = Array.from({ length: count }, (_, i) => 10 * (i + 1));
  const all = rows.reduce((sum, one) => sum + one, 0);
  const members = rows.map((own, i) => openContributor(`member ${i}`, own, about));
  const numbers = members.map(({ entrant }): Numbers => {
    const part = entrant.rows / all;
    return {
      changes: Float32Array.from({ length: 700 }, () => random.normal() * part),
      wide: Float64Array.from({ length: 5 }, () => random.normal() * 1e5),
    };
  });
  const entrants = members.map((one) => one.entrant);
  const isLost = (id: string, at: readonly string[]) => at.includes(lost[id] ?? '');
  const boxes = new Map(members.map((one) => [one.entrant.id, one.share(entrants)]));
  const boxed = entrants.map(({ id }) => id).filter((id) => !isLost(id, ['boxes']));
  const masked = new Map<string, Words>();
  for (const [i, one] of members.entries()) {
    const { id } = one.entrant;
    if (isLost(id, ['boxes', 'numbers'])) continue;
    const mine = new Map(
      boxed.filter((from) => from !== id).map((from) => [from, boxes.get(from)?.get(id) as Uint8Array]),
    );
    const words = one.mask(numbers[i], mine);
    if (id === noisy) for (let k = 0; k < words.narrow.length; k++) words.narrow[k] = random.next() * 2 ** 32;
    masked.set(id, words);
  }
  const stayed = [...masked.keys()];
  const reveals = new Map<string, Reveal>();
  for (const one of members) {
    const { id } = one.entrant;
    if (stayed.includes(id) && !isLost(id, ['reveal'])) reveals.set(id, one.reveal(stayed));
  }
  const sum = unmask(entrants, boxed, masked, reveals, about);
  const exact = numbers
    .filter((_, i) => masked.has(`member ${i}`))
    .reduce((total, one) => ({
      changes: total.changes.map((value, i) => value + one.changes[i]),
      wide: total.wide.map((value, i) => value + one.wide[i]),
    }));
  const here = stayed.reduce((total, id) => total + (entrants.find((one) => one.id === id)?.rows ?? 0), 0);
  return { sum, exact, part: here / all, masked, numbers, members, stayed };
}

function expectSum({ sum, exact, part }: ReturnType<typeof attempt>): void {
  expect(sum?.part).toBeCloseTo(part, 12);
  sum?.numbers.changes.forEach((value, i) => expect(Math.abs(value - exact.changes[i])).toBeLessThan(1e-6));
  sum?.numbers.wide.forEach((value, i) => expect(Math.abs(value - exact.wide[i])).toBeLessThan(1e-5));
}

describe('a sum that nobody can look into', () => {
  for (const count of [3, 4, 7]) {
    test(`${count} members: what is left without the masks is the sum`, () => expectSum(attempt(count)));
  }

  test('members who leave before their boxes, their numbers or their word are made up for', () => {
    expectSum(attempt(7, { 'member 2': 'boxes' }));
    expectSum(attempt(7, { 'member 0': 'numbers', 'member 5': 'numbers' }));
    expectSum(attempt(7, { 'member 1': 'boxes', 'member 3': 'numbers', 'member 6': 'reveal' }));
  });

  test('too few who stay make a try void, and tell nothing', () => {
    expect(() => attempt(3, { 'member 1': 'numbers' })).toThrow(/others stayed than can have/);
    expect(attempt(5, { 'member 0': 'reveal', 'member 1': 'reveal', 'member 2': 'reveal' }).sum).toBeUndefined();
    expect([3, 4, 5, 6, 10].map(enoughOf)).toEqual([3, 3, 3, 4, 6]);
  });

  test('a member’s words are noise: neither its numbers nor the same words twice', () => {
    const [first, again] = [attempt(3), attempt(3)];
    const words = (one: typeof first) => one.masked.get('member 0') as Words;
    const plain = toWords(first.numbers[0], 1);
    expect(words(first).narrow).not.toEqual(words(again).narrow);
    const same = words(first).narrow.filter((value, i) => value === plain.narrow[i]).length;
    expect(same).toBeLessThan(3);
    // Bits of noise are set as often as not.
    const bits = bytesOfWords(words(first)).reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
    expect(bits / (700 * 32 + 5 * 64)).toBeGreaterThan(0.48);
    expect(bits / (700 * 32 + 5 * 64)).toBeLessThan(0.52);
  });

  test('no member tells both secrets of another, or tells twice', () => {
    const { members, stayed } = attempt(4, { 'member 3': 'numbers' });
    expect(() => members[0].reveal(stayed)).toThrow(/a second time/);
    const own = members.map((one, i) => openContributor(`member ${i}`, one.entrant.rows, about));
    const entrants = own.map((one) => one.entrant);
    for (const one of own) one.share(entrants);
    expect(() => own[0].reveal(['member 0', 'member 1', 'member 2'])).toThrow(/than can have/);
  });

  test('a sum is not opened where those who left had nearly all rows', () => {
    const own = [1, 2, 3, 100_000].map((rows, i) => openContributor(`member ${i}`, rows, about));
    const entrants = own.map((one) => one.entrant);
    const boxes = own.map((one) => one.share(entrants));
    const mine = new Map(entrants.slice(1).map(({ id }, i) => [id, boxes[i + 1].get('member 0') as Uint8Array]));
    own[0].mask({ changes: Float32Array.of(1e-6), wide: new Float64Array(0) }, mine);
    expect(() => own[0].reveal(['member 0', 'member 1', 'member 2'])).toThrow(/than can have/);
  });

  test('noise in place of one member’s numbers is found out, not taken for weights', () => {
    expect(() => attempt(4, {}, 1, 'member 2')).toThrow(/member 2.*cannot be added up/s);
  });

  test('a leader that says what cannot be is refused', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((id) => openContributor(id, 5, about));
    const entrants = [a, b, c].map((one) => one.entrant);
    expect(() => a.share(entrants.slice(0, 2))).toThrow(/2 members are enough/);
    expect(() => a.share([entrants[0], entrants[1], entrants[1]])).toThrow(/twice/);
    expect(() => a.share([{ ...entrants[0], rows: 6 }, entrants[1], entrants[2]])).toThrow(/something else of this/);
    expect(() => a.share([{ ...entrants[0], mask: entrants[1].mask }, entrants[1], entrants[2]])).toThrow(/something/);
    expect(() => a.share([entrants[0], entrants[1], { ...entrants[2], rows: 0 }])).toThrow(/without rows/);
    a.share(entrants);
    const box = b.share(entrants).get('a') as Uint8Array;
    c.share(entrants);
    const numbers = { changes: new Float32Array(1), wide: new Float64Array(0) };
    expect(() => a.mask(numbers, new Map([['c', box]]))).toThrow(/changed on its way/);
    expect(() => a.mask(numbers, new Map([['b', box]]))).toThrow(/too few shares/);
    expect(() => b.share([{ ...entrants[0], box: new Uint8Array(3) }, entrants[1], entrants[2]])).toThrow(
      /second time/,
    );
  });
});

describe('numbers as integers', () => {
  test('come back within the rounding, and beyond their range as its end', () => {
    const numbers = {
      changes: Float32Array.of(0.1, -2.5, 1e-9, 40, -1e30),
      wide: Float64Array.of(-1e9, 0.25, 2 ** 33),
    };
    const { changes, wide } = fromWords(toWords(numbers, 1));
    const due = [0.1, -2.5, 0, mostChange, -mostChange];
    due.forEach((value, i) => expect(Math.abs(changes[i] - value)).toBeLessThan(1e-7));
    expect([...wide]).toEqual([-1e9, 0.25, 2 ** 30]);
  });

  test('as many members as may be, all at their ends, do not run over', () => {
    const most = { changes: new Float32Array(0), wide: Float64Array.of(1e300, -1e300) };
    const sum = toWords(most, 1 / 255);
    for (let i = 1; i < 255; i++) addWords(sum, toWords(most, 1 / 255));
    expect([...fromWords(sum).wide]).toEqual([255 * 2 ** 30, -255 * 2 ** 30]);
  });

  test('what is no number does not pass for one', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => toWords({ changes: Float32Array.of(0, value), wide: new Float64Array(0) }, 1)).toThrow(/no number/);
      expect(() => toWords({ changes: new Float32Array(0), wide: Float64Array.of(value) }, 1)).toThrow(/no number/);
    }
  });

  test('parts at their ends do not run over in a sum', () => {
    const sum = toWords({ changes: Float32Array.of(99, -99), wide: new Float64Array(0) }, 0.25);
    for (let i = 0; i < 3; i++)
      addWords(sum, toWords({ changes: Float32Array.of(99, -99), wide: new Float64Array(0) }, 0.25));
    expect([...fromWords(sum).changes]).toEqual([mostChange, -mostChange]);
  });

  test('travel as bytes', () => {
    const words = toWords({ changes: Float32Array.of(1, -1, 3), wide: Float64Array.of(-7) }, 1);
    expect(wordsOf(bytesOfWords(words), { narrow: 3, wide: 1 })).toEqual(words);
    expect(wordsOf(bytesOfWords(words), { narrow: 4, wide: 1 })).toBeUndefined();
  });
});

test('any enough shares tell a secret, fewer tell nothing of it', () => {
  const secret = Uint8Array.from({ length: 32 }, (_, i) => i * 9);
  const shares = cut(secret, 6, 4);
  const some = (places: number[]) => join(new Map(places.map((place) => [place, shares[place - 1]])));
  expect(some([1, 2, 3, 4])).toEqual(secret);
  expect(some([6, 2, 5, 3])).toEqual(secret);
  expect(some([1, 2, 3, 4, 5, 6])).toEqual(secret);
  expect(some([1, 2, 3])).not.toEqual(secret);
  expect(cut(secret, 6, 4)[0]).not.toEqual(shares[0]);
  expect(cut(secret, 1, 1)[0]).toEqual(secret);
});
