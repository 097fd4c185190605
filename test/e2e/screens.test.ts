// Takes the pictures of the README, when asked to: SCREENS=1. Real data, real runs; written to test/e2e/screens.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Place, Running } from '../app/parts/appliance.ts';
import { launchBrowser, noBrowser, openPage } from './parts/browser.ts';
import { keyFor, sample, serve } from './parts/pages.ts';

const folder = fileURLToPath(new URL('./screens/', import.meta.url));
const why = noBrowser ?? (process.env['SCREENS'] === '1' ? undefined : 'set SCREENS=1 to take them anew');

describe.skipIf(why)(`pictures${why ? ` (skipped: ${why})` : ''}`, () => {
  let place: Place;
  let running: Running;
  let browser: Browser;
  let secret: string;

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    ({ place, running } = await serve({ name: 'lab-3' }));
    secret = await keyFor(running, 'admin');
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await running?.stop();
    place?.remove();
  });

  const open = async (theme: 'light' | 'dark', locale = 'en'): Promise<Page> => {
    const { page } = await openPage(browser, running.url, {
      colorScheme: theme,
      locale,
      viewport: { width: 1280, height: 800 },
    });
    await page.goto(running.url);
    await page.getByLabel(/^(Key|密钥)$/).fill(secret);
    await page.keyboard.press('Enter');
    await page.getByRole('navigation').waitFor();
    return page;
  };
  const shoot = async (page: Page, name: string): Promise<void> => {
    await page.waitForTimeout(400);
    await page.screenshot({ path: `${folder}${name}.png` });
  };

  test('a live run, and every place around it', { timeout: 900_000 }, async () => {
    const { client } = running;
    const ids = new Map<string, string>();
    for (const name of ['digits', 'packages', 'iris']) {
      const { id } = await client.call('datasets.import', { body: { path: sample(`${name}.csv`) } });
      expect((await client.waitDataset(id)).state).toBe('ready');
      ids.set(name, id);
    }
    const finished = [];
    for (const seed of [1, 2]) {
      const { id } = await client.call('runs.create', {
        body: { dataset: 'iris', target: 'target', model: 'mlp', epochs: 60, seed },
      });
      finished.push(await client.waitRun(id));
    }
    await client.call('deployments.create', { body: { model: 'iris', name: 'iris' } });
    await client.call('alerts.create', {
      body: { name: 'iris drifts', when: { on: 'drift' }, tell: [{ to: 'desktop' }] },
    });

    const page = await open('light');
    const { id } = await client.call('runs.create', {
      body: { dataset: 'digits', target: 'target', model: 'mlp', epochs: 120, seed: 1 },
    });
    await page.goto(`${running.url}/#/runs/${id}`);
    const share = page.getByLabel('Where the run stands').locator('strong');
    await expect
      .poll(async () => Number.parseInt((await share.textContent()) ?? '0', 10), { timeout: 600_000, interval: 250 })
      .toBeGreaterThan(34);
    await page.getByRole('switch', { name: 'Log scale' }).click();
    await page.getByRole('slider', { name: 'Smoothing' }).focus();
    for (let step = 0; step < 30; step += 1) await page.keyboard.press('ArrowRight');
    await shoot(page, 'run');
    await page.goto(`${running.url}/#/`);
    await page.getByText('Devices').waitFor();
    await shoot(page, 'home');
    await page.goto(`${running.url}/#/datasets/${ids.get('packages')}`);
    await page.getByRole('table', { name: 'Rows of the dataset' }).waitFor();
    await shoot(page, 'dataset');
    await client.waitRun(id);
    await page.goto(`${running.url}/#/runs/${id}`);
    await page.getByRole('heading', { name: 'Report' }).scrollIntoViewIfNeeded();
    await page.getByRole('heading', { name: 'Report' }).evaluate((heading) => heading.scrollIntoView());
    await shoot(page, 'report');
    await page.locator('.heat td:not(.hit) button').first().click();
    await page.getByTestId('judged').evaluate((rows) => rows.scrollIntoView());
    await page.getByRole('img', { name: /^ROC: / }).waitFor();
    await shoot(page, 'misjudged');
    const places: [name: string, path: string][] = [
      ['datasets', '/datasets'],
      ['runs', '/runs'],
      ['groups', '/runs?group=dataset'],
      ['models', '/models'],
      ['model', `/models/${finished[0]?.model?.id}`],
      ['card', `/card/${finished[0]?.id}`],
      ['deployments', '/deployments'],
      ['room', '/room'],
      ['alerts', '/alerts'],
      ['keys', '/keys'],
      ['settings', '/settings'],
    ];
    for (const [name, path] of places) {
      await page.goto(`${running.url}/#${path}`);
      await page.locator('#content h1').waitFor();
      await expect.poll(() => page.locator('.waiting').count(), { timeout: 30_000 }).toBe(0);
      await shoot(page, name);
    }
    await page.goto(`${running.url}/#/datasets/${ids.get('iris')}`);
    await page.getByRole('button', { name: 'Train on this' }).click();
    await page.getByRole('dialog').waitFor();
    await shoot(page, 'train');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
    await shoot(page, 'palette');
    await page.context().close();
    const stranger = await openPage(browser, running.url, { viewport: { width: 1280, height: 800 } });
    await stranger.page.goto(running.url);
    await stranger.page.getByLabel('Key').waitFor();
    await shoot(stranger.page, 'login');
    await stranger.page.context().close();

    const dark = await open('dark', 'zh-CN');
    await dark.goto(`${running.url}/#/deployments/iris`);
    await dark.getByLabel('petal_length_cm').waitFor();
    await dark.locator('.answer-value').waitFor();
    await shoot(dark, 'deployment');
    await dark.goto(`${running.url}/#/compare/${finished.map((run) => run.id).join(',')}`);
    await dark.locator('.curve canvas').waitFor();
    await shoot(dark, 'compare');
    await dark.context().close();
  });
});
