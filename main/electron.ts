// The desktop app: a window and a supervisor over the same headless appliance that a server runs. It holds no logic and
// no data: the page talks to the appliance over loopback, and closing the window does not stop what runs.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  app,
  BrowserWindow,
  crashReporter,
  dialog,
  Menu,
  nativeTheme,
  safeStorage,
  screen,
  session,
  shell,
  Tray,
} from 'electron';
import { dataDirectory } from './dataDirectory.ts';
import { type Program, type Started, supervise, type Supervisor } from './desktop/appliance.ts';
import { noteCrash } from './desktop/crashes.ts';
import { keychainPassphrase } from './desktop/keychain.ts';
import { handedOver, scheme, screenOf } from './desktop/links.ts';
import { type MenuActions, menuTemplate, trayTemplate } from './desktop/menu.ts';
import { readChoices, readWindow, saveChoices, saveWindow } from './desktop/state.ts';
import { checkUpdate, fetchUpdate } from './desktop/update.ts';
import { desktopWords } from './desktop/words.ts';

const root = process.env['NEUTRINO_ROOT'] ?? app.getAppPath();
const own = (name: string): string => join(app.getPath('userData'), name);
const crashes = own('crashes');
let window: BrowserWindow | undefined;
let tray: Tray | undefined;
let quitting = false;
let started: Started | undefined;
let supervisor: Supervisor | undefined;
let wanted = handedOver(process.argv.slice(1));

/** Arguments that are the appliance's, not the window's. */
const passed = /^--(?:no-cluster|no-discovery|(?:port|host|name|cluster-port)=.+)$/;

/** Whether this desktop keeps to itself: without a word from a person it can be found and paired, like every machine. */
const roomClosed = (): boolean => readChoices(own('choices.json')).roomClosed;

/** The appliance's program: from a checkout Node and the sources, in a package the single executable beside the app. */
function program(): Program {
  const node = process.env['NEUTRINO_NODE'];
  const asked = process.argv.filter((arg) => passed.test(arg));
  const start = roomClosed() && !asked.includes('--no-cluster') ? [...asked, '--no-cluster'] : asked;
  if (node) return { command: node, args: [join(root, 'main', 'cli.ts')], start };
  const name = process.platform === 'win32' ? 'neutrino.exe' : 'neutrino';
  return { command: join(process.resourcesPath, name), args: [], start };
}

/** The appliance's environment; a passphrase goes to it only from a real keychain. */
function environment(): NodeJS.ProcessEnv {
  const passphrase = keychainPassphrase(safeStorage, {
    sealed: own('vault.sealed'),
    vault: join(dataDirectory(), 'vault.json'),
  });
  return passphrase === undefined ? process.env : { ...process.env, NEUTRINO_PASSPHRASE: passphrase };
}

function fail(why: string): void {
  noteCrash(crashes, 'appliance', why);
  dialog.showErrorBox('Neutrino', why);
  app.quit();
}

function show(): void {
  if (!window || window.isDestroyed()) return;
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

/** Leads the page, which is logged in, to one of its screens. */
function go(hash: string): void {
  show();
  void window?.webContents.executeJavaScript(`location.hash = ${JSON.stringify(hash)}`);
}

async function importBundle(path?: string): Promise<void> {
  if (!supervisor || !window) return;
  const words = desktopWords(app.getLocale());
  const filters = [{ name: words.bundle, extensions: ['neutrino'] }];
  const chosen = path ?? (await dialog.showOpenDialog(window, { properties: ['openFile'], filters })).filePaths[0];
  if (!chosen) return;
  try {
    await supervisor.ask(['models', 'import', chosen]);
    go('#/models');
  } catch (error) {
    dialog.showErrorBox('Neutrino', (error as Error).message);
  }
}

/** The address of an internal server's `update.json`, where an admin wrote one down. */
function updateServer(): string | undefined {
  const file = own('update-server.txt');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() || undefined : undefined;
}

async function chosenFile(above: BrowserWindow): Promise<string | undefined> {
  const filters = [{ name: 'update.json', extensions: ['json'] }];
  return (await dialog.showOpenDialog(above, { properties: ['openFile'], filters })).filePaths[0];
}

/** From the internal server where there is one, else from a file. `told`: a person asked, and hears what came of it. */
async function update(told: boolean): Promise<void> {
  if (!window) return;
  const words = desktopWords(app.getLocale());
  const key = own('update-key.pem');
  if (!existsSync(key)) return void (await dialog.showMessageBox(window, { message: words.noKey, detail: key }));
  try {
    const about = {
      version: app.getVersion(),
      publicKey: readFileSync(key, 'utf8'),
      platform: `${process.platform}-${process.arch}`,
    };
    const server = updateServer();
    const found = server
      ? await fetchUpdate(server, own('updates'), about)
      : await chosenFile(window).then((file) => (file ? checkUpdate(file, about) : null));
    if (found === null || (!found && !told)) return;
    if (!found) return void (await dialog.showMessageBox(window, { message: words.newest }));
    const { response } = await dialog.showMessageBox(window, {
      message: words.ready.replace('{{version}}', found.version),
      detail: found.installer,
      buttons: [words.install, words.cancel],
      cancelId: 1,
    });
    if (response === 0) await shell.openPath(found.installer);
  } catch (error) {
    if (told) dialog.showErrorBox('Neutrino', (error as Error).message);
    else noteCrash(crashes, 'update', error);
  }
}

const actions: MenuActions = {
  open: show,
  go,
  importBundle: () => void importBundle(),
  update: () => void update(true),
  room(isOpen) {
    saveChoices(own('choices.json'), { roomClosed: !isOpen });
    if (window) void dialog.showMessageBox(window, { message: desktopWords(app.getLocale()).roomLater });
  },
  showData: () => void (started && shell.openPath(started.dataDir)),
  quit: () => app.quit(),
};

function makeWindow(origin: string): BrowserWindow {
  const file = own('window.json');
  const { bounds, maximized } = readWindow(
    file,
    screen.getAllDisplays().map(({ workArea }) => workArea),
  );
  const made = new BrowserWindow({
    width: 1280,
    height: 840,
    ...bounds,
    minWidth: 720,
    minHeight: 480,
    show: false,
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#13171a' : '#f7f5f0',
    webPreferences: {
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
    },
  });
  if (maximized) made.maximize();
  const { webContents } = made;
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  const stay = (details: { url: string; preventDefault: () => void }): void => {
    if (new URL(details.url).origin !== origin) details.preventDefault();
  };
  webContents.on('will-navigate', stay);
  webContents.on('will-redirect', stay);
  webContents.on('will-attach-webview', (event) => event.preventDefault());
  webContents.on('render-process-gone', (_event, details) => {
    noteCrash(crashes, 'page', details);
    if (!quitting && details.reason !== 'clean-exit') webContents.reload();
  });
  made.on('close', (event) => {
    saveWindow(file, { bounds: made.getNormalBounds(), maximized: made.isMaximized() });
    if (quitting) return;
    event.preventDefault();
    made.hide();
  });
  return made;
}

/** The page may talk to its appliance and to nobody else, whatever it asks for. */
function lockDown(origin: string): void {
  const { defaultSession } = session;
  defaultSession.setPermissionRequestHandler((contents, permission, answer) =>
    answer(permission === 'notifications' && new URL(contents.getURL()).origin === origin),
  );
  defaultSession.setPermissionCheckHandler((_contents, permission, from) =>
    permission === 'notifications' ? URL.canParse(from) && new URL(from).origin === origin : false,
  );
  defaultSession.webRequest.onBeforeRequest((details, answer) => {
    const { protocol, host } = new URL(details.url);
    const allowed = ['data:', 'blob:', 'devtools:'].includes(protocol) || host === new URL(origin).host;
    answer({ cancel: !allowed });
  });
}

async function open(now: Started): Promise<void> {
  started = now;
  const { origin } = new URL(now.url);
  lockDown(origin);
  const words = desktopWords(app.getLocale());
  if (now.recoveryCode) {
    const detail = `${now.recoveryCode}\n\n${words.recoveryDetail}`;
    await dialog.showMessageBox({ type: 'info', message: words.recovery, detail, buttons: [words.written] });
  }
  if (!window || window.isDestroyed()) window = makeWindow(origin);
  await window.loadURL(now.link);
  show();
  const { screen: hash, bundle } = wanted;
  wanted = {};
  if (hash) go(hash);
  if (bundle) await importBundle(bundle);
}

/** Links and files that arrive while the app runs; before that they wait. */
function handOver(given: { screen?: string; bundle?: string }): void {
  if (!started) wanted = given;
  else if (given.bundle) void importBundle(given.bundle);
  else if (given.screen) go(given.screen);
  else show();
}

/** From the system's leave to start to the window. */
async function begin(): Promise<void> {
  await app.whenReady();
  const words = desktopWords(app.getLocale());
  Menu.setApplicationMenu(
    Menu.buildFromTemplate(menuTemplate(words, actions, { mac: process.platform === 'darwin', room: !roomClosed() })),
  );
  tray = new Tray(join(root, 'resources', 'icons', 'tray.png'));
  tray.setToolTip('Neutrino');
  tray.setContextMenu(Menu.buildFromTemplate(trayTemplate(words, actions)));
  tray.on('click', show);
  const running = supervise(program(), {
    env: environment(),
    onRevived: (revived) => void open(revived),
    onGivenUp: fail,
  });
  supervisor = running;
  app.on('before-quit', (event) => {
    if (quitting) return;
    quitting = true;
    event.preventDefault();
    void running.stop().then(() => app.quit(), fail);
  });
  try {
    await open(await running.start());
    if (updateServer() && existsSync(own('update-key.pem'))) {
      void update(false);
      setInterval(() => void update(false), 86_400_000).unref();
    }
  } catch (error) {
    fail((error as Error).message);
  }
}

function main(): void {
  crashReporter.start({ uploadToServer: false });
  process.on('uncaughtException', (error) => {
    noteCrash(crashes, 'main', error);
    fail(error.message);
  });
  app.setAsDefaultProtocolClient(scheme);
  app.on('second-instance', (_event, args) => handOver(handedOver(args.slice(1))));
  app.on('open-url', (event, url) => {
    event.preventDefault();
    const hash = screenOf(url);
    if (hash) handOver({ screen: hash });
  });
  app.on('open-file', (event, path) => {
    event.preventDefault();
    handOver({ bundle: path });
  });
  app.on('activate', show);
  app.on('window-all-closed', () => {});
  void begin();
}

if (app.requestSingleInstanceLock()) main();
else app.quit();
