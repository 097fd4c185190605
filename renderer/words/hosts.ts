// What the list of machines that imports may read from says, in both languages: words of a folded part of one dialog, which the first
// screen need not load.
import type { Language } from './index.ts';

const en = {
  title: 'Machines that imports may read from',
  add: 'Allow a machine',
  remove: 'Allow {{name}} no longer',
  name: 'Name',
  kind: 'It wants',
  'kind.none': 'nothing',
  'kind.basic': 'a user name and a password',
  'kind.bearer': 'a token',
  'kind.s3': 'the keys of an object store',
  'kind.postgres': 'a database user',
  endpoint: 'Scheme, host and port',
  user: 'User name, or access key',
  secret: 'Password, token, or secret key',
  secretWords: 'Kept in the vault; never shown again.',
  region: 'Region',
};

/** By language; {{name}} is filled in by who shows it. */
export const hostWords: Record<Language, typeof en> = {
  en,
  'zh-CN': {
    title: '导入可以读取的机器',
    add: '允许一台机器',
    remove: '不再允许 {{name}}',
    name: '名称',
    kind: '它要求',
    'kind.none': '无',
    'kind.basic': '用户名和密码',
    'kind.bearer': '令牌',
    'kind.s3': '对象存储的密钥',
    'kind.postgres': '数据库用户',
    endpoint: '协议、主机和端口',
    user: '用户名或访问密钥',
    secret: '密码、令牌或私有密钥',
    secretWords: '保存在保险库中，不会再次显示。',
    region: '区域',
  },
};
