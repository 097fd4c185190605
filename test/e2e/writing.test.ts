// A person trains a language model, tries it out in its page and watches it write.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Place, Running } from '../app/parts/appliance.ts';
import { launchBrowser, noBrowser, openPage } from './parts/browser.ts';
import { keyFor, serve } from './parts/pages.ts';

describe.skipIf(noBrowser)(`a model that writes${noBrowser ? ` (skipped: ${noBrowser})` : ''}`, () => {
  let place: Place;
  let running: Running;
  let browser: Browser;
  let secret: string;

  beforeAll(async () => {
    ({ place, running } = await serve());
    secret = await keyFor(running, 'admin');
    browser = await launchBrowser();
    const { client } = running;
    const animals = ['cat', 'dog', 'hen', 'cow'];
    const file = join(place.root, 'said.csv');
    const rows = Array.from(
      { length: 240 },
      (_, i) => `"the ${animals[i % 4]} says ${animals[i % 4]} ${animals[i % 4]}."`,
    );
    writeFileSync(file, ['text', ...rows].join('\n'));
    const { id } = await client.call('datasets.import', { body: { path: file } });
    await client.waitDataset(id);
    const hyper = { width: 32, layers: 1, inner: 64, heads: 2, vocabulary: 300, length: 32, dropout: 0 };
    const run = await client.call('runs.create', {
      body: { dataset: 'said', model: 'decoder', epochs: 8, batchSize: 16, learningRate: 1e-2, hyper, name: 'sayer' },
    });
    expect((await client.waitRun(run.id)).state).toBe('finished');
    await client.call('deployments.create', { body: { model: 'sayer', name: 'sayer' } });
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await running?.stop();
    place?.remove();
  });

  test('writes behind what was typed, and the report says how surely it predicts', { timeout: 120_000 }, async () => {
    const { page, complaints, strangers } = await openPage(browser, running.url);
    await page.goto(running.url);
    await page.getByLabel('Key').fill(secret);
    await page.keyboard.press('Enter');
    await page.getByRole('navigation').waitFor();
    await page.goto(`${running.url}/#/deployments/sayer`);
    await page.getByLabel('A beginning to go on from').fill('the hen says');
    await page.getByLabel('Temperature').fill('0');
    await page.getByRole('button', { name: 'Write' }).click();
    await page.getByText('It ended by itself.').waitFor();
    expect(await page.locator('.answer-text').textContent()).toBe('the hen says hen hen.');
    expect(await page.locator('.snippets pre').textContent()).toContain('"maxTokens": 100');
    await page.goto(`${running.url}/#/runs`);
    await page.getByRole('link', { name: 'sayer' }).first().click();
    await page.getByText('Bits per byte').waitFor();
    expect(complaints).toEqual([]);
    expect(strangers).toEqual([]);
  });
});
