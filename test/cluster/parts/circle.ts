// Members of a run in one process: real rings and codecs, no sockets, equal shares. For what steps and rounds come to, not for time.
import { packDecision, readDecision } from '../../../engine/children/decision.ts';
import type { DenseEncoding } from '../../../engine/cluster/ring/codec.ts';
import { createRing, type Ring } from '../../../engine/cluster/ring/ring.ts';
import type { Averager } from '../../../engine/train/averager.ts';

export interface Circle<P> {
  averagers: Averager<P>[];
  /** Bytes that the first member sent, frame headers included. */
  readonly sent: number;
}

/** `count` members whose sums travel as `wires` says. */
export function openCircle<P>(
  count: number,
  wires: { encoding: DenseEncoding; rounds: DenseEncoding } = { encoding: 'fp32', rounds: 'int8' },
): Circle<P> {
  let sent = 0;
  const rings: Ring[] = Array.from({ length: count }, (_, rank) =>
    createRing({
      rank,
      size: count,
      generation: 1,
      send(head, payload) {
        if (rank === 0) sent += 32 + payload.byteLength;
        const frame = { ...head, payload: payload.slice() };
        queueMicrotask(() => rings[(rank + 1) % count]?.take(frame));
        return true;
      },
    }),
  );
  const averagers = rings.map((ring, rank): Averager<P> => {
    let own = 0;
    let error: { of: string; values: Float32Array } | undefined;
    const sum = async (values: Float32Array, exactFrom: number, round: boolean) => {
      const number = own++;
      const encoding = round ? wires.rounds : wires.encoding;
      const parts: Promise<void>[] = [];
      if (exactFrom > 0) {
        const of = `${encoding} ${round} ${exactFrom}`;
        if (encoding !== 'fp32' && error?.of !== of) error = { of, values: new Float32Array(exactFrom) };
        const how = encoding === 'fp32' || !error ? { encoding } : { encoding, error: error.values };
        parts.push(ring.reduce(number, 0, values.subarray(0, exactFrom), how));
      }
      parts.push(ring.reduce(number, 1, values.subarray(exactFrom), { encoding: 'fp32' }));
      await Promise.all(parts);
    };
    return {
      shared: true,
      share: (rows) => ({
        from: Math.round((rows * rank) / count),
        to: Math.round((rows * (rank + 1)) / count),
      }),
      async reduce({ buffer, exactFrom, steps }) {
        await sum(buffer, exactFrom, steps !== undefined);
        return { what: 'held', end: undefined };
      },
      async agree({ length, make, same }) {
        const hash = await same?.();
        const packed = packDecision(length, rank === 0 ? await make() : undefined, hash);
        await sum(packed, 0, false);
        return readDecision(packed, length, hash);
      },
    };
  });
  return {
    averagers,
    get sent() {
      return sent;
    },
  };
}
