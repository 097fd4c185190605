// What an address names (an object, a file, a folder of them, a query), opened with the owner's credential for its host.
import { Fault, type ImportSource, type RemoteKey } from '../../../schema/index.ts';
import type { Loader } from '../../formats/loader.ts';
import type { ByteSource } from '../bytes.ts';
import { byName, type FileEntry, type Folder, isHidden, mostFiles } from '../folder.ts';
import { bodyOf } from './body.ts';
import { probe, rangeSource, send, type Send } from './http.ts';
import { openPostgres } from './postgres.ts';
import { listObjects, objectUrl, signing } from './s3.ts';
import { openHdfs } from './webhdfs.ts';

/** A remote folder, whose files can also be read at any place. */
export interface RemoteFolder extends Folder {
  open(entry: FileEntry): ByteSource;
}

export type Remote =
  | { kind: 'bytes'; source: ByteSource }
  | { kind: 'stream'; name: string; stream: () => import('node:stream').Readable }
  | { kind: 'folder'; folder: RemoteFolder }
  | { kind: 'loader'; loader: Loader };

const nameOf = (path: string): string => decodeURIComponent(path.split('/').findLast((part) => part !== '') ?? 'data');

/** The header of a name and password, or of a token. */
function authorizationOf({ kind, user, secret }: RemoteKey): string | undefined {
  if (kind === 'bearer') return `Bearer ${secret}`;
  return kind === 'basic' ? `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}` : undefined;
}

/** Opens an address. Throws `bad_request` for schemes that are not known. */
export async function openRemote({
  url,
  query,
  credential,
}: Extract<ImportSource, { kind: 'remote' }>): Promise<Remote> {
  const address = new URL(url);
  switch (address.protocol) {
    case 'http:':
    case 'https:':
      return openHttp(address, credential);
    case 's3:':
      return openS3(address, credential);
    case 'webhdfs:':
    case 'swebhdfs:':
      return openWebHdfs(address, credential);
    case 'postgres:':
    case 'postgresql:':
      if (query === undefined) throw new Fault('bad_request', 'A database needs a query: --query "SELECT …".');
      return {
        kind: 'loader',
        loader: openPostgres(address, query, { user: credential.user ?? 'postgres', secret: credential.secret ?? '' }),
      };
    default:
      throw new Fault('bad_request', `${address.protocol} is not read. Use https, s3, webhdfs or postgres.`);
  }
}

async function openHttp(address: URL, credential: RemoteKey): Promise<Remote> {
  const authorization = authorizationOf(credential);
  const request: Send = ({ url, headers = {} }) =>
    send({ url, headers: authorization === undefined ? headers : { ...headers, authorization } });
  const name = nameOf(address.pathname);
  const size = await probe(request, address);
  if (size !== undefined) return { kind: 'bytes', source: rangeSource(name, size, request, address) };
  const response = await request({ url: address });
  return { kind: 'stream', name, stream: () => bodyOf(response, address.host) };
}

async function openS3(
  { host: bucket, pathname }: URL,
  { endpoint, user, secret, region = 'us-east-1' }: RemoteKey,
): Promise<Remote> {
  const request = signing({ user: user ?? '', secret: secret ?? '', region });
  const key = decodeURIComponent(pathname.slice(1));
  const open = (object: string, size: number) =>
    rangeSource(nameOf(object), size, request, objectUrl(endpoint, bucket, object));
  const found = await listObjects(request, endpoint, bucket, key, mostFiles);
  const exact = found.find((object) => object.key === key);
  if (exact) return { kind: 'bytes', source: open(exact.key, exact.size) };
  const root = key === '' || key.endsWith('/') ? key : `${key}/`;
  const files = found
    .filter((object) => object.key.startsWith(root))
    .map((object) => ({ name: object.key.slice(root.length), size: object.size }));
  return folderOf(key === '' ? bucket : nameOf(key), files, (name, size) => open(`${root}${name}`, size));
}

async function openWebHdfs({ pathname }: URL, credential: RemoteKey): Promise<Remote> {
  const path = decodeURIComponent(pathname);
  const hdfs = openHdfs(credential.endpoint, credential.user, authorizationOf(credential));
  const { folder, files } = await hdfs.list(path);
  if (!folder) return { kind: 'bytes', source: hdfs.open(path, nameOf(path), files[0].size) };
  const root = path.replace(/\/$/, '');
  return folderOf(nameOf(path), files, (name, size) => hdfs.open(`${root}/${name}`, nameOf(name), size));
}

function folderOf(
  name: string,
  files: readonly { name: string; size: number }[],
  open: (name: string, size: number) => ByteSource,
): Remote {
  const entries = files
    .filter((file) => !isHidden(file.name))
    .map((file): FileEntry => ({ ...file, read: () => open(file.name, file.size).read(0, file.size) }))
    .sort(byName);
  if (entries.length === 0) throw new Fault('not_found', `There is nothing at ${name}. Check the address.`);
  const folder: RemoteFolder = {
    name,
    entries,
    open: (entry) => open(entry.name, entry.size),
    close: async () => undefined,
  };
  return { kind: 'folder', folder };
}
