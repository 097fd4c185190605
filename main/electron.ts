// The desktop app: a window and a supervisor over the same headless appliance that a server runs. It holds no logic and
// no data: the page talks to the appliance over loopback, and closing the window does not stop what runs.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { app, BrowserWindow, dialog, Menu, nativeTheme, session, shell, Tray } from 'electron';

interface Started {
  url: string;
  link: string;
  dataDir: string;
  /** Of a vault that this start made. */
  recoveryCode?: string;
}

const root = process.env['NEUTRINO_ROOT'] ?? app.getAppPath();
const node = process.env['NEUTRINO_NODE'];
const restarts: number[] = [];
let appliance: ChildProcess | undefined;
let window: BrowserWindow | undefined;
let tray: Tray | undefined;
let quitting = false;
let dataDir: string | undefined;

/** Runs one verb of the command line and gives the first JSON value that it prints. */
function cli(args: string[]): {
  child: ChildProcess;
  first: Promise<Started & { error?: { code: string; message: string } }>;
} {
  if (!node) throw new Error('NEUTRINO_NODE is not set: start the desktop app with npm start');
  const child = spawn(node, [join(root, 'main', 'cli.ts'), ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const first = new Promise<Started & { error?: { code: string; message: string } }>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the appliance ended with code ${code} before it was ready`)));
  });
  return { child, first };
}

/** Starts the appliance, or joins the one that already holds the data directory. */
async function ready(): Promise<Started> {
  const { child, first } = cli(['start']);
  const answer = await first;
  if (answer.error?.code === 'already_running') return cli(['open']).first;
  if (answer.error) throw new Error(answer.error.message);
  appliance = child;
  child.once('exit', () => {
    appliance = undefined;
    if (!quitting) void revive();
  });
  return answer;
}

/** Starts a dead appliance again, at most five times in a minute. */
async function revive(): Promise<void> {
  const now = Date.now();
  restarts.push(now);
  if (restarts.filter((at) => now - at < 60_000).length > 5) {
    dialog.showErrorBox('Neutrino', 'The appliance keeps ending. Run “neutrino doctor” to find out why.');
    return app.quit();
  }
  await open();
}

async function open(): Promise<void> {
  try {
    const { url, link, recoveryCode, ...started } = await ready();
    dataDir = started.dataDir;
    if (recoveryCode) {
      const message = 'Write down the recovery code of your new vault. It is shown this once.';
      const detail = `${recoveryCode}\n\nIt opens the data when every other way is lost.`;
      await dialog.showMessageBox({ type: 'info', message, detail, buttons: ['I have written it down'] });
    }
    if (!window || window.isDestroyed()) window = makeWindow(url);
    await window.loadURL(link);
    window.show();
  } catch (error) {
    dialog.showErrorBox('Neutrino', (error as Error).message);
    app.quit();
  }
}

function makeWindow(url: string): BrowserWindow {
  const made = new BrowserWindow({
    width: 1280,
    height: 840,
    minWidth: 720,
    minHeight: 480,
    show: false,
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#14171a' : '#fbfaf7',
    webPreferences: {
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
    },
  });
  const origin = new URL(url).origin;
  made.webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  made.webContents.on('will-navigate', (event, to) => {
    if (new URL(to).origin !== origin) event.preventDefault();
  });
  made.on('close', (event) => {
    if (quitting) return;
    event.preventDefault();
    made.hide();
  });
  return made;
}

function makeTray(): void {
  tray = new Tray(join(root, 'resources', 'icons', 'tray.png'));
  tray.setToolTip('Neutrino');
  tray.setContextMenu(
    Menu.buildFromTemplate([
      { label: 'Open', click: () => window?.show() },
      {
        label: 'Data folder',
        click: () => dataDir && void shell.openPath(dataDir),
      },
      { type: 'separator' },
      { label: 'Quit (stops training and serving)', click: () => app.quit() },
    ]),
  );
  tray.on('click', () => window?.show());
}

if (!app.requestSingleInstanceLock()) app.quit();
else {
  app.on('second-instance', () => window?.show());
  app.on('activate', () => window?.show());
  app.on('window-all-closed', () => {});
  app.on('before-quit', () => {
    quitting = true;
    appliance?.kill('SIGTERM');
  });
  void app.whenReady().then(() => {
    session.defaultSession.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
    makeTray();
    return open();
  });
}
