// The real browser that the stories run in, what it complained about, and how much it had to load.
import { existsSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = places.find((path) => existsSync(path));
/** Why there is no story here, where there is none. */
export const noBrowser = executablePath ? undefined : `no Chromium at ${places.join(', ')}`;

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(executablePath ? { executablePath } : {}),
    args: [
      '--no-sandbox',
      '--headless',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** What a page did that nobody should have to read about. */
export interface Watched {
  page: Page;
  /** Errors, warnings, policy violations. */
  complaints: string[];
  /** Addresses asked for that are not the appliance's. */
  strangers: string[];
  /** Bytes of script after gzip, by file. */
  scripts: Map<string, number>;
}

/** A page in a context of its own that keeps book. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1360, height: 850 }, locale: 'en', ...options });
  const page = await context.newPage();
  const watched: Watched = { page, complaints: [], strangers: [], scripts: new Map() };
  page.on('pageerror', (error) => watched.complaints.push(error.message));
  page.on('console', (message) => {
    // Asking who is logged in is answered with 401 before anyone is; the browser prints every such answer.
    const expected = /status of 401/.test(message.text()) && message.location().url.endsWith('/session');
    if (['error', 'warning'].includes(message.type()) && !expected) watched.complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) watched.strangers.push(request.url());
  });
  page.on('response', (response) => {
    if (!new URL(response.url()).pathname.endsWith('.js')) return;
    void response.body().then(
      (body) => watched.scripts.set(response.url(), gzipSync(body).length),
      () => undefined,
    );
  });
  return watched;
}
