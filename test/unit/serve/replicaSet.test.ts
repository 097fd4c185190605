import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../../../engine/base/index.ts';
import { spawnChild } from '../../../engine/children/index.ts';
import {
  createReplicaSet,
  inferFromV2,
  inferToV2,
  type ReplicaSet,
  type ReplicaSetOptions,
  type ServedBundle,
} from '../../../engine/serve/index.ts';
import { type DeviceLease, Fault, type Manifest, type PredictInput } from '../../../engine/schema/index.ts';
import { flowerParts, noteParts, packOf, regressionParts, scratch } from '../bundle/sample.ts';

let place: ReturnType<typeof scratch>;
let first: ServedBundle;
let second: ServedBundle;
let broken: ServedBundle;
const sets: ReplicaSet[] = [];
const leases = new Set<DeviceLease>();

beforeAll(() => {
  place = scratch();
  const served = (id: string, version: number, bias: number): ServedBundle => ({
    model: { id, name: 'flowers', version },
    bundle: packOf(place.dir, id, flowerParts({ version, bias })).grant,
  });
  first = served('mdl_1', 1, 0);
  second = served('mdl_2', 2, 100);
  broken = served('mdl_3', 3, 0);
  writeFileSync(broken.bundle.path, 'not a pack');
});
afterAll(async () => {
  await Promise.all(sets.map((set) => set.stop(0)));
  expect(leases.size).toBe(0);
  place.remove();
});

/** Starting a host costs half a second, so that most tests share a set; each leaves it serving `first`. */
let shared: ReplicaSet;
beforeAll(async () => {
  shared = open({ slots: 1, queue: 3, hangMs: 1500 });
  manifest = await shared.serve(first);
});
let manifest: Manifest;

function open(options: Partial<ReplicaSetOptions> = {}): ReplicaSet {
  const set = createReplicaSet({
    min: 1,
    max: 1,
    spawn: (lease) => spawnChild('host', { log: silentLog, memory: lease.memory, data: true }),
    lease: () => {
      const lease: DeviceLease = { id: `lease_${leases.size}`, device: 'cpu', threads: 1, memory: 2 * 1024 ** 3 };
      leases.add(lease);
      return lease;
    },
    release: (lease) => void leases.delete(lease),
    ...options,
  });
  sets.push(set);
  return set;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
const pids = (set: ReplicaSet): number[] => set.status().replicas.map((replica) => replica.pid as number);
const readyPids = (set: ReplicaSet): number[] =>
  set
    .status()
    .replicas.filter((replica) => replica.state === 'ready')
    .map((replica) => replica.pid as number);
const gone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};
const labels = async (asked: ReturnType<ReplicaSet['predict']>): Promise<[string, number]> => {
  const { outputs, model } = await asked;
  const output = outputs[0];
  return ['label' in output ? output.label : '', model.version];
};
const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'answered',
    (error: unknown) => (error instanceof Fault ? error.code : String(error)),
  );
const red = { size: 0, colour: 'red' };

test('a row is answered with a label and a score for each class, a missing or unseen value included', async () => {
  const set = shared;
  const { outputs, model } = await set.predict([
    { size: 1, colour: 'blue' },
    { size: null, colour: 'red' },
    { size: -2, colour: 'never seen' },
  ]);
  const softmax = (logits: number[]) => {
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    return Object.fromEntries(
      logits.map((logit, i) => [manifest.classes[i], expect.closeTo(Math.exp(logit) / total, 6) as number]),
    );
  };
  expect(model).toEqual(first.model);
  expect(outputs).toEqual([
    { label: 'high', scores: softmax([-1, 0, 1]) },
    { label: 'high', scores: softmax([0, 0, 5]) },
    { label: 'low', scores: softmax([2, 0, -2]) },
  ]);
  expect(set.status()).toMatchObject({ state: 'ready', waiting: 0, model: first.model });
  expect(set.manifest).toEqual(manifest);
});

test('a regression is answered with values, and many rows come back in order', async () => {
  const set = open();
  await set.serve({
    model: { id: 'mdl_r', name: 'double', version: 1 },
    bundle: packOf(place.dir, 'mdl_r', regressionParts()).grant,
  });
  const { outputs } = await set.predict(Array.from({ length: 3000 }, (_, i) => ({ size: i })));
  expect(outputs).toEqual(Array.from({ length: 3000 }, (_, i) => ({ value: 2 * i + 1 })));
});

test('a model of one text takes bare texts, rows, and texts without a known word', async () => {
  const set = open();
  await set.serve({
    model: { id: 'mdl_t', name: 'notes', version: 1 },
    bundle: packOf(place.dir, 'mdl_t', noteParts()).grant,
  });
  const { outputs } = await set.predict(['Very good!', { note: 'bad, bad' }, 'neither', '', { note: null }]);
  const given = outputs.map((output) => ('label' in output ? output.label : undefined));
  expect(given).toEqual(['high', 'low', 'middle', 'middle', 'middle']);
});

test('a wrong input is refused by its number and column, and the host goes on', async () => {
  const set = shared;
  const refusal = async (inputs: PredictInput[]): Promise<string> => {
    const error = await set.predict(inputs).catch((caught: unknown) => caught);
    if (!(error instanceof Fault) || error.code !== 'bad_input') throw new Error(`not refused: ${String(error)}`);
    return error.message;
  };
  const many = Array.from({ length: 2000 }, (): PredictInput => red);
  expect(await refusal([red, { ...red, weight: 3 }])).toMatch(/inputs\[1\].*weight/);
  expect(await refusal([...many, { ...red, size: 'big' }])).toMatch(/inputs\[2000\].*size/);
  expect(await refusal([red, 'red and big'])).toMatch(/inputs\[1\]/);
  expect(await refusal([{ ...red, size: 1e38 * 10 }])).toMatch(/inputs\[0\]/);
  expect(await labels(set.predict([red]))).toEqual(['high', 1]);
  expect(set.status().crashes).toBe(0);
});

test('the graph’s own tensors go in and out by the Open Inference Protocol', async () => {
  const set = shared;
  const inputs = [
    { name: 'numeric', datatype: 'FP64', shape: [2, 1], data: [1, -1] },
    { name: 'category', datatype: 'BYTES', shape: [2, 1], data: ['red', 'blue'] },
  ];
  const { tensors, model } = await set.infer(inferFromV2({ inputs, outputs: [{ name: 'label' }] }, manifest));
  expect(inferToV2(model, tensors, '7')).toEqual({
    model_name: 'flowers',
    model_version: '1',
    id: '7',
    outputs: [{ name: 'label', datatype: 'BYTES', shape: [2], data: ['high', 'low'] }],
  });
});

test('questions that wait are run together, and a bad one among them is refused alone', async () => {
  const runs: { rows: number; asks: number }[] = [];
  const set = open({ slots: 1, onRan: ({ rows, asks }) => runs.push({ rows, asks }) });
  await set.serve(first);
  const answers = await Promise.all([
    labels(set.predict([red])),
    ...Array.from({ length: 3 }, () => labels(set.predict([red, red]))),
    codeOf(set.predict([{ size: 'wide', colour: 'red' }])),
  ]);
  expect(answers).toEqual([['high', 1], ['high', 1], ['high', 1], ['high', 1], 'bad_input']);
  // A busy machine makes the line cautious for a while; it must come to run questions together all the same.
  for (let wave = 0; wave < 100 && !runs.some(({ asks }) => asks > 1); wave++) {
    const good = await Promise.all(Array.from({ length: 5 }, () => labels(set.predict([red]))));
    expect(good).toEqual(good.map(() => ['high', 1]));
  }
  expect(runs.some(({ asks }) => asks > 1)).toBe(true);
});

test('tensors that wait are joined and parted again', async () => {
  const set = open({ slots: 1 });
  const held = await set.serve(first);
  const ask = async (sizes: number[]) => {
    const inputs = [
      { name: 'numeric', datatype: 'FP64', shape: [sizes.length, 1], data: sizes },
      { name: 'category', datatype: 'BYTES', shape: [sizes.length, 1], data: sizes.map(() => 'blue') },
    ];
    const { tensors, model } = await set.infer(inferFromV2({ inputs, outputs: [{ name: 'label' }] }, held));
    return inferToV2(model, tensors).outputs[0];
  };
  const label = (data: string[]) => ({ name: 'label', datatype: 'BYTES', shape: [data.length], data });
  expect(await Promise.all([ask([1]), ask([1, -1]), ask([-1]), ask([-1, 1, -1])])).toEqual([
    label(['high']),
    label(['high', 'low']),
    label(['low']),
    label(['low', 'high', 'low']),
  ]);
});

test('a killed host is replaced, and what it had not answered is asked again', async () => {
  const set = shared;
  const { crashes } = set.status();
  const [pid] = pids(set);
  process.kill(pid, 'SIGSTOP');
  const asked = Array.from({ length: 4 }, () => labels(set.predict([red])));
  process.kill(pid, 'SIGKILL');
  expect(await Promise.all(asked)).toEqual(asked.map(() => ['high', 1]));
  expect(set.status()).toMatchObject({ state: 'ready', crashes: crashes + 1 });
  expect(pids(set)).not.toContain(pid);
});

test('a host that hangs is ended and replaced', async () => {
  const set = shared;
  const [pid] = pids(set);
  process.kill(pid, 'SIGSTOP');
  expect(await labels(set.predict([red]))).toEqual(['high', 1]);
  expect(gone(pid)).toBe(true);
});

test('a host whose run has no end is ended once nobody waits for it any more', async () => {
  const set = open({ uselessMs: 300 });
  await set.serve(first);
  const [pid] = pids(set);
  process.kill(pid, 'SIGSTOP');
  expect(await codeOf(set.predict([red], { deadlineMs: 100 }))).toBe('timeout');
  await until(() => gone(pid));
  expect(await labels(set.predict([red]))).toEqual(['high', 1]);
});

test('an ask that ends two hosts is refused, and takes no other with it', async () => {
  let stopped: number | undefined;
  const set = open({
    onChange() {
      const fresh = readyPids(set).find((pid) => pid !== before);
      if (before === undefined || fresh === undefined || stopped !== undefined) return;
      stopped = fresh;
      process.kill(fresh, 'SIGSTOP');
    },
  });
  let before: number | undefined;
  await set.serve(first);
  before = pids(set)[0];
  process.kill(before, 'SIGSTOP');
  const bad = codeOf(set.predict([red]));
  process.kill(before, 'SIGKILL');
  await until(() => stopped !== undefined);
  const good = labels(set.predict([red]));
  process.kill(stopped as number, 'SIGKILL');
  expect(await bad).toBe('child_died');
  expect(await good).toEqual(['high', 1]);
});

test('another version takes over under load without a failed request', async () => {
  const set = open();
  await set.serve(first);
  const [old] = pids(set);
  const seen: [string, number][] = [];
  let swapped = false;
  const load = Array.from({ length: 8 }, async () => {
    for (let after = 0; after < 5; ) {
      seen.push(await labels(set.predict([red])));
      if (swapped) after++;
    }
  });
  await set.serve(second);
  swapped = true;
  expect(await labels(set.predict([red]))).toEqual(['low', 2]);
  await Promise.all(load);
  const answers = new Set(seen.map(([label, version]) => `${label} ${version}`));
  expect(answers).toEqual(new Set(['high 1', 'low 2']));
  await until(() => gone(old));
  expect(set.status()).toMatchObject({ state: 'ready', model: second.model, crashes: 0 });
});

test('a model that cannot be loaded leaves the one before it serving', async () => {
  const set = shared;
  expect(await codeOf(set.serve(broken))).toBe('corrupt');
  expect(await labels(set.predict([red]))).toEqual(['high', 1]);
  expect(set.status()).toMatchObject({ state: 'ready', model: first.model });
});

test('a first model that cannot be loaded says why and leaves no process', async () => {
  const set = open();
  expect(await codeOf(set.serve(broken))).toBe('corrupt');
  expect(set.status()).toMatchObject({ state: 'failed', replicas: [], error: { code: 'corrupt' } });
  expect(await codeOf(set.predict([red]))).toBe('not_running');
});

test('a set that is stopped while its first model loads ends the load and its process', async () => {
  const set = open();
  const serving = codeOf(set.serve(first));
  await until(() => pids(set).length === 1);
  const [pid] = pids(set);
  await set.stop(0);
  expect([await serving, gone(pid)]).toEqual(['cancelled', true]);
});

test('a full queue refuses, a deadline and a client that leaves end the wait, the rest is answered', async () => {
  const set = shared;
  const [pid] = pids(set);
  process.kill(pid, 'SIGSTOP');
  const leaver = new AbortController();
  const running = labels(set.predict([red]));
  const leaving = codeOf(set.predict([red], { signal: leaver.signal }));
  // Less than a busy machine's time for two rows would be refused at once; a host without a sign of life for 1.5 s is replaced.
  const late = codeOf(set.predict([red], { deadlineMs: 600 }));
  const waiting = labels(set.predict([red]));
  expect(set.status().waiting).toBe(3);
  expect(await codeOf(set.predict([red]))).toBe('too_many_requests');
  leaver.abort();
  expect(await Promise.all([leaving, late])).toEqual(['cancelled', 'timeout']);
  expect(await codeOf(set.predict([red], { signal: leaver.signal }))).toBe('cancelled');
  expect(set.status().waiting).toBe(1);
  process.kill(pid, 'SIGCONT');
  expect(await Promise.all([running, waiting])).toEqual([
    ['high', 1],
    ['high', 1],
  ]);
  expect(pids(set)).toEqual([pid]);
});

test('waiting asks start another replica, up to the most that are allowed', async () => {
  const set = open({ slots: 1, max: 2, scaleUpMs: 20 });
  await set.serve(first);
  const [pid] = pids(set);
  process.kill(pid, 'SIGSTOP');
  const stuck = labels(set.predict([red]));
  expect(await labels(set.predict([red]))).toEqual(['high', 1]);
  expect(pids(set)).toHaveLength(2);
  process.kill(pid, 'SIGCONT');
  expect(await stuck).toEqual(['high', 1]);
});

test('with no replica to keep, an idle set runs none and the next ask starts one', async () => {
  const set = open({ min: 0, idleMs: 40 });
  await set.serve(first);
  await until(() => pids(set).length === 0);
  expect(set.status()).toMatchObject({ state: 'ready', crashes: 0 });
  expect(await labels(set.predict([red]))).toEqual(['high', 1]);
});

test('several replicas are ready before the set is and share the work; stopping answers what runs and ends them', async () => {
  const set = open({ min: 2, max: 2, slots: 1 });
  await set.serve(first);
  const both = readyPids(set);
  await Promise.all(Array.from({ length: 40 }, () => set.predict([red])));
  const answered = set.status().replicas.map((replica) => replica.answered);
  expect(answered.reduce((sum, count) => sum + count, 0)).toBe(40);
  expect(Math.min(...answered)).toBeGreaterThan(0);
  const running = labels(set.predict([red]));
  const stopping = set.stop();
  expect(await codeOf(set.predict([red]))).toBe('not_running');
  await stopping;
  expect(await running).toEqual(['high', 1]);
  expect([both.length, both.every(gone), set.status().state]).toEqual([2, true, 'stopped']);
});
