import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, makePlace, type Place, type Running } from './parts/appliance.ts';

let place: Place;
let running: Running;
beforeAll(async () => {
  place = makePlace();
  running = await launch(place);
});
afterAll(async () => {
  await running.stop();
  place.remove();
});

const lines = Array.from({ length: 240 }, (_, i) => {
  const kind = i % 2 === 0 ? 'sport' : 'cooking';
  const text =
    i % 2 === 0
      ? `the team won match number ${i} in the big stadium`
      : `bake the cake number ${i} in a hot oven with sugar`;
  const person = i % 5 === 0 ? ` says Maria Lopez at maria.lopez${i}@mail.example` : '';
  return `${text}${person},${i % 40 === 7 ? '' : kind},${kind === 'sport' ? 'S' : 'C'}`;
});

async function importText(name: string, content: string, options: object = {}) {
  const path = join(place.root, `${name}.csv`);
  writeFileSync(path, content);
  const { id } = await running.client.call('datasets.import', { body: { path, name, options } });
  return running.client.waitDataset(id, () => undefined);
}

describe('quality of a dataset, over the API', () => {
  const id = 'notes';
  test('a profile names the column that gives the target away', async () => {
    const dataset = await importText(id, `text,label,code\n${lines.join('\n')}\n`);
    expect(dataset.state).toBe('ready');
    const profile = await running.client.call('datasets.profile', { params: { id }, query: { target: 'label' } });
    const leak = profile.findings.find(({ code, column }) => code === 'leakage' && column === 'code');
    expect(leak).toMatchObject({
      severity: 'high',
      column: 'code',
      fix: { op: 'drop', columns: ['code'] },
      ignore: 'code',
    });
    expect(profile.findings.map(({ code }) => code)).toContain('missing_target');
  });

  test('steps are tried, kept, applied, taken back and taken up again; versions name their content', async () => {
    await expect(
      running.client.call('datasets.recipe.add', {
        params: { id },
        body: { steps: [{ op: 'drop', columns: ['nope'] }] },
      }),
    ).rejects.toMatchObject({ code: 'bad_request' });
    const first = await running.client.call('datasets.show', { params: { id } });
    const view = await running.client.call('datasets.recipe.add', {
      params: { id },
      body: { steps: [{ op: 'drop', columns: ['code'] }] },
    });
    expect(view).toMatchObject({ version: 1, base: 1, clean: false, says: ['drop "code"'] });
    const second = await running.client.call('datasets.recipe.apply', { params: { id }, body: {} });
    expect(second).toMatchObject({ version: 2, shape: { rows: 240 } });
    expect(second.shape?.columns.map(({ name }) => name)).toEqual(['text', 'label']);
    expect(second.sha256).not.toBe(first.sha256);
    await running.client.call('datasets.recipe.undo', { params: { id }, body: {} });
    const back = await running.client.call('datasets.recipe.apply', { params: { id }, body: {} });
    expect(back).toMatchObject({ version: 1, sha256: first.sha256, object: first.object });
    const again = await running.client.call('datasets.versions.use', { params: { id, version: 2 }, body: {} });
    expect(again).toMatchObject({ version: 2, sha256: second.sha256 });
    const rows = await running.client.call('datasets.rows', { params: { id }, query: {} });
    expect(rows.columns).toEqual(['text', 'label']);
  });

  test('masking: the estimate first, then a version, then the originals are forgotten', async () => {
    const report = await running.client.call('datasets.sensitive', { params: { id }, body: { action: 'redact' } });
    const [text] = report.columns;
    expect(text?.column).toBe('text');
    expect(text?.kinds.map(({ kind, found }) => [kind, found])).toEqual([
      ['email', 48],
      ['name', 48],
    ]);
    expect(text?.kinds.every(({ confidence }) => confidence > 0.8)).toBe(true);
    expect(text?.examples[0]?.after).toContain('says [NAME] at [EMAIL]');
    await running.client.call('datasets.recipe.add', {
      params: { id },
      body: { steps: [{ op: 'mask', action: 'replace' }] },
    });
    const masked = await running.client.call('datasets.recipe.apply', { params: { id }, body: {} });
    expect(masked.version).toBe(3);
    const kept = await running.client.call('datasets.versions.forget', { params: { id }, body: {} });
    expect(kept.versions?.map(({ version }) => version)).toEqual([3]);
    const { rows } = await running.client.call('datasets.rows', { params: { id }, query: { limit: 240 } });
    expect(JSON.stringify(rows)).not.toMatch(/Lopez|mail\.example/);
    await expect(
      running.client.call('datasets.versions.use', { params: { id, version: 1 }, body: {} }),
    ).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  test('labels are set, kept apart, applied as a version, and runs name the version they used', async () => {
    const missing = await running.client.call('datasets.labels.list', { params: { id }, query: { column: 'label' } });
    expect(missing).toMatchObject({ total: 6, of: 240, pending: 0, labels: ['sport', 'cooking'] });
    expect(missing.rows.map(({ row }) => row)).toEqual([7, 47, 87, 127, 167, 207]);
    const values = missing.rows.map(({ row }) => ({ row, value: 'cooking' }));
    expect(
      await running.client.call('datasets.labels.set', { params: { id }, body: { column: 'label', values } }),
    ).toEqual({
      set: 6,
      pending: 6,
    });
    await running.client.call('datasets.labels.set', {
      params: { id },
      body: { column: 'label', values: [{ row: 7, value: 'sport' }] },
    });
    await running.client.call('datasets.labels.set', {
      params: { id },
      body: { column: 'label', values: [{ row: 7, value: 'cooking' }] },
    });
    expect(
      (await running.client.call('datasets.labels.list', { params: { id }, query: { column: 'label' } })).total,
    ).toBe(0);
    const history = await running.client.call('datasets.labels.history', { params: { id }, query: { row: 7 } });
    expect(history.items.map(({ from, to, applied }) => [from, to, applied])).toEqual([
      ['sport', 'cooking', false],
      ['cooking', 'sport', false],
      [null, 'cooking', false],
    ]);
    const made = await running.client.call('datasets.labels.apply', { params: { id }, body: {} });
    expect(made.version).toBe(4);
    expect(made.shape?.columns.find(({ name }) => name === 'label')?.missing).toBe(0);
    const run = await running.client.call('runs.create', {
      body: { dataset: `${id}@4`, target: 'label', model: 'linear', epochs: 3, seed: 1 },
    });
    expect(run.dataset).toMatchObject({ name: id, version: 4, sha256: made.sha256 });
    const done = await running.client.waitRun(run.id, () => undefined);
    expect(done.error).toBeUndefined();
    expect(done.state).toBe('finished');
    const unsure = await running.client.call('datasets.labels.list', {
      params: { id },
      query: { column: 'label', show: 'unsure', model: done.model?.name ?? '', limit: 5 },
    });
    expect(unsure.rows).toHaveLength(5);
    const sure = unsure.rows.map(({ confidence }) => confidence ?? 0);
    expect(sure).toEqual(sure.toSorted((a, b) => a - b));
  });

  test('masking before anything is stored: no file of the data directory ever holds the original', async () => {
    const dataset = await importText(
      'masked',
      `name,text\n${Array.from({ length: 60 }, (_, i) => `Zebulon Quartermaine,writes from zq${i}@secret-mail.example today about things`).join('\n')}\n`,
      { mask: { action: 'redact' } },
    );
    expect(dataset).toMatchObject({ state: 'ready', options: { mask: { action: 'redact' } } });
    const { rows } = await running.client.call('datasets.rows', { params: { id: 'masked' }, query: {} });
    expect(JSON.stringify(rows)).not.toMatch(/Quartermaine|secret-mail/);
  });

  test('deleting a dataset takes its versions and its labels along', async () => {
    const { client } = running;
    await client.call('datasets.delete', { params: { id } });
    await expect(client.call('datasets.labels.history', { params: { id }, query: {} })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});
