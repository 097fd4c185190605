// 10,000 runs in the browser, and a live run among 50 curves: the longest task of the page while they are listed, filtered,
// sorted, scrolled and compared, and how long an interaction takes until the next paint; the first paint and its script; how a
// table of 100,000 rows scrolls. Real Chromium over a real appliance.
// Run alone, after `npm run build`: node test/bench/app/screens.ts [--runs 10000] [--curves 50]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { startAppliance } from '../../../engine/appliance.ts';
import { rng } from '../../../engine/base/index.ts';
import { createClient } from '../../../engine/client/index.ts';
import { applianceConfig, trainRequest } from '../../../engine/schema/index.ts';
import { createVault } from '../../../engine/security/index.ts';
import { openStore } from '../../../engine/store/index.ts';
import { launchBrowser, openPage } from '../../e2e/parts/browser.ts';
import { sample } from '../../e2e/parts/pages.ts';

const { values: options } = parseArgs({
  options: { runs: { type: 'string', default: '10000' }, curves: { type: 'string', default: '50' } },
});
const count = Number(options.runs);
const curves = Number(options.curves);
const root = mkdtempSync(join(tmpdir(), 'neutrino-screens-'));
const dataDir = join(root, 'data');
const configDir = join(root, 'config');
const random = rng(1, 'screens');
const words = ['iris', 'churn', 'topics', 'prices', 'tickets', 'sensors', 'images', 'orders'];
const epochs = 200;

/** Runs with figures; those that will be compared have curves of two metrics and two parts. */
async function fill(): Promise<string[]> {
  const { vault } = await createVault(dataDir, { configDir });
  const store = openStore({ dir: dataDir, vault });
  const ids: string[] = [];
  store.transaction(() => {
    const experiment = store.experiments.insert({ state: 'open', name: 'default' });
    for (let i = 0; i < count; i++) {
      const name = words[random.int(words.length)];
      const { id } = store.runs.insert({
        state: i % 5 === 0 ? 'failed' : 'finished',
        name: `${name}-${i}`,
        parentId: experiment.id,
        request: trainRequest.parse({
          dataset: name,
          target: 'y',
          seed: i,
          learningRate: 10 ** -(1 + random.next() * 3),
        }),
        dataset: { id: `ds_${name}`, name, sha256: 'f'.repeat(64) },
        metrics: { 'val.loss': random.next(), 'val.accuracy': random.next(), 'train.loss': random.next() },
        startedAt: i,
        endedAt: i + 1000,
      });
      if (i >= count - curves + 1) ids.push(id);
    }
  });
  for (const [index, id] of ids.entries()) {
    const points = Array.from({ length: epochs }, (_, epoch) =>
      ['train.loss', 'val.loss', 'train.accuracy', 'val.accuracy'].map((name) => ({
        step: (epoch + 1) * 10,
        epoch: epoch + 1,
        name,
        value: Math.exp(-epoch / (30 + index)) + random.next() * 0.05,
        at: epoch * 100,
      })),
    ).flat();
    store.journal.append(id, points);
  }
  store.close();
  vault.lock();
  return ids;
}

interface Watch {
  /** Milliseconds of the longest task of the page's thread since the last look. */
  longest: number;
  /** Milliseconds from an input to the next paint, the worst since the last look. */
  slowest: number;
}

/** Begins to keep book of long tasks and of the time from inputs to paints. */
const watch = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const seen = { longest: 0, slowest: 0 };
    Object.assign(window, { seen });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.longest = Math.max(seen.longest, entry.duration);
    }).observe({ entryTypes: ['longtask'] });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.slowest = Math.max(seen.slowest, entry.duration);
    }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
  });

const rows: { what: string; 'longest task, ms': number; 'input to paint, ms': number; 'whole, ms': number }[] = [];
/** One thing that a person does, until the page shows it and is quiet. */
async function measure(page: Page, what: string, work: () => Promise<unknown>): Promise<void> {
  await page.waitForTimeout(300);
  await page.evaluate(() => Object.assign((window as unknown as { seen: Watch }).seen, { longest: 0, slowest: 0 }));
  const began = performance.now();
  await work();
  const whole = performance.now() - began;
  await page.waitForTimeout(400);
  const seen = await page.evaluate(() => (window as unknown as { seen: Watch }).seen);
  rows.push({
    what,
    'longest task, ms': Math.round(seen.longest),
    'input to paint, ms': Math.round(seen.slowest),
    'whole, ms': Math.round(whole),
  });
}

/** Milliseconds between frames while a table of 100,000 rows is rolled through and jumped about in. */
async function scrollRows(page: Page): Promise<void> {
  const file = join(root, 'rows.csv');
  const cells = (i: number) => [i, random.next().toFixed(4), words[i % 8], random.int(1000), i % 2 === 0, `text ${i}`];
  const lines = Array.from({ length: 100_000 }, (_, i) => cells(i).join(','));
  writeFileSync(file, ['id,score,kind,count,even,words', ...lines].join('\n'));
  const { id } = await client.call('datasets.import', { body: { path: file } });
  await client.waitDataset(id);
  const frame = page.locator('section.rows');
  await measure(page, 'open a dataset of 100,000 rows', async () => {
    await page.goto(`${appliance.url}/#/datasets/${id}`);
    await frame.getByRole('cell', { name: 'text 0', exact: true }).waitFor();
  });
  await frame.scrollIntoViewIfNeeded();
  const gaps = (turns: number, by: number) =>
    frame.evaluate(
      (element, [count, pixels]) =>
        new Promise<number[]>((resolve) => {
          const seen: number[] = [];
          let before = performance.now();
          const turn = (now: number): void => {
            seen.push(now - before);
            before = now;
            element.scrollTop += pixels;
            if (seen.length <= count) requestAnimationFrame(turn);
            else resolve(seen.slice(1));
          };
          requestAnimationFrame(turn);
        }),
      [turns, by] as const,
    );
  const told = (what: string, all: number[]): void => {
    const sorted = all.toSorted((a, b) => a - b);
    frames.push({
      what,
      'median frame, ms': Math.round(sorted[Math.floor(sorted.length / 2)]),
      'p95, ms': Math.round(sorted[Math.floor(sorted.length * 0.95)]),
      'longest, ms': Math.round(sorted.at(-1) ?? 0),
    });
  };
  await measure(page, 'roll through its rows', async () => told('roll, 120 pixels a frame', await gaps(300, 120)));
  await measure(page, 'jump to its end and read it', async () => {
    told('jump, 12,000 pixels a frame', await gaps(230, 12_000));
    await frame.getByRole('cell', { name: 'text 99999', exact: true }).waitFor();
  });
}
const frames: { what: string; 'median frame, ms': number; 'p95, ms': number; 'longest, ms': number }[] = [];

/** First contentful paint in a browser that knows nothing yet, ms, and the script that it took, bytes of gzip. */
async function firstPaint(): Promise<{ ms: number; script: number }> {
  const { page, scripts } = await openPage(browser, appliance.url);
  const { ticket } = await client.call('session.ticket', { body: {} });
  await page.goto(`${appliance.url}/#ticket=${ticket}`);
  await page.getByRole('navigation').waitFor();
  await page.waitForLoadState('networkidle');
  const ms = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0);
  await page.context().close();
  return { ms, script: [...scripts.values()].reduce((sum, size) => sum + size, 0) };
}

const ids = await fill();
const appliance = await startAppliance(applianceConfig.parse({ dataDir, port: 0 }), { configDir });
const client = createClient({ url: appliance.url, key: appliance.token });
const browser = await launchBrowser();
try {
  await firstPaint();
  const paints = [await firstPaint(), await firstPaint(), await firstPaint()].sort((a, b) => a.ms - b.ms);
  console.log(
    `first paint ${paints[1].ms.toFixed(0)} ms (of three), script ${(paints[1].script / 1024).toFixed(0)} KB of gzip`,
  );
  const { page } = await openPage(browser, appliance.url);
  const { ticket } = await client.call('session.ticket', { body: {} });
  await page.goto(`${appliance.url}/#ticket=${ticket}`);
  await page.getByRole('navigation').waitFor();
  await watch(page);
  const shown = (text: string | RegExp) => page.locator('.below').getByText(text).waitFor();
  await measure(page, `list ${count} runs`, async () => {
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    await shown(new RegExp(`${count.toLocaleString('en')} runs`));
    await page.locator('.table-body [role=row]').first().waitFor();
  });
  const frame = page.locator('.table-frame');
  await measure(page, 'scroll to the end of all of them', async () => {
    await frame.hover();
    for (;;) {
      const there = await frame.evaluate((element) => {
        element.scrollTop = element.scrollHeight;
        return Number(element.querySelector('.table-body [role=row]:last-child')?.getAttribute('aria-rowindex'));
      });
      if (there >= count) break;
      await page.waitForTimeout(20);
    }
  });
  await measure(page, 'scroll back by a thousand turns of the wheel', async () => {
    for (let turn = 0; turn < 100; turn += 1) await page.mouse.wheel(0, -1500);
  });
  await measure(page, 'sort by a metric', () =>
    page
      .getByRole('button', { name: 'Score' })
      .or(page.getByRole('button', { name: 'Name' }))
      .first()
      .click(),
  );
  await measure(page, 'filter by a state', async () => {
    await page.getByText('failed', { exact: true }).first().click();
    await shown(/2,000 runs|\d+ runs/);
  });
  await measure(page, 'type a search', async () => {
    await page.getByLabel('Search').last().pressSequentially('topics 77', { delay: 40 });
    await page.waitForTimeout(500);
  });

  await measure(page, 'put them together by dataset', async () => {
    await page.goto(`${appliance.url}/#/runs?group=dataset`);
    await page.locator('.table-body [role=row]').first().waitFor();
  });
  await scrollRows(page);

  const { id } = await client.call('datasets.import', { body: { path: sample('digits.csv') } });
  await client.waitDataset(id);
  const live = await client.call('runs.create', {
    body: { dataset: id, target: 'target', model: 'mlp', epochs: 4000 },
  });
  await measure(page, `open ${curves} runs side by side, one of them live`, async () => {
    await page.goto(`${appliance.url}/#/compare/${[live.id, ...ids].join(',')}`);
    await page.locator('.curve canvas').waitFor();
  });
  await expectLive(live.id);
  await measure(page, 'watch it grow for five seconds', () => page.waitForTimeout(5000));
  await measure(page, 'switch to a logarithmic scale and back, five times', async () => {
    for (let turn = 0; turn < 10; turn += 1) await page.getByRole('switch', { name: 'Log scale' }).click();
  });
  await measure(page, 'thirty steps of smoothing', async () => {
    await page.getByRole('slider', { name: 'Smoothing' }).focus();
    for (let step = 0; step < 30; step += 1) await page.keyboard.press('ArrowRight');
  });
  await measure(page, 'another metric and back', async () => {
    await page.getByText('accuracy', { exact: true }).first().click();
    await page.getByText('loss', { exact: true }).first().click();
  });
  await client.call('runs.stop', { params: { id: live.id }, body: {} });
  await client.waitRun(live.id);
} finally {
  await browser.close();
  await appliance.close();
  rmSync(root, { recursive: true, force: true });
}
console.table(rows);
console.table(frames);
console.log(JSON.stringify(rows));

async function expectLive(id: string): Promise<void> {
  for (;;) {
    const { points } = await client.call('runs.metrics', { params: { id } });
    if (points.length > 20) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
