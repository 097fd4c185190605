// The whole story in a real browser over a real appliance: in with a key, a file, a model, a curve that moves, an
// endpoint, an answer. With SCREENS=1 it also takes the pictures of the README (see screens.test.ts).
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Place, Running } from '../app/parts/appliance.ts';
import { launchBrowser, noBrowser, openPage, type Watched } from './parts/browser.ts';
import { keyFor, sample, serve } from './parts/pages.ts';

describe.skipIf(noBrowser)(`from a file to an endpoint${noBrowser ? ` (skipped: ${noBrowser})` : ''}`, () => {
  let place: Place;
  let running: Running;
  let browser: Browser;
  let story: Watched;
  let secret: string;

  beforeAll(async () => {
    ({ place, running } = await serve());
    secret = await keyFor(running, 'admin');
    browser = await launchBrowser();
    story = await openPage(browser, running.url);
  });
  afterAll(async () => {
    await browser?.close();
    await running?.stop();
    place?.remove();
  });

  test('a wrong key is refused in words, the right one opens the app', async () => {
    const { page } = story;
    await page.goto(running.url);
    await page.getByLabel('Key', { exact: true }).fill('nk_0000000000000000_00');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toContain('You are not logged in');
    story.complaints.length = 0;

    await page.getByLabel('Key', { exact: true }).fill(secret);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Begin here' }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await page.evaluate(() => document.cookie)).toBe('');
  });

  test('the first screen loads at most 250 KB of script', async () => {
    await story.page.waitForLoadState('networkidle');
    const bytes = [...story.scripts.values()].reduce((sum, size) => sum + size, 0);
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThanOrEqual(250 * 1024);
  });

  test('an imported file shows its columns and rows', async () => {
    const { page } = story;
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Import a file' }).click();
    await (await chooser).setFiles(sample('iris.csv'));
    await page.waitForURL(/#\/datasets\/.+/);
    await page.getByText('150 rows × 5 columns').waitFor();
    const columns = page.getByRole('table').first();
    expect(await columns.getByRole('rowheader').allTextContents()).toEqual([
      'sepal_length_cm',
      'sepal_width_cm',
      'petal_length_cm',
      'petal_width_cm',
      'targetTarget',
    ]);
    const rows = page.getByRole('table', { name: 'Rows of the dataset' });
    await rows.getByRole('cell', { name: 'virginica' }).first().waitFor();
    expect(await rows.getByRole('row').nth(1).getByRole('cell').allTextContents()).toEqual([
      '1',
      '6',
      '3',
      '4.8',
      '1.8',
      'virginica',
    ]);
  });

  test('a reload keeps the tab that is open and what the train dialog was filled with', async () => {
    const { page } = story;
    await page.getByRole('tab', { name: 'Labels' }).click();
    await page.getByRole('button', { name: 'Train on this' }).click();
    const dialog = page.getByRole('dialog', { name: 'Train a model' });
    await dialog.getByRole('button', { name: 'All settings' }).click();
    await dialog.getByLabel('Name of the model').fill('flowers');
    await page.reload();
    expect(await dialog.getByLabel('Name of the model').inputValue()).toBe('flowers');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await page.getByRole('tab', { selected: true }).textContent()).toBe('Labels');
    // What was put aside can be taken up again; a fresh dialog is empty.
    await page.getByRole('button', { name: 'Undo' }).click();
    expect(await dialog.getByLabel('Name of the model').inputValue()).toBe('flowers');
    await dialog.getByLabel('Name of the model').fill('');
    await page.keyboard.press('Escape');
    await page.getByRole('tab', { name: 'Overview' }).click();
  });

  test('three choices start a run, and its curve moves until there is a report', async () => {
    const { page } = story;
    await page.getByRole('button', { name: 'Train on this' }).click();
    const dialog = page.getByRole('dialog', { name: 'Train a model' });
    await dialog.waitFor();
    expect(await dialog.getByRole('combobox', { name: 'Predict' }).inputValue()).toBe('target · category');
    // One network in place of a search: its curve moves with every epoch.
    await dialog.getByText('2m', { exact: true }).waitFor();
    await dialog.getByRole('button', { name: 'All settings' }).click();
    await dialog.getByRole('combobox', { name: 'Family' }).click();
    await page.getByRole('option', { name: 'ft-transformer', exact: true }).click();
    await dialog.getByText('Until done', { exact: true }).waitFor();
    // Watched from before it starts: a small network is done in a second.
    await page.evaluate(() => {
      const seen = new Set<string>();
      Object.assign(window, { seen });
      const note = () => {
        const label = document.querySelector('.curve')?.getAttribute('aria-label');
        if (label) seen.add(label);
      };
      note();
      new MutationObserver(note).observe(document.body, { subtree: true, childList: true, attributes: true });
    });
    await dialog.getByRole('button', { name: 'Start training' }).click();
    await page.waitForURL(/#\/runs\/.+/);
    const curve = page.getByRole('img', { name: /^loss\./ });
    await curve.waitFor({ timeout: 90_000 });
    await page.getByRole('heading', { name: 'Report' }).waitFor({ timeout: 150_000 });
    const seen = await page.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen]);
    expect(seen.length).toBeGreaterThan(2);
    expect(await page.locator('.state').first().textContent()).toBe('finished');
    expect(await page.locator('.scores tbody th').allTextContents()).toEqual(['setosa', 'versicolor', 'virginica']);
    const hits = await page.locator('.heat td.hit').allTextContents();
    expect(hits.map(Number).reduce((sum, hit) => sum + hit, 0)).toBeGreaterThanOrEqual(12);
  });

  test('a cell of the confusion matrix opens its rows, which a reload keeps open', async () => {
    const { page } = story;
    const judged = page.getByTestId('judged');
    const cell = page.locator('.heat td.hit button').first();
    const count = Number(await cell.textContent());
    await cell.click();
    await judged.getByRole('heading', { name: 'setosa, rightly, the least sure first' }).waitFor();
    await expect.poll(() => judged.locator('tbody tr').count()).toBe(Math.min(10, count));
    expect(new Set(await judged.locator('tbody td:last-child').allTextContents())).toEqual(new Set(['setosa']));
    await page.reload();
    await judged.getByRole('heading', { name: 'setosa, rightly, the least sure first' }).waitFor();
    await page.getByRole('img', { name: /^ROC: / }).waitFor();
    await page.getByRole('img', { name: /^Precision over recall: / }).waitFor();
  });

  test('the model is served in two clicks and answers by hand as it does over REST', async () => {
    const { page } = story;
    await page
      .getByRole('button', { name: 'Model iris@1' })
      .or(page.getByRole('link', { name: 'Model iris@1' }))
      .click();
    await page.getByRole('list', { name: 'Where this model comes from and where it goes' }).waitFor();
    const dragged = await page.getByRole('link', { name: 'Export' }).evaluate((link) => {
      const dataTransfer = new DataTransfer();
      link.dispatchEvent(new DragEvent('dragstart', { dataTransfer, bubbles: true }));
      return dataTransfer.getData('DownloadURL');
    });
    expect(dragged).toMatch(
      /^application\/octet-stream:iris-1\.neutrino:http:\/\/127\.0\.0\.1:\d+\/api\/v1\/models\/[^/]+\/export$/,
    );
    await page.getByRole('button', { name: 'Deploy', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Deploy', exact: true }).click();
    await page.waitForURL(/#\/deployments\/iris/);
    await page.getByLabel('petal_length_cm').waitFor({ timeout: 60_000 });
    const row = { sepal_length_cm: 4.9, sepal_width_cm: 3.1, petal_length_cm: 1.5, petal_width_cm: 0.1 };
    for (const [name, value] of Object.entries(row)) await page.getByLabel(name).fill(String(value));
    const answer = page.locator('.answer-value');
    await expect.poll(() => answer.textContent(), { timeout: 20_000 }).toBe('setosa');
    const { outputs } = await running.client.call('deployments.predict', {
      params: { name: 'iris' },
      body: { inputs: [row] },
    });
    expect(outputs).toMatchObject([{ label: 'setosa' }]);
    const shell = await page.getByLabel('Call it from code').textContent();
    expect(shell).toContain('"petal_length_cm": 1.5');
    expect(shell).not.toContain(secret);
  });

  test('a second version takes a share of the traffic, which a slider moves', async () => {
    const { page } = story;
    const { client } = running;
    const { id } = await client.call('runs.create', {
      body: { dataset: 'iris', target: 'target', model: 'naive-bayes', name: 'iris' },
    });
    const { model } = await client.waitRun(id);
    await page.goto(`${running.url}/#/models/${model?.id}`);
    await page.getByRole('button', { name: 'Deploy', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Share it', { exact: true }).first().click();
    await dialog.getByRole('button', { name: 'Share it' }).click();
    const slider = page.getByRole('slider', { name: 'Traffic of iris@2' });
    await slider.focus({ timeout: 60_000 });
    for (let step = 0; step < 4; step += 1) await page.keyboard.press('ArrowLeft');
    const weights = async () => {
      const { variants } = await client.call('deployments.status', { params: { name: 'iris' } });
      return variants.map(({ role, weight }) => [role, weight]);
    };
    await expect.poll(weights, { timeout: 20_000 }).toEqual([
      ['stable', 70],
      ['split', 30],
    ]);
  });

  test('a deletion vanishes at once and can be taken back', async () => {
    const { page } = story;
    await page.goto(`${running.url}/#/datasets`);
    const link = page.getByRole('link', { name: 'iris', exact: true });
    await link.waitFor();
    await page.getByRole('button', { name: 'Delete dataset iris' }).click();
    await link.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Undo' }).click();
    await link.waitFor();
    expect((await running.client.call('datasets.list', { query: {} })).total).toBe(1);
  });

  test('a file dropped anywhere is imported; one that cannot be read says why', async () => {
    const { page } = story;
    const drop = (name: string, text: string) =>
      page.evaluate(
        ([file, content]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([content], file));
          for (const type of ['dragenter', 'dragover', 'drop']) {
            document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
          }
        },
        [name, text] as const,
      );
    await drop('prices.csv', `size,price\n${Array.from({ length: 40 }, (_, i) => `${i},${i * 2.5}`).join('\n')}\n`);
    await page.getByRole('heading', { name: 'prices' }).waitFor();
    await page.getByText('40 rows × 2 columns').waitFor();
    await drop('empty.csv', '');
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toContain('The file cannot be read as data');
    story.complaints.length = 0;
  });

  test('a new key’s secret is shown once and works, and the audit chain is intact', async () => {
    const { page } = story;
    await page.goto(`${running.url}/#/keys`);
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByRole('dialog').getByLabel('What is it for?').fill('the shop');
    await page.getByRole('dialog').getByRole('button', { name: 'New key' }).click();
    const made = (await page.getByTestId('secret').textContent()) ?? '';
    const answer = await fetch(`${running.url}/api/v1/deployments/iris/predict`, {
      method: 'POST',
      headers: { authorization: `Bearer ${made.trim()}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        inputs: [{ sepal_length_cm: 6.3, sepal_width_cm: 3.3, petal_length_cm: 6, petal_width_cm: 2.5 }],
      }),
    });
    expect(answer.status).toBe(200);
    await page.getByRole('button', { name: 'Done' }).click();
    expect(await page.content()).not.toContain(made.trim());
    await page.getByText('Audit', { exact: true }).click();
    await page.getByRole('button', { name: 'Verify the chain' }).click();
    await page.getByText(/entries are intact/).waitFor();
  });

  test('the same screens speak Chinese, and remember it and the theme after a reload', async () => {
    const { page } = story;
    await page.goto(`${running.url}/#/`);
    await page.getByRole('button', { name: 'Language' }).click();
    await page.getByRole('menuitem', { name: '简体中文' }).click();
    await page.getByRole('button', { name: '主题' }).click();
    await page.getByRole('menuitem', { name: '深色' }).click();
    await page.reload();
    await page.getByRole('heading', { name: '首页' }).waitFor();
    expect(
      await page.evaluate(() => [
        document.documentElement.lang,
        document.documentElement.dataset['mantineColorScheme'],
      ]),
    ).toEqual(['zh-CN', 'dark']);
  });

  test('a ticket in the address logs in once and leaves the address', async () => {
    const { ticket } = await running.client.call('session.ticket', { body: {} });
    const other = await openPage(browser, running.url);
    await other.page.goto(`${running.url}/#ticket=${ticket}`);
    await other.page.getByRole('navigation', { name: 'Places' }).waitFor();
    expect(other.page.url()).not.toContain(ticket);
    await other.page.context().close();
    const again = await openPage(browser, running.url);
    await again.page.goto(`${running.url}/#ticket=${ticket}`);
    await again.page.getByRole('heading', { name: 'Log in to this machine' }).waitFor();
    await again.page.context().close();
  });

  test('leaving the page confirms a deletion that could still have been taken back', async () => {
    const { page } = story;
    await page.goto(`${running.url}/#/datasets`);
    await page.getByRole('button', { name: '删除数据集 prices' }).click();
    await page.goto('about:blank');
    const names = async () =>
      (await running.client.call('datasets.list', { query: {} })).items.map((item) => item.name);
    await expect.poll(names, { timeout: 4000 }).not.toContain('prices');
  });

  test('nothing was complained about, and no other host was asked for anything', () => {
    expect(story.complaints).toEqual([]);
    expect(story.strangers).toEqual([]);
  });
});
