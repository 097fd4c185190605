// Files of a Hadoop file system over WebHDFS (its REST API, operations GETFILESTATUS, LISTSTATUS and OPEN). The name node sends
// reads on to data nodes: those are followed, wherever it says.
import { Fault } from '../../../schema/index.ts';
import type { ByteSource } from '../bytes.ts';
import { mostFiles } from '../folder.ts';
import { bytesOfBody, wordsOf } from './body.ts';
import { send } from './http.ts';

/** Folders within one another. */
const mostDepth = 64;

interface Status {
  pathSuffix: string;
  type: 'FILE' | 'DIRECTORY';
  length: number;
}

export interface Hdfs {
  /** The files at a path: itself, or all below it by their names relative to it. */
  list(path: string): Promise<{ folder: boolean; files: { name: string; size: number }[] }>;
  open(path: string, name: string, size: number): ByteSource;
}

/** The file system behind a name node's address (`http://host:9870`), as a user. */
export function openHdfs(endpoint: string, user: string | undefined, authorization: string | undefined): Hdfs {
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const urlOf = (path: string, op: string, more: Record<string, string> = {}) => {
    const url = new URL(
      `${endpoint.replace(/\/$/, '')}/webhdfs/v1${path.split('/').map(encodeURIComponent).join('/')}`,
    );
    for (const [name, value] of Object.entries({ op, ...(user === undefined ? {} : { 'user.name': user }), ...more }))
      url.searchParams.set(name, value);
    return url;
  };
  const ask = async (path: string, op: string): Promise<unknown> => {
    const { host } = new URL(endpoint);
    const text = await wordsOf(await send({ url: urlOf(path, op), headers }), host);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new Fault('bad_data', `${host} does not speak WebHDFS. Check the address.`, undefined, error);
    }
  };
  const walk = async (
    root: string,
    below: string,
    files: { name: string; size: number }[],
    depth = 0,
  ): Promise<void> => {
    if (depth > mostDepth)
      throw new Fault('bad_data', `${root} has folders in folders without end. Import a part of it.`);
    const answer = (await ask(below === '' ? root : `${root}/${below}`, 'LISTSTATUS')) as {
      FileStatuses?: { FileStatus?: Status[] };
    };
    for (const { pathSuffix, type, length } of answer.FileStatuses?.FileStatus ?? []) {
      if (typeof pathSuffix !== 'string' || pathSuffix.startsWith('.') || pathSuffix.startsWith('_')) continue;
      // Also of what a name node says no name leads elsewhere.
      if (pathSuffix === '' || pathSuffix.includes('/')) continue;
      const name = below === '' ? pathSuffix : `${below}/${pathSuffix}`;
      if (type === 'DIRECTORY') await walk(root, name, files, depth + 1);
      else if (Number.isSafeInteger(length) && length >= 0) files.push({ name, size: length });
      if (files.length > mostFiles)
        throw new Fault('bad_data', `${root} has more than ${mostFiles} files. Import a part of it.`);
    }
  };
  return {
    async list(path) {
      const { FileStatus: own } = (await ask(path, 'GETFILESTATUS')) as { FileStatus?: Status };
      if (!own) throw new Fault('bad_data', `${new URL(endpoint).host} does not speak WebHDFS. Check the address.`);
      if (own.type === 'FILE') return { folder: false, files: [{ name: '', size: own.length }] };
      const files: { name: string; size: number }[] = [];
      await walk(path.replace(/\/$/, ''), '', files);
      return { folder: true, files };
    },
    open: (path, name, size) => ({
      name,
      size,
      async read(from, to) {
        if (to <= from) return Buffer.alloc(0);
        const url = urlOf(path, 'OPEN', { offset: String(from), length: String(to - from) });
        const bytes = await bytesOfBody(await send({ url, headers }, 'any'), url.host, to - from);
        if (bytes?.length !== to - from) throw new Fault('bad_data', `${name} did not arrive whole. Import it again.`);
        return bytes;
      },
      close: async () => undefined,
    }),
  };
}
