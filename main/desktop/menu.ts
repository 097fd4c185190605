// The application's menu and the tray's: ways to places and to what only the desktop can do.
import type { MenuItemConstructorOptions } from 'electron';
import type { DesktopWords } from './words.ts';

export interface MenuActions {
  open: () => void;
  /** A screen of the page, as `#/runs`. */
  go: (screen: string) => void;
  importBundle: () => void;
  update: () => void;
  showData: () => void;
  quit: () => void;
}

const places = ['datasets', 'runs', 'models', 'deployments', 'room', 'alerts', 'settings'];

/** The menu in the title bar. */
export function menuTemplate(words: DesktopWords, act: MenuActions, mac: boolean): MenuItemConstructorOptions[] {
  return [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    {
      label: words.file,
      submenu: [
        { label: words.importBundle, accelerator: 'CmdOrCtrl+O', click: act.importBundle },
        { label: words.data, click: act.showData },
        { label: words.update, click: act.update },
        { type: 'separator' },
        mac ? { role: 'close' } : { label: words.quit, accelerator: 'CmdOrCtrl+Q', click: act.quit },
      ],
    },
    { role: 'editMenu', label: words.edit },
    {
      label: words.go,
      submenu: places.map((name, index) => ({
        label: `${name[0].toUpperCase()}${name.slice(1)}`,
        accelerator: `CmdOrCtrl+${index + 1}`,
        click: () => act.go(`#/${name}`),
      })),
    },
    {
      label: words.view,
      submenu: [
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
      ],
    },
    { role: 'windowMenu', label: words.window },
  ];
}

/** The tray's menu: work goes on there when the window is closed. */
export const trayTemplate = (words: DesktopWords, act: MenuActions): MenuItemConstructorOptions[] => [
  { label: words.open, click: act.open },
  { label: words.data, click: act.showData },
  { type: 'separator' },
  { label: words.quit, click: act.quit },
];
