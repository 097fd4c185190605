// Boots the built main process of the desktop app under the stand-in for Electron and plays a person: a link, a file's
// neighbourhood, a foreign page, a closed window, the end. Prints what was seen as one JSON line.
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

const standIn = new URL('./electron.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: standIn, shortCircuit: true } : next(specifier, context),
});
const electron = (await import(standIn)) as typeof import('./electron.ts');
await import(pathToFileURL(process.argv[2]).href);
const { app, handlers, seen, windows } = electron;
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
};
await until(() => seen['shown'] !== undefined || seen['error'] !== undefined);
const [window] = windows;
const { origin } = new URL(String(seen['url']?.[0]));
const call = handlers as Record<string, (...args: unknown[]) => unknown>;
const prevented = (emit: (event: object) => void): boolean => {
  let stopped = false;
  emit({ preventDefault: () => (stopped = true) });
  return stopped;
};
const asked = (permission: string): unknown => {
  let answer: unknown;
  call['permission'](window.webContents, permission, (value: unknown) => (answer = value));
  return answer;
};
const cancelled = (url: string): unknown => {
  let answer: { cancel?: boolean } = {};
  call['request']({ url }, (value: { cancel: boolean }) => (answer = value));
  return answer.cancel;
};
const facts = {
  newWindow: call['window'](),
  foreign: prevented((event) => window.webContents.emit('will-navigate', { ...event, url: 'https://example.org/' })),
  own: prevented((event) => window.webContents.emit('will-navigate', { ...event, url: `${origin}/#/runs` })),
  webview: prevented((event) => window.webContents.emit('will-attach-webview', event)),
  permissions: { media: asked('media'), geolocation: asked('geolocation'), notifications: asked('notifications') },
  requests: { own: cancelled(`${origin}/api/v1/session`), foreign: cancelled('https://example.org/x.js') },
  closing: prevented((event) => window.emit('close', event)),
};
app.emit('second-instance', {}, ['neutrino', 'neutrino://runs/run_1']);
app.emit('second-instance', {}, ['neutrino', 'neutrino://evil"+alert(1)']);
const up = (await fetch(`${origin}/api/v1/system/health`)).status;
const gone = new Promise((resolve) => app.once('gone', resolve));
app.quit();
await gone;
const down = await fetch(`${origin}/api/v1/system/health`).then(
  () => 'still there',
  () => 'gone',
);
process.stdout.write(`${JSON.stringify({ ...facts, seen, up, down })}\n`);
process.exit(0);
