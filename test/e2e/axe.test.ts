// Every screen in both themes and both languages before axe-core: nothing serious may be found (WCAG 2.1 A and AA).
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Place, Running } from '../app/parts/appliance.ts';
import { launchBrowser, noBrowser, openPage } from './parts/browser.ts';
import { keyFor, sample, serve } from './parts/pages.ts';

describe.skipIf(noBrowser)(`everybody can use it${noBrowser ? ` (skipped: ${noBrowser})` : ''}`, () => {
  let place: Place;
  let running: Running;
  let browser: Browser;
  let secret: string;
  const screens: [name: string, path: string][] = [];

  beforeAll(async () => {
    ({ place, running } = await serve());
    const { client } = running;
    secret = await keyFor(running, 'admin');
    browser = await launchBrowser();
    const { id } = await client.call('datasets.import', { body: { path: sample('iris.csv') } });
    await client.waitDataset(id);
    const runs: string[] = [];
    for (const seed of [1, 2]) {
      const run = await client.call('runs.create', {
        body: { dataset: id, target: 'target', model: 'mlp', epochs: 12, seed },
      });
      runs.push((await client.waitRun(run.id)).id);
    }
    const { model } = await client.waitRun(runs[0]);
    await client.call('deployments.create', { body: { model: 'iris', name: 'iris' } });
    await client.call('alerts.create', {
      body: { name: 'iris drifts', when: { on: 'drift' }, tell: [{ to: 'desktop' }] },
    });
    screens.push(
      ['home', '/'],
      ['datasets', '/datasets'],
      ['dataset', `/datasets/${id}`],
      ['runs', '/runs'],
      ['run', `/runs/${runs[0]}`],
      ['compare', `/compare/${runs.join(',')}`],
      ['runs in groups', '/runs?group=dataset'],
      ['card', `/card/${runs[0]}`],
      ['models', '/models'],
      ['model', `/models/${model?.id}`],
      ['deployments', '/deployments'],
      ['deployment', '/deployments/iris'],
      ['room', '/room'],
      ['alerts', '/alerts'],
      ['keys', '/keys'],
      ['settings', '/settings'],
      ['nowhere', '/nowhere'],
    );
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await running?.stop();
    place?.remove();
  });

  /** What axe finds of serious and critical, each with the first element. */
  const findings = async (page: Page, name: string): Promise<string[]> => {
    await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => undefined))));
    const found = await page.evaluate(() =>
      (window as unknown as { axe: typeof axe }).axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
      }),
    );
    return found.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) =>
          `${name}: ${id} (${nodes.length}) ${nodes[0]?.html.slice(0, 200)} ${nodes[0]?.failureSummary ?? ''}`,
      );
  };

  for (const [theme, locale] of [
    ['light', 'en'],
    ['dark', 'en'],
    ['light', 'zh-CN'],
    ['dark', 'zh-CN'],
  ] as const) {
    test(`nothing serious is found in ${theme}, ${locale}`, async () => {
      const { page, complaints } = await openPage(browser, running.url, { colorScheme: theme, locale });
      // The page's policy forbids strange scripts; Playwright evaluates beside it.
      await page.addInitScript({ content: axe.source });
      await page.goto(running.url);
      await page.locator('input[type="password"]').waitFor();
      const all = await findings(page, 'login');
      await page.locator('input[type="password"]').fill(secret);
      await page.keyboard.press('Enter');
      await page.getByRole('navigation').waitFor();
      for (const [name, path] of screens) {
        await page.goto(`${running.url}/#${path}`);
        await page.locator('#content h1').waitFor();
        await expect.poll(() => page.locator('.waiting').count(), { timeout: 30_000 }).toBe(0);
        all.push(...(await findings(page, name)));
      }
      for (const keys of ['Control+k', 't', '?']) {
        await page.keyboard.press(keys);
        await page.getByRole('dialog').waitFor();
        all.push(...(await findings(page, `dialog of ${keys}`)));
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      }
      expect(all).toEqual([]);
      expect(complaints).toEqual([]);
      await page.context().close();
    });
  }
});
