// The few words that the desktop itself says: menus, tray and dialogs, in the system's language.

const en = {
  open: 'Open Neutrino',
  data: 'Show the data folder',
  quit: 'Quit (stops training and serving)',
  file: 'File',
  importBundle: 'Import a model…',
  update: 'Update from a file…',
  edit: 'Edit',
  view: 'View',
  go: 'Go',
  window: 'Window',
  bundle: 'Neutrino models',
  recovery: 'Write down the recovery code of your new vault. It is shown this once.',
  recoveryDetail: 'It opens the data when every other way is lost.',
  written: 'I have written it down',
  newest: 'This is the newest version.',
  noKey: 'This installation trusts no update key. Put the public key of whoever ships Neutrino to you into:',
  ready: 'Version {{version}} is checked and can be installed.',
  install: 'Install',
  cancel: 'Cancel',
};
const zh: typeof en = {
  open: '打开 Neutrino',
  data: '显示数据文件夹',
  quit: '退出（停止训练和服务）',
  file: '文件',
  importBundle: '导入模型…',
  update: '从文件更新…',
  edit: '编辑',
  view: '视图',
  go: '前往',
  window: '窗口',
  bundle: 'Neutrino 模型',
  recovery: '请写下新保险库的恢复码。它只显示这一次。',
  recoveryDetail: '失去其他一切方式时，用它打开数据。',
  written: '我已写下',
  newest: '已是最新版本。',
  noKey: '此安装不信任任何更新密钥。请把提供方的公钥放到：',
  ready: '版本 {{version}} 已通过检查，可以安装。',
  install: '安装',
  cancel: '取消',
};
export type DesktopWords = typeof en;

/** The words for a locale such as `zh-CN`. */
export const desktopWords = (locale: string): DesktopWords => (locale.toLowerCase().startsWith('zh') ? zh : en);
