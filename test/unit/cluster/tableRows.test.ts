import { describe, expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';
import { createRing, type Ring } from '../../../engine/cluster/ring/ring.ts';
import { addRows, between, mostBytes, packRows, type TouchedTable } from '../../../engine/cluster/ring/tableRows.ts';
import type { Frame } from '../../../engine/cluster/link/frame.ts';

const table = (rows: number[], patch: Partial<TouchedTable> = {}): TouchedTable => ({
  at: 5,
  count: 40,
  width: 3,
  rows: Uint32Array.from(rows),
  ...patch,
});
/** A buffer of gradients of which only these rows are not zero. */
function gradients(own: TouchedTable, seed: number): Float32Array {
  const random = rng(seed, 'rows');
  const values = new Float32Array(150);
  for (const row of own.rows)
    for (let i = 0; i < own.width; i++) values[own.at + row * own.width + i] = random.normal();
  return values;
}
/** Members whose rings have so little room that they go on again and again. */
function rings(size: number): { all: Ring[]; deliver: () => void } {
  const links: Frame[][] = Array.from({ length: size }, () => []);
  const all = links.map((_, rank) =>
    createRing({
      rank,
      size,
      generation: 1,
      send(head, payload) {
        links[(rank + 1) % size].push({ ...head, payload: payload.slice() });
        return false;
      },
    }),
  );
  const deliver = () => {
    while (links.some((queue) => queue.length > 0)) {
      links.forEach((queue, rank) => {
        const frame = queue.shift();
        if (frame) all[rank].take(frame);
        all[(rank + size - 1) % size].resume();
      });
    }
  };
  return { all, deliver };
}

describe('what each member has is handed to all', () => {
  for (const size of [1, 2, 3, 5]) {
    test(`${size} members, of none, few and many bytes`, async () => {
      const { all, deliver } = rings(size);
      const own = all.map((_, rank) => new Uint8Array([0, 3, 300_000, 131_068, 131_072][rank]).fill(rank + 1));
      const done = Promise.all(all.map((ring, rank) => ring.spread(4, 3, own[rank], 300_000)));
      deliver();
      for (const one of await done) expect(one).toEqual(own);
    });
  }

  test('more than may be, and pieces out of their turn, end the ring', () => {
    const piece = (chunk: number, payload: Uint8Array): Frame => ({
      kind: 'gather',
      encoding: 'raw',
      generation: 1,
      step: 0,
      bucket: 3,
      chunk,
      payload,
    });
    const lengthOf = (bytes: number) => new Uint8Array(Uint32Array.of(bytes).buffer);
    const cases: [Frame, RegExp][] = [
      [piece(65_536, lengthOf(101)), /101 bytes of rows where 100/],
      [piece(65_537, lengthOf(1)), /piece 1 out of its turn/],
      [piece(0, lengthOf(1)), /rows of member 0/],
      [piece(5 * 65_536, lengthOf(1)), /rows of member 5/],
      [piece(65_536, lengthOf(10)), /0 bytes of rows where 10 were due/],
      [piece(65_536, new Uint8Array(2)), /without their length/],
      [{ ...piece(65_536, lengthOf(0)), encoding: 'fp32' }, /gather as fp32/],
    ];
    for (const [frame, says] of cases) {
      const ring = createRing({ rank: 0, size: 2, generation: 1, send: () => true });
      ring.spread(0, 3, new Uint8Array(2), 100).catch(() => undefined);
      expect(() => ring.take(frame)).toThrow(says);
    }
  });
});

describe('tables of which few rows are touched', () => {
  const members = [table([0, 7, 39]), table([]), table([7, 8, 20]), table([0, 7])];

  test('sums are those of whole tables, and the same bits on all', () => {
    for (const encoding of ['fp32', 'fp16', 'int8'] as const) {
      const own = members.map((one, rank) => gradients(one, rank + 1));
      const sum = own[0].map((_, i) => own.reduce((total, values) => total + values[i], 0));
      const packed = members.map((one, rank) => packRows(one, own[rank], encoding, undefined));
      for (const [rank, one] of members.entries()) {
        expect(packed[rank].byteLength).toBeLessThanOrEqual(mostBytes(one, encoding));
        const rows = addRows(one, packed, own[rank], encoding);
        expect([...rows].toSorted((a, b) => a - b)).toEqual([0, 7, 8, 20, 39]);
      }
      for (const values of own) expect(values).toEqual(own[0]);
      const tolerance = { fp32: 1e-6, fp16: 5e-3, int8: 0.1 }[encoding];
      for (const [i, value] of sum.entries()) expect(Math.abs(value - own[0][i])).toBeLessThan(tolerance);
    }
  });

  test('what int8 drops of a row comes with its next time', () => {
    const error = new Float32Array(150);
    const total = new Float32Array(150);
    const exact = new Float32Array(150);
    for (let step = 0; step < 40; step++) {
      const one = table([3, 11]);
      const own = gradients(one, step + 1);
      for (const [i, value] of own.entries()) exact[i] += value;
      addRows(one, [packRows(one, own, 'int8', error)], own, 'int8');
      for (const [i, value] of own.entries()) total[i] += value;
    }
    for (const [i, value] of total.entries()) expect(Math.abs(value - exact[i])).toBeLessThan(0.05);
  });

  test('rows that cannot be are refused by the name of who sent them', () => {
    const values = new Float32Array(150);
    const packed = packRows(table([1, 2]), gradients(table([1, 2]), 1), 'fp32', undefined);
    const order = packed.slice();
    new DataView(order.buffer).setUint32(4, 9, true);
    const beyond = packed.slice();
    new DataView(beyond.buffer).setUint32(8, 40, true);
    const nan = packed.slice();
    new DataView(nan.buffer).setFloat32(12, Number.NaN, true);
    const many = packed.slice();
    new DataView(many.buffer).setUint32(0, 41, true);
    const cases: [Uint8Array, RegExp][] = [
      [order, /member 1 sent row 2 out of its order/],
      [beyond, /row 40 out of its order/],
      [nan, /not finite/],
      [many, /41 rows of 40/],
      [packed.subarray(0, 20), /2 rows of 40 in 20 bytes/],
      [new Uint8Array(0), /in 0 bytes/],
    ];
    for (const [bad, says] of cases) expect(() => addRows(table([1]), [packed, bad], values, 'fp32')).toThrow(says);
  });

  test('what lies between tables is told in order', () => {
    expect(between([table([], { at: 20, count: 2, width: 5 }), table([], { at: 0, count: 5, width: 2 })], 40)).toEqual([
      [10, 20],
      [30, 40],
    ]);
    expect(between([], 7)).toEqual([[0, 7]]);
    expect(between([table([], { at: 0, count: 7, width: 1 })], 7)).toEqual([]);
  });
});
