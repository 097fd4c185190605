// Two trainers over real threads and TLS, with unequal shares, dropout and clipping: the losses of one machine with the whole batch.
import { afterEach, expect, test } from 'vitest';
import { rng } from '../../engine/base/index.ts';
import { openRoomMember, type RoomMember } from '../../engine/children/roomMember.ts';
import type { Generation } from '../../engine/schema/index.ts';
import { families, type Layout } from '../../engine/models/index.ts';
import { openBatches } from '../../engine/train/batches.ts';
import { compileTraining } from '../../engine/train/compile.ts';
import { evaluatePart } from '../../engine/train/evaluate.ts';
import { fit, type FitOptions, type FitState } from '../../engine/train/loop.ts';
import type { ModelRows } from '../../engine/train/rows.ts';
import { weightsHash } from '../../engine/train/weights.ts';

const layout: Layout = {
  dense: 6,
  parts: { numeric: 6, indicated: [], oneHot: [] },
  embedded: [],
  texts: [],
  sequences: [],
  image: null,
};
const random = rng(3, 'rows');
const labels = Int32Array.from({ length: 400 }, (_, i) => i % 3);
const data: ModelRows = {
  rows: 400,
  dense: Float32Array.from(
    { length: 400 * 6 },
    (_, i) => random.normal() + (i % 3 === labels[Math.floor(i / 6)] ? 1 : 0),
  ),
  denseWidth: 6,
  embedded: new BigInt64Array(0),
  embeddedWidth: 0,
  text: [],
  sequence: [],
  labels,
};
const options: FitOptions = { epochs: 3, patience: 3, learningRate: 0.02, schedule: { kind: 'cosine', warmup: 0.1 } };

const members: RoomMember<FitState>[] = [];
afterEach(() => Promise.all(members.splice(0).map((one) => one.close())));

async function parts() {
  const program = await compileTraining(families.mlp.build(layout, 3, { hidden: [32], dropout: 0.3 }, 3), {
    loss: 'cross_entropy',
    optimizer: { kind: 'adamw', weightDecay: 0.01 },
    clipNorm: 1,
    device: 'cpu',
    threads: 1,
    seed: 3,
  });
  const rows = Uint32Array.from({ length: data.rows }, (_, i) => i);
  const train = openBatches(data, rows.subarray(0, 320), { batchSize: 32, seed: 3 });
  const validation = openBatches(data, rows.subarray(320), { batchSize: 64, seed: 3 });
  return { program, train, evaluate: () => evaluatePart(program, validation, data) };
}

/** The loss of every step, and the weights at the end. */
async function run(
  averager?: Parameters<typeof fit>[0]['averager'],
  more: Partial<FitOptions> = {},
  stepped: (step: number) => void = () => undefined,
): Promise<{ losses: number[]; hash: string; score: number }> {
  const losses: number[] = [];
  const own = await parts();
  const { best } = await fit(
    { ...own, ...(averager ? { averager } : {}) },
    { ...options, ...more },
    {
      stepped(step, _epoch, loss) {
        losses.push(loss);
        stepped(step);
      },
    },
  );
  await own.program.dispose();
  return { losses, hash: weightsHash(best.weights), score: best.score };
}

async function room(
  shares: readonly number[],
  encoding: 'fp32' | 'int8' = 'fp32',
  more: Partial<FitOptions> = {},
  stepped: (member: number, step: number) => void = () => undefined,
) {
  const start = {
    name: 'trainer',
    host: '127.0.0.1',
    ports: [0, 0] as const,
    wires: { encoding, rounds: 'int8' as const },
  };
  const opened = await Promise.all(
    shares.map(() => openRoomMember<FitState>(start, { encode: () => new Uint8Array(0) })),
  );
  members.push(...opened);
  const ids = opened.map((one) => one.id);
  const founding: Generation = {
    number: 1,
    leader: ids[0] ?? '',
    members: ids.map((id, i) => ({ id, share: shares[i] ?? 0 })),
    voters: ids,
    step: 0,
    holders: ids,
    over: false,
  };
  const roster = opened.map(({ id, port }): [string, { host: string; port: number }] => [
    id,
    { host: '127.0.0.1', port },
  ]);
  return Promise.all(
    opened.map(async (one, i) => {
      const begun = await one.begin(roster, founding);
      return run(begun?.averager, more, (step) => stepped(i, step));
    }),
  );
}

test('fp32: the first 20 losses are those of one machine, within 1e-4, and both end with the same bits', async () => {
  const alone = await run();
  const [a, b] = await room([0.7, 0.3]);
  expect(a?.losses.length).toBe(alone.losses.length);
  for (let i = 0; i < 20; i++) expect(Math.abs((a?.losses[i] ?? 9) - (alone.losses[i] ?? 0))).toBeLessThan(1e-4);
  expect(a).toEqual(b);
  expect(members[0]?.figures()).toMatchObject({ checks: 3, steps: 30 });
  const rows = members.map((one) => one.figures().samples);
  expect(rows.reduce((sum, one) => sum + one, 0)).toBe(3 * 320);
  expect(Math.min(...rows)).toBeGreaterThan(0);
});

test('int8: a quarter of the bytes, close losses, the same bits on both', async () => {
  const alone = await run();
  const [a, b] = await room([0.5, 0.5], 'int8');
  expect(a).toEqual(b);
  const mean = (losses: readonly number[]) => losses.slice(-10).reduce((sum, loss) => sum + loss, 0) / 10;
  expect(Math.abs(mean(a?.losses ?? []) - mean(alone.losses))).toBeLessThan(0.05);
});

test('local rounds: a twentieth of the bytes, a like score, the same bits on both', async () => {
  const [first] = await room([0.7, 0.3]);
  const whole = members[0]?.figures().sent ?? 0;
  await Promise.all(members.splice(0).map((one) => one.close()));
  const [a, b] = await room([0.7, 0.3], 'fp32', { every: 10 });
  expect(a?.hash).toBe(b?.hash);
  expect(a?.losses.length).toBe(3);
  expect(Math.abs((a?.score ?? 0) - (first?.score ?? 9))).toBeLessThan(0.1);
  const rows = members.map((one) => one.figures().samples);
  expect(rows.reduce((sum, one) => sum + one, 0)).toBe(3 * 320);
  expect(members[0]?.figures()).toMatchObject({ steps: 30, every: 10, checks: 3 });
  // Words between members, and what they agree on, weigh most where models are this small.
  expect(members[0]?.figures().sent ?? whole).toBeLessThan(whole / 4);
});

test('a member lost in the middle of local rounds: the others take the round anew, and every sample counts once', async () => {
  const epochs = 60;
  const rows: number[] = [];
  const more = { every: 10, epochs, patience: epochs };
  const ended = room([0.4, 0.3, 0.3], 'fp32', more, (member, step) => {
    if (member !== 2 || step !== 200) return;
    rows.push(members[2]?.figures().samples ?? 0);
    void members[2]?.close();
    throw new Error('lost');
  });
  await expect(ended).rejects.toThrow('lost');
  await eventually(() => members.slice(0, 2).every((one) => one.figures().steps === epochs * 10));
  rows.push(...members.slice(0, 2).map((one) => one.figures().samples));
  expect(rows.reduce((sum, one) => sum + one, 0)).toBe(epochs * 320);
  expect(members[0]?.figures().members.length).toBe(2);
});

async function eventually(ask: () => boolean): Promise<void> {
  while (!ask()) await new Promise((soon) => setTimeout(soon, 20));
}
