// The real trainer, forked over real packs: what it says, writes and refuses, without an appliance around it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rng, silentLog } from '../../engine/base/index.ts';
import { readBundle } from '../../engine/bundle/index.ts';
import { spawnChild } from '../../engine/children/index.ts';
import { importDataset } from '../../engine/data/index.ts';
import {
  type ChildExit,
  type DatasetGrant,
  type FromTrainer,
  type PackGrant,
  type ToTrainer,
  trainRequest,
} from '../../engine/schema/index.ts';
import { openModelHost } from '../../engine/serve/index.ts';
import { openPack } from '../../engine/store/index.ts';

const gib = 1024 ** 3;
let dir: string;
let packs = 0;
let pets: DatasetGrant;
let petsWithoutWeight: DatasetGrant;

const grant = (): PackGrant => {
  const id = `pack${packs++}`;
  return { id, path: join(dir, `${id}.sqlite`), key: crypto.getRandomValues(new Uint8Array(32)) };
};

/** A table of cats and dogs: weight and sound tell them apart, some weights are missing. */
function petRows(rows: number): string[][] {
  const random = rng(3, 'pets');
  return Array.from({ length: rows }, (_, i) => {
    const isDog = i % 2 === 1;
    const weight = random.next() < 0.1 ? '' : ((isDog ? 20 : 5) + random.normal() * 4).toFixed(2);
    const sound = random.next() < 0.8 ? (isDog ? 'woof' : 'meow') : 'none';
    return [weight, sound, isDog ? 'dog' : 'cat', 'pet', (Number(weight) * 2 + 1).toFixed(2)];
  });
}

async function importTable(name: string, header: string[], rows: string[][]): Promise<DatasetGrant> {
  const path = join(dir, `${name}.csv`);
  writeFileSync(path, [header, ...rows].map((row) => row.join(',')).join('\n'));
  const pack = grant();
  const { shape, sha256 } = await importDataset({
    source: { kind: 'path', path },
    options: {},
    pack,
    threads: 1,
    memory: gib,
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  return { id: pack.id, name, sha256, shape, pack };
}

type Job = Extract<ToTrainer, { type: 'train' }>;

/** Runs a trainer to its end; `onMessage` may answer it. */
async function run(
  request: object,
  more: Partial<Job> = {},
  onMessage: (message: FromTrainer, send: (message: ToTrainer) => void) => void = () => undefined,
) {
  const bundle = grant();
  const child = spawnChild('trainer', { log: silentLog, memory: 4 * gib });
  const messages: FromTrainer[] = [];
  const exit = new Promise<ChildExit>((resolve) => child.onExit(resolve));
  child.onMessage((message) => {
    messages.push(message);
    onMessage(message, (answer) => child.send(answer));
  });
  child.send({
    type: 'train',
    runId: 'run1',
    publish: { name: 'pets', version: 1 },
    request: trainRequest.parse({ dataset: 'pets', target: 'kind', seed: 2, ...request }),
    dataset: pets,
    lease: { id: 'lease1', device: 'cpu', threads: 1, memory: 4 * gib },
    checkpointSeconds: 3600,
    bundle,
    spentMs: 0,
    ...more,
  });
  const { code } = await exit;
  const last = messages.at(-1);
  return { messages, last, code, bundle, fault: last?.type === 'failed' ? last.fault : undefined };
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'neutrino-trainer-'));
  const rows = petRows(300);
  pets = await importTable('pets', ['weight', 'sound', 'kind', 'group', 'food'], rows);
  petsWithoutWeight = await importTable(
    'light',
    ['sound', 'kind'],
    rows.map(([, sound, kind]) => [sound, kind]),
  );
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('a trainer', () => {
  it('tells its plan, progress and curves, and leaves a bundle that predicts', async () => {
    const { messages, last, code, bundle } = await run({ model: 'mlp', epochs: 8 });
    if (last?.type !== 'finished') throw new Error(JSON.stringify(last));
    expect(code).toBe(0);
    const plan = messages.find((message) => message.type === 'plan')?.plan;
    expect(plan).toMatchObject({
      task: 'binary',
      target: 'kind',
      family: 'mlp',
      epochs: 8,
      rows: { train: 240, validation: 30, test: 30 },
    });
    expect(plan?.features).toEqual([
      { column: 'weight', as: 'numeric' },
      { column: 'food', as: 'numeric' },
      { column: 'sound', as: 'category' },
    ]);
    const names = new Set(
      messages.flatMap((message) => (message.type === 'metrics' ? message.points : [])).map((p) => p.name),
    );
    expect([...names].sort()).toEqual(['lr', 'train.loss', 'val.accuracy', 'val.loss']);
    expect(last.report).toMatchObject({ task: 'binary', rows: 30, epochs: 8 });
    expect(last.stopped).toBe(false);
    const pack = openPack(bundle.path, bundle);
    const read = readBundle(pack);
    pack.close();
    expect(read.manifest).toEqual(last.manifest);
    const host = await openModelHost(read, { device: 'cpu', threads: 1 });
    const [cat, dog] = await host.predict([
      { weight: 4, sound: 'meow', food: 9 },
      { weight: 22, sound: 'woof', food: 45 },
    ]);
    expect([cat, dog]).toMatchObject([{ label: 'cat' }, { label: 'dog' }]);
    await host.dispose();
  });

  it('gives the same weights and report for the same seed', async () => {
    const [first, second] = await Promise.all([run({ epochs: 3 }), run({ epochs: 3 })]);
    if (first.last?.type !== 'finished' || second.last?.type !== 'finished') throw new Error('not finished');
    const { seconds: _a, ...one } = first.last.report;
    const { seconds: _b, ...two } = second.last.report;
    expect(one).toEqual(two);
    expect(one.weights).toMatch(/^[0-9a-f]{64}$/);
  });

  it('writes a checkpoint into the pack it is granted, and goes on from it to the same end', async () => {
    const undisturbed = await run({ model: 'mlp', epochs: 30 });
    const packs: PackGrant[] = [];
    const cut = await run({ model: 'mlp', epochs: 30 }, { checkpointSeconds: 0.05 }, (message, send) => {
      if (message.type === 'wantCheckpoint') {
        const pack = grant();
        packs.push(pack);
        send({ type: 'checkpointPack', pack });
      }
    });
    const checkpoints = cut.messages.flatMap((message) => (message.type === 'checkpoint' ? [message] : []));
    expect(checkpoints.length).toBeGreaterThan(0);
    const resume = packs.find(({ id }) => id === checkpoints[0].object);
    const resumed = await run({ model: 'mlp', epochs: 30 }, { ...(resume ? { resume } : {}), spentMs: 1000 });
    const reports = [undisturbed, cut, resumed].map(({ last }) => {
      if (last?.type !== 'finished') throw new Error(JSON.stringify(last));
      const { seconds: _seconds, ...report } = last.report;
      return report;
    });
    expect(reports[1]).toEqual(reports[0]);
    expect(reports[2]).toEqual(reports[0]);
  });

  it('stops when told to, with the best state so far', async () => {
    const { last } = await run({ model: 'mlp', epochs: 100_000 }, {}, (message, send) => {
      if (message.type === 'metrics') send({ type: 'stop' });
    });
    expect(last).toMatchObject({ type: 'finished', stopped: true });
  });

  it('ends within its budget with what it has', async () => {
    const began = performance.now();
    const { last } = await run({ model: 'mlp', epochs: 100_000, budget: '2s' });
    expect(last).toMatchObject({ type: 'finished', stopped: false });
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  it('tests on another dataset when one is given', async () => {
    const { last } = await run({ model: 'linear', epochs: 3, ignore: ['group'] }, { test: pets });
    expect(last).toMatchObject({ type: 'finished', report: { rows: 300 } });
  });
});

describe('a trainer refuses, in one line that says what to do,', () => {
  const refusals: [string, object, Partial<Job> | (() => Partial<Job>), { code: string; message: RegExp }][] = [
    ['an unknown target', { target: 'knd' }, {}, { code: 'bad_target', message: /knd.*"kind"/ }],
    ['a target with one class', { target: 'group' }, {}, { code: 'bad_target', message: /only one value/ }],
    ['an unknown column to ignore', { ignore: ['wieght'] }, {}, { code: 'bad_request', message: /wieght.*"weight"/ }],
    [
      'an unknown hyper-parameter',
      { model: 'mlp', hyper: { depth: 2 } },
      {},
      { code: 'bad_request', message: /"depth"/ },
    ],
    [
      'a device that is not there',
      { device: 'dml' },
      () => ({ lease: { id: 'l', device: 'dml', threads: 1, memory: 4 * gib } }),
      { code: 'no_device', message: /dml/ },
    ],
    [
      'a test dataset that lacks a column',
      {},
      () => ({ test: petsWithoutWeight }),
      { code: 'bad_data', message: /lacks columns.*weight/ },
    ],
    [
      'a run that outgrows its memory',
      {},
      () => ({ lease: { id: 'l', device: 'cpu', threads: 1, memory: 32 * 1024 ** 2 } }),
      { code: 'out_of_memory', message: /batch/ },
    ],
    [
      'a loss that runs away',
      { model: 'linear', learningRate: 100, optimizer: { kind: 'sgd' }, epochs: 5, target: 'food' },
      {},
      { code: 'diverged', message: /learning rate below 100/ },
    ],
  ];
  it.each(refusals)('%s', async (_, request, more, expected) => {
    const { fault, code } = await run(request, typeof more === 'function' ? more() : more);
    expect(fault).toMatchObject({ code: expected.code, message: expect.stringMatching(expected.message) });
    expect(fault?.message).not.toContain('\n');
    expect(code).toBe(0);
  });
});
