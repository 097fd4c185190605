import { expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';
import { frameHeader, frameKinds, encodings, headerBytes, readFrame } from '../../../engine/cluster/link/frame.ts';
import { Fault } from '../../../engine/schema/index.ts';

const head = { kind: 'reduce', encoding: 'fp32', generation: 7, step: 1_000_000, bucket: 3, chunk: 41 } as const;
const wire = (payload: Uint8Array) => Buffer.concat([frameHeader(head, payload), payload]);

test('a frame comes back as it was sent', () => {
  const payload = Uint8Array.from({ length: 1000 }, (_, i) => i * 7);
  expect(readFrame(wire(payload))).toEqual({ ...head, payload });
  expect(readFrame(wire(new Uint8Array(0))).payload.byteLength).toBe(0);
});

test('every bit that changes on the way is noticed', () => {
  const message = wire(Uint8Array.from({ length: 64 }, (_, i) => i));
  for (let bit = 0; bit < message.length * 8; bit++) {
    const damaged = Buffer.from(message);
    damaged[bit >> 3] = damaged[bit >> 3] ^ (1 << (bit & 7));
    expect(() => readFrame(damaged), `bit ${bit}`).toThrow(Fault);
  }
});

test('100,000 made-up frames are refused by name and cost nothing', () => {
  const random = rng(11, 'frames');
  const before = process.memoryUsage().arrayBuffers;
  let taken = 0;
  for (let i = 0; i < 100_000; i++) {
    const message = new Uint8Array(random.int(headerBytes * 3));
    for (let b = 0; b < message.length; b++) message[b] = random.int(256);
    // Half begin like a frame, so that the later checks are reached.
    if (i % 2 && message.length >= headerBytes) {
      message.set([0x4e, 0x54, 0x46, 0x31, random.int(frameKinds.length), random.int(encodings.length), 0, 0]);
    }
    try {
      readFrame(message);
      taken++;
    } catch (error) {
      expect(error).toMatchObject({ code: 'bad_input' });
    }
  }
  expect(taken).toBe(0);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
});
