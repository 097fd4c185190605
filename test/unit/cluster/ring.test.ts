import { describe, expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';
import { readFrame, frameHeader, type Frame, type FrameHead } from '../../../engine/cluster/link/frame.ts';
import { decode, denseEncodings, encode, encodedBytes } from '../../../engine/cluster/ring/codec.ts';
import { createRing, type Ring } from '../../../engine/cluster/ring/ring.ts';
import { Fault } from '../../../engine/schema/index.ts';

/** Members joined by queues, delivered in a seeded order that keeps each link's own. */
function circle(size: number, seed: number, options: Partial<Parameters<typeof createRing>[0]> = {}) {
  const random = rng(seed, 'ring');
  const links: Buffer[][] = Array.from({ length: size }, () => []);
  const sent = { bytes: 0 };
  const rings = links.map((_, rank) =>
    createRing({
      rank,
      size,
      generation: 1,
      chunk: 16,
      send(head: FrameHead, payload: Uint8Array) {
        sent.bytes += payload.byteLength;
        links[(rank + 1) % size]?.push(Buffer.concat([frameHeader(head, payload), payload]));
        return true;
      },
      ...options,
    }),
  );
  const deliver = () => {
    for (;;) {
      const full = links.flatMap((queue, rank) => (queue.length > 0 ? [rank] : []));
      if (full.length === 0) return;
      const rank = full[random.int(full.length)] ?? 0;
      rings[rank]?.take(readFrame(links[rank]?.shift() ?? Buffer.alloc(0)));
    }
  };
  return { rings, deliver, sent };
}

const values = (rank: number, length: number) => {
  const random = rng(rank + 1, 'values');
  return Float32Array.from({ length }, () => random.normal());
};

describe('all-reduce', () => {
  for (const size of [1, 2, 3, 4, 5]) {
    test(`${size} members end with the same bits, the sum of all`, async () => {
      for (const length of [1, 7, 16, 33, 1000]) {
        const { rings, deliver } = circle(size, length);
        const buffers = rings.map((_, rank) => values(rank, length));
        const sum = buffers[0]?.map((_, i) => buffers.reduce((all, own) => all + (own[i] ?? 0), 0));
        const done = Promise.all(rings.map((ring, rank) => ring.reduce(3, 0, buffers[rank] ?? new Float32Array(0))));
        deliver();
        await done;
        for (const own of buffers) expect(own).toEqual(buffers[0]);
        buffers[0]?.forEach((value, i) => expect(value).toBeCloseTo(sum?.[i] ?? Number.NaN, 5));
      }
    });
  }

  test('each member sends 2 (N − 1) / N of the buffer', async () => {
    const { rings, deliver, sent } = circle(4, 1);
    const done = Promise.all(rings.map((ring, rank) => ring.reduce(0, 0, values(rank, 4096))));
    deliver();
    await done;
    expect(sent.bytes).toBe(4 * 2 * (3 / 4) * 4096 * 4);
  });

  test('buffers overlap, and a member that is behind finds what came early', async () => {
    const { rings, deliver } = circle(3, 5);
    const buffers = rings.map((_, rank) => [values(rank, 100), values(rank + 10, 50)]);
    const first = [rings[0]?.reduce(0, 0, buffers[0]?.[0]), rings[0]?.reduce(0, 1, buffers[0]?.[1])];
    deliver();
    const rest = [1, 2].flatMap((rank) =>
      [1, 0].map((bucket) => rings[rank]?.reduce(0, bucket, buffers[rank]?.[bucket] as Float32Array)),
    );
    deliver();
    await Promise.all([...first, ...rest]);
    for (const bucket of [0, 1]) expect(buffers[2]?.[bucket]).toEqual(buffers[0]?.[bucket]);
  });

  for (const encoding of ['fp16', 'int8'] as const) {
    test(`${encoding}: equal bits on all, and what one step drops a later one brings`, async () => {
      const size = 3;
      const length = 500;
      const { rings, deliver } = circle(size, 9, { encoding });
      const errors = rings.map(() => new Float32Array(length));
      const total = new Float64Array(length);
      const exact = new Float64Array(length);
      const steps = 50;
      for (let step = 0; step < steps; step++) {
        const buffers = rings.map((_, rank) => values(rank * 100 + step, length));
        for (let i = 0; i < length; i++) for (const own of buffers) exact[i] = (exact[i] ?? 0) + (own[i] ?? 0);
        const done = Promise.all(
          rings.map((ring, rank) => ring.reduce(step, 0, buffers[rank] as Float32Array, travel(errors[rank]))),
        );
        deliver();
        await done;
        for (const own of buffers) expect(own).toEqual(buffers[0]);
        for (let i = 0; i < length; i++) total[i] = (total[i] ?? 0) + (buffers[0]?.[i] ?? 0);
      }
      // Without the errors kept, int8's would add up to √steps as much; with them it stays one step's.
      const worst = Math.max(...total.map((value, i) => Math.abs(value - (exact[i] ?? 0))));
      expect(worst).toBeLessThan(encoding === 'fp16' ? 0.02 : 0.2);
    });
  }
});

const travel = (error: Float32Array | undefined) => (error ? { error } : {});

describe('what a member may not send', () => {
  const head = (patch: Partial<FrameHead> = {}): FrameHead => ({
    kind: 'reduce',
    encoding: 'fp32',
    generation: 1,
    step: 0,
    bucket: 0,
    chunk: 2,
    ...patch,
  });
  const frame = (payload: Float32Array, patch?: Partial<FrameHead>): Frame => ({
    ...head(patch),
    payload: encode('fp32', payload),
  });
  const lone = (): { ring: Ring; done: Promise<void> } => {
    const ring = createRing({ rank: 0, size: 2, generation: 1, chunk: 8, send: () => true });
    const done = ring.reduce(0, 0, new Float32Array(32));
    done.catch(() => undefined);
    return { ring, done };
  };
  const cases: [string, Frame, RegExp][] = [
    ['NaN', frame(Float32Array.of(0, 0, 0, Number.NaN, 0, 0, 0, 0)), /member 1 sent numbers that are not finite/],
    ['infinity', frame(new Float32Array(8).fill(Infinity)), /not finite/],
    ['another length', frame(new Float32Array(9)), /takes 32 bytes as fp32, not 36/],
    ['a chunk beyond the buffer', frame(new Float32Array(8), { chunk: 4 }), /chunk 4 of 4/],
    ['its own chunk back', frame(new Float32Array(8), { chunk: 0 }), /began here/],
    ['another encoding', frame(new Float32Array(8), { encoding: 'int8' }), /int8 where fp32 was agreed/],
    ['a frame that is no sum', frame(new Float32Array(8), { kind: 'job' }), /kind job/],
  ];
  for (const [what, bad, says] of cases) {
    test(what, () => {
      expect(() => lone().ring.take(bad)).toThrow(says);
    });
  }

  test('the same chunk twice', () => {
    const { ring } = lone();
    ring.take(frame(new Float32Array(8)));
    expect(() => ring.take(frame(new Float32Array(8)))).toThrow(/chunk 2 twice/);
  });

  test('more than may wait for a buffer that is not here', () => {
    const ring = createRing({ rank: 0, size: 2, generation: 1, send: () => true, mostWaiting: 100 });
    ring.take(frame(new Float32Array(20), { step: 9 }));
    expect(() => ring.take(frame(new Float32Array(20), { step: 9, chunk: 3 }))).toThrow(/more than may wait/);
  });

  test('its own gradients that are not finite', async () => {
    const ring = createRing({ rank: 0, size: 2, generation: 1, send: () => true });
    await expect(ring.reduce(0, 0, Float32Array.of(Number.NaN))).rejects.toMatchObject({ code: 'diverged' });
  });

  test('a frame of a dead generation is dropped; an abort ends what waits', async () => {
    const { ring, done } = lone();
    ring.take(frame(new Float32Array(8).fill(Number.NaN), { generation: 0 }));
    ring.abort(new Fault('unreachable', 'member 1 left'));
    await expect(done).rejects.toThrow('member 1 left');
    await expect(ring.reduce(1, 0, new Float32Array(1))).rejects.toThrow('member 1 left');
  });
});

test('every encoding reads what it wrote, from any place in a buffer', () => {
  for (const encoding of denseEncodings) {
    for (const length of [0, 1, 3, 1024, 1025, 5000]) {
      const numbers = values(length, length);
      const payload = encode(encoding, numbers);
      expect(payload.byteLength).toBe(encodedBytes(encoding, length));
      const askew = new Uint8Array(payload.byteLength + 3);
      askew.set(payload, 3);
      const back = new Float32Array(length);
      back.set(decode(encoding, askew.subarray(3), back));
      expect(decode(encoding, payload, new Float32Array(length))).toEqual(back);
      const most = Math.max(1e-9, ...numbers.map(Math.abs));
      const tolerance = { fp32: 0, fp16: most * 2 ** -11, int8: most / 254 + 1e-6 }[encoding];
      numbers.forEach((value, i) => expect(Math.abs(value - (back[i] ?? 0))).toBeLessThanOrEqual(tolerance));
    }
  }
});
