// The application's menu and the tray's: ways to places and to what only the desktop can do.
import type { MenuItemConstructorOptions } from 'electron';
import type { DesktopWords } from './words.ts';

export interface MenuActions {
  open: () => void;
  /** A screen of the page, as `#/runs`. */
  go: (screen: string) => void;
  importBundle: () => void;
  update: () => void;
  /** Whether other machines may find this one, from the next start on. */
  room: (open: boolean) => void;
  showData: () => void;
  quit: () => void;
}

const places = ['datasets', 'runs', 'models', 'deployments', 'room', 'alerts', 'settings'] as const;
// Electron names the items of its roles in English only.
const editing = ['undo', 'redo', 'cut', 'copy', 'paste', 'selectAll'] as const;
const viewing = ['resetZoom', 'zoomIn', 'zoomOut', 'togglefullscreen'] as const;
const windows = ['minimize', 'close'] as const;

/** The menu in the title bar. `is`: the system's kind of menu, and whether the room's port is open. */
export function menuTemplate(
  words: DesktopWords,
  act: MenuActions,
  is: { mac: boolean; room: boolean },
): MenuItemConstructorOptions[] {
  const { mac } = is;
  return [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    {
      label: words.file,
      submenu: [
        { label: words.importBundle, accelerator: 'CmdOrCtrl+O', click: act.importBundle },
        { label: words.data, click: act.showData },
        { label: words.update, click: act.update },
        { label: words.room, type: 'checkbox', checked: is.room, click: (item) => act.room(item.checked) },
        { type: 'separator' },
        mac ? { role: 'close' } : { label: words.quit, accelerator: 'CmdOrCtrl+Q', click: act.quit },
      ],
    },
    { label: words.edit, submenu: editing.map((role) => ({ role, label: words.roles[role] })) },
    {
      label: words.go,
      submenu: places.map((name, index) => ({
        label: words.places[name],
        accelerator: `CmdOrCtrl+${index + 1}`,
        click: () => act.go(`#/${name}`),
      })),
    },
    {
      label: words.view,
      submenu: viewing.map((role) => ({ role, label: words.roles[role] })),
    },
    { label: words.window, submenu: windows.map((role) => ({ role, label: words.roles[role] })) },
  ];
}

/** The tray's menu: work goes on there when the window is closed. */
export const trayTemplate = (words: DesktopWords, act: MenuActions): MenuItemConstructorOptions[] => [
  { label: words.open, click: act.open },
  { label: words.data, click: act.showData },
  { type: 'separator' },
  { label: words.quit, click: act.quit },
];
