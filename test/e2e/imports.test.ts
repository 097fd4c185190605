// Data from another machine and from a folder, brought in by clicks: the machine is allowed, its file imported, what failed cleared.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Place, Running } from '../app/parts/appliance.ts';
import { launchBrowser, noBrowser, openPage } from './parts/browser.ts';
import { keyFor, serve } from './parts/pages.ts';

/** Where pictures go, when they are wanted. */
const looks = process.env['LOOKS'];
const csv = `size,colour,label\n${Array.from({ length: 60 }, (_, i) => `${i},${i % 3 ? 'red' : 'blue'},${i % 2 ? 'a' : 'b'}`).join('\n')}\n`;

describe.skipIf(noBrowser)(`ways in for data${noBrowser ? ` (skipped: ${noBrowser})` : ''}`, () => {
  let place: Place;
  let running: Running;
  let browser: Browser;
  let server: Server;
  let secret: string;

  beforeAll(async () => {
    ({ place, running } = await serve());
    secret = await keyFor(running, 'admin');
    browser = await launchBrowser();
    server = createServer((request, response) => {
      if (request.headers.authorization !== 'Bearer open sesame') return void response.writeHead(401).end();
      response.setHeader('content-length', csv.length);
      return void response.end(request.method === 'HEAD' ? undefined : csv);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    await browser?.close();
    await running?.stop();
    server?.close();
    place?.remove();
  });

  const open = async (theme: 'light' | 'dark', locale: string): Promise<Page> => {
    const { page } = await openPage(browser, running.url, {
      colorScheme: theme,
      locale,
      viewport: { width: 1280, height: 900 },
    });
    await page.goto(running.url);
    await page.getByLabel(/^(Key|密钥)$/).fill(secret);
    await page.keyboard.press('Enter');
    await page.getByRole('navigation').waitFor();
    return page;
  };
  const look = async (page: Page, name: string) => {
    if (!looks) return;
    mkdirSync(looks, { recursive: true });
    await page.waitForTimeout(400);
    await page.screenshot({ path: join(looks, `${name}.png`) });
  };

  test('another machine is allowed, and its file becomes a dataset', { timeout: 120_000 }, async () => {
    const page = await open('light', 'en');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await page.goto(`${running.url}/#/datasets`);
    await page.getByRole('button', { name: 'More ways to import' }).click();
    await page.getByRole('menuitem', { name: 'From another machine' }).click();
    await page.getByRole('textbox', { name: 'Address' }).fill(`${origin}/shapes.csv`);
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('is not allowed for imports', { exact: false }).waitFor();
    await page.getByRole('button', { name: 'Allow a machine' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('lab');
    expect(await page.getByRole('textbox', { name: 'Scheme, host and port' }).inputValue()).toBe(origin);
    await page.getByRole('combobox', { name: 'It wants' }).click();
    await page.getByRole('option', { name: 'a token' }).click();
    await page.getByLabel('Password, token, or secret key').fill('open sesame');
    await look(page, 'remote-light-en');
    await page.getByRole('button', { name: 'Allow a machine' }).click();
    await page.getByRole('button', { name: 'Allow lab no longer' }).waitFor();
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('60 rows × 3 columns').waitFor({ timeout: 60_000 });
    // The secret is in the vault and nowhere that the page can see.
    const { items } = await running.client.call('credentials.list');
    expect(items).toEqual([{ name: 'lab', kind: 'bearer', endpoint: origin }]);

    await page.getByRole('tab', { name: 'Recipe and versions' }).click();
    await page.getByRole('combobox', { name: 'What to do' }).click();
    await page.getByRole('option', { name: 'Set labels' }).click();
    await page.getByRole('combobox', { name: 'Column' }).click();
    await page.getByRole('option', { name: 'label' }).click();
    await page.getByRole('textbox', { name: 'Value' }).fill('0 = c, 2 = c');
    await page.getByRole('button', { name: 'Add the step' }).click();
    await page.getByText('Set labels of label in 2 rows').waitFor();
    await look(page, 'recipe-light-en');
    await page.context().close();
  });

  test('how rows are parted is looked at, and training begins with those parts', { timeout: 120_000 }, async () => {
    const { client } = running;
    const { id } = await client.call('datasets.import', { body: { text: csv, name: 'parted' } });
    await client.waitDataset(id);
    const page = await open('dark', 'zh-CN');
    await page.goto(`${running.url}/#/datasets/${id}?tab=split`);
    await page.getByRole('rowheader', { name: '验证' }).waitFor({ timeout: 60_000 });
    await page.getByText('随机', { exact: true }).click();
    await page.getByLabel('折数').fill('4');
    await page.getByRole('rowheader', { name: '折 4' }).waitFor({ timeout: 60_000 });
    await look(page, 'split-dark-zh');
    await page.getByRole('button', { name: '按此划分训练' }).click();
    expect(await page.getByRole('dialog').getByLabel('折数').inputValue()).toBe('4');
    await page.context().close();
  });

  test('a folder is packed and imported; what failed is listed until it is cleared', { timeout: 120_000 }, async () => {
    const folder = join(place.root, 'letters');
    for (const [name, text] of [
      ['one/1.txt', 'a short text about boats'],
      ['one/2.txt', 'another about harbours'],
      ['two/3.txt', 'nothing to do with the sea'],
      ['two/.DS_Store', 'not data'],
    ] as const) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const page = await open('dark', 'zh-CN');
    await page.goto(`${running.url}/#/datasets`);
    await page.locator('#import-folder').setInputFiles(folder);
    await page.getByText(/3 行 × 3 列/).waitFor({ timeout: 60_000 });
    const broken = await running.client.call('datasets.import', { body: { text: 'a,b\n1,2,3\n', name: 'broken' } });
    await running.client.waitDataset(broken.id).catch(() => undefined);
    await page.goto(`${running.url}/#/datasets`);
    await page.getByRole('button', { name: '清除 1 个失败的导入' }).waitFor();
    await look(page, 'datasets-dark-zh');
    await page.getByRole('button', { name: '清除 1 个失败的导入' }).click();
    await page.getByText('broken').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: '更多导入方式' }).click();
    await page.getByRole('menuitem', { name: '从另一台机器导入' }).click();
    await page.getByRole('textbox', { name: '地址' }).fill('postgres://db.lab/shop');
    await look(page, 'remote-dark-zh');
    await page.keyboard.press('Escape');
    await page.goto(`${running.url}/#/datasets`);
    await page.context().close();
  });
});
