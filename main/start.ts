// `npm start`: builds what is missing, then opens the desktop app where Electron's binary and a display are there, else
// runs headless and prints the address. Never starts a download: Electron's own loader would.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

const root = join(import.meta.dirname, '..');

/** Path of Electron's binary when it has been fetched, else undefined. */
function electronBinary(): string | undefined {
  const home = join(root, 'node_modules', 'electron');
  const mark = join(home, 'path.txt');
  if (!existsSync(mark)) return undefined;
  const binary = join(home, 'dist', readFileSync(mark, 'utf8').trim());
  return existsSync(binary) ? binary : undefined;
}

function hasDisplay(): boolean {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']);
}

if (!existsSync(join(root, 'dist', 'renderer', 'index.html'))) {
  console.error('building the app’s pages (once)');
  await build({ root: join(root, 'renderer'), configFile: join(root, 'vite.config.ts'), logLevel: 'error' });
}
const binary = electronBinary();
const headless = process.argv.includes('--headless') || !binary || !hasDisplay();
if (headless && !binary)
  console.error('Electron’s binary is not here, so this runs headless; use the app in a browser');
const args = process.argv.slice(2).filter((a) => a !== '--headless');
if (!headless && !existsSync(join(root, 'dist', 'main', 'electron.js'))) {
  await build({ root, configFile: join(root, 'vite.config.ts'), mode: 'main', logLevel: 'warn' });
}
const child = headless
  ? spawn(process.execPath, [join(root, 'main', 'cli.ts'), 'start', ...args], { stdio: 'inherit' })
  : spawn(binary, [join(root, 'dist', 'main', 'electron.js'), ...args], {
      stdio: 'inherit',
      env: { ...process.env, NEUTRINO_NODE: process.execPath, NEUTRINO_ROOT: root },
    });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
