// Stands in for the `electron` module, whose binary is not here: it keeps what the main process asked of it, and answers as the
// documented API would. It proves that the shipped main file boots, supervises and refuses; not that Electron itself does.
import { EventEmitter } from 'node:events';
import { tmpdir } from 'node:os';

type Answer = (value: boolean | { cancel: boolean }) => void;
const userData = process.env['TEST_USER_DATA'] ?? tmpdir();
const backend = process.env['TEST_BACKEND'] ?? 'basic_text';
/** What was asked, by name. */
export const seen: Record<string, unknown[]> = {};
const note = (name: string, value: unknown): void => void (seen[name] ??= []).push(value);
export const handlers: Record<string, (...args: never[]) => unknown> = {};

class App extends EventEmitter {
  getAppPath = () => process.cwd();
  getPath = () => userData;
  getLocale = () => 'en-GB';
  getVersion = () => '0.1.0';
  requestSingleInstanceLock = () => true;
  whenReady = () => Promise.resolve();
  setAsDefaultProtocolClient = (scheme: string) => note('scheme', scheme);
  quit(): void {
    let stopped = false;
    this.emit('before-quit', { preventDefault: () => (stopped = true) });
    if (!stopped) this.emit('gone');
  }
}
export const app = new App();

class WebContents extends EventEmitter {
  setWindowOpenHandler = (handler: () => unknown) => (handlers['window'] = handler);
  executeJavaScript = (code: string) => {
    note('script', code);
    return Promise.resolve();
  };
  reload = () => note('reload', true);
  getURL = () => String(seen['url']?.at(-1));
}
export class BrowserWindow extends EventEmitter {
  webContents = new WebContents();
  constructor(options: object) {
    super();
    note('window', options);
    windows.push(this);
  }
  loadURL = (url: string) => {
    note('url', url);
    return Promise.resolve();
  };
  show = () => note('shown', true);
  hide = () => note('hidden', true);
  focus = () => undefined;
  isDestroyed = () => false;
  isMinimized = () => false;
  isMaximized = () => false;
  maximize = () => undefined;
  getNormalBounds = () => ({ x: 10, y: 20, width: 900, height: 700 });
}
export const windows: BrowserWindow[] = [];
export const crashReporter = { start: (options: object) => note('crash', options) };
export const dialog = {
  showErrorBox: (_title: string, text: string) => note('error', text),
  showMessageBox: (options: object) => {
    note('message', options);
    return Promise.resolve({ response: 0 });
  },
  showOpenDialog: () => Promise.resolve({ filePaths: [] }),
};
export const Menu = {
  buildFromTemplate: (template: object[]) => template,
  setApplicationMenu: (template: object[]) => note('menu', template.length),
};
export const nativeTheme = { shouldUseDarkColors: false };
export const safeStorage = {
  isEncryptionAvailable: () => true,
  getSelectedStorageBackend: () => backend,
  encryptString: (text: string) => Buffer.from(text).reverse(),
  decryptString: (sealed: Buffer) => Buffer.from(sealed).reverse().toString(),
};
export const screen = { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] };
export const session = {
  defaultSession: {
    setPermissionRequestHandler: (handler: (contents: object, permission: string, answer: Answer) => void) =>
      (handlers['permission'] = handler),
    setPermissionCheckHandler: (handler: (contents: object, permission: string, from: string) => boolean) =>
      (handlers['check'] = handler),
    webRequest: {
      onBeforeRequest: (handler: (details: { url: string }, answer: Answer) => void) => (handlers['request'] = handler),
    },
  },
};
export const shell = { openPath: (path: string) => Promise.resolve(note('opened', path)) };
export class Tray extends EventEmitter {
  setToolTip = () => undefined;
  setContextMenu = (template: object[]) => note('tray', template.length);
}
