import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { silentLog } from '../../../engine/base/index.ts';
import type { JobContext } from '../../../engine/jobs/context.ts';
import { createSpareImporter, type SpareImporter } from '../../../engine/jobs/spare.ts';
import { applianceConfig, type FromImporter } from '../../../engine/schema/index.ts';

let dir: string;
const opened: SpareImporter[] = [];
const open = (lasting: boolean) => {
  const config = applianceConfig.parse({ dataDir: dir });
  const spare = createSpareImporter({ config, log: silentLog, lasting } as unknown as JobContext, 0);
  opened.push(spare);
  return { spare, memory: config.limits.importerMemory };
};
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'neutrino-spare-'));
});
afterAll(() => {
  for (const spare of opened) spare.close();
  rmSync(dir, { recursive: true, force: true });
});

const isAlive = (pid: number | undefined) => {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
};

test('the importer that waits does the next import, and is not taken twice', async () => {
  const { spare, memory } = open(true);
  spare.wish();
  await vi.waitFor(() => expect(spare.waiting()).toBeTypeOf('number'));
  const pid = spare.waiting();
  const child = spare.take(memory);
  expect([child.pid, spare.waiting()]).toEqual([pid, undefined]);
  const path = join(dir, 'rows.csv');
  writeFileSync(path, `a,b\n${'1,x\n2,y\n'.repeat(20)}`);
  const pack = { id: 'obj_1', path: join(dir, 'rows.sqlite'), key: randomBytes(32) };
  const lease = { id: 'l', device: 'cpu', threads: 1, memory };
  const said = new Promise<FromImporter>((resolve) =>
    child.onMessage((message) => {
      if (message.type === 'imported' || message.type === 'failed') resolve(message);
    }),
  );
  child.send({ type: 'import', source: { kind: 'path', path }, options: {}, pack, lease });
  expect(await said).toMatchObject({ type: 'imported', shape: { rows: 40 } });
  child.kill();
}, 30_000);

test('none waits for an appliance of one command, one that died is not handed out, and none outlives the appliance', async () => {
  const { spare: none } = open(false);
  none.wish();
  const { spare, memory } = open(true);
  spare.wish();
  await vi.waitFor(() => expect(spare.waiting()).toBeTypeOf('number'));
  expect(none.waiting()).toBeUndefined();
  process.kill(spare.waiting() as number, 'SIGKILL');
  await vi.waitFor(() => expect(spare.waiting()).toBeUndefined());
  const fresh = spare.take(memory);
  expect(isAlive(fresh.pid)).toBe(true);
  fresh.kill();
  spare.wish();
  await vi.waitFor(() => expect(spare.waiting()).toBeTypeOf('number'));
  const last = spare.waiting();
  spare.close();
  await vi.waitFor(() => expect(isAlive(last)).toBe(false));
  spare.wish();
  expect(spare.waiting()).toBeUndefined();
}, 30_000);
