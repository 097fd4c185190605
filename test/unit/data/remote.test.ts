import { createHash, createHmac } from 'node:crypto';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RemoteKey } from '../../../engine/schema/index.ts';
import { type Bench, openBench } from './bench.ts';
import { image } from './media.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve).closeAllConnections());
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const load = (url: string, credential: RemoteKey, query?: string) =>
  bench.load({ kind: 'remote', url, credential, ...(query ? { query } : {}) });
const rows = 'a,b\n1,x\n2,"y, z"\n';
const table = {
  columns: ['a', 'b'],
  rows: [
    [1, 'x'],
    [2, 'y, z'],
  ],
};

/** Bytes as a server that knows ranges gives them. */
const giveRange: (bytes: Buffer, ...args: Parameters<RequestListener>) => void = (bytes, req, res) => {
  const range = /^bytes=(\d+)-(\d+)$/.exec(req.headers.range ?? '');
  if (!range) return void res.end(bytes);
  const [from, to] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)];
  res.writeHead(206, { 'content-range': `bytes ${from}-${to}/${bytes.length}` }).end(bytes.subarray(from, to + 1));
};

async function parquet(): Promise<Buffer> {
  const path = join(bench.dir, `remote-${Math.random()}.parquet`);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT i AS n, i / 8.0 AS x, 'name ' || i AS word, DATE '2024-01-01' + i::INT AS day, i % 2 = 0 AS flag FROM range(5000) t(i)) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048, COMPRESSION zstd)`,
  );
  connection.closeSync();
  instance.closeSync();
  return readFileSync(path);
}
const parquetRow = [4097, 512.125, 'name 4097', '2035-03-21', 'false'];

describe('HTTP', () => {
  test('tables come as a stream or by ranges, with a password or a token', async () => {
    const base = await serve((req, res) => {
      if (req.url === '/open/t.csv') return void res.end(rows);
      if (
        req.headers.authorization === `Basic ${Buffer.from('me:pw').toString('base64')}` ||
        req.headers.authorization === 'Bearer tk'
      )
        return giveRange(Buffer.from(rows), req, res);
      res.writeHead(401).end();
    });
    const none = { kind: 'none', endpoint: base } as const;
    expect((await load(`${base}/open/t.csv`, none)).reader.preview(0, 9)).toEqual(table);
    expect(
      (await load(`${base}/t.csv`, { kind: 'basic', endpoint: base, user: 'me', secret: 'pw' })).reader.preview(0, 9),
    ).toEqual(table);
    expect(
      (await load(`${base}/t.csv`, { kind: 'bearer', endpoint: base, secret: 'tk' })).reader.preview(0, 9),
    ).toEqual(table);
    await expect(load(`${base}/t.csv`, none)).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('Parquet is read by ranges, without the whole file', async () => {
    const bytes = await parquet();
    let most = 0;
    const base = await serve((req, res) => {
      const range = /^bytes=(\d+)-(\d+)$/.exec(req.headers.range ?? '');
      if (range) most = Math.max(most, Number(range[2]) - Number(range[1]));
      giveRange(bytes, req, res);
    });
    const { reader } = await load(`${base}/p.parquet`, { kind: 'none', endpoint: base });
    expect([reader.rows, reader.preview(4097, 1).rows[0]]).toEqual([5000, parquetRow]);
    expect(most).toBeLessThan(bytes.length);
  });

  test('a host that points elsewhere, or is not there, is refused', async () => {
    const other = await serve((_, res) => res.end(rows));
    const base = await serve((req, res) => {
      res.writeHead(req.url === '/gone.csv' ? 404 : 302, { location: `${other}/t.csv` }).end();
    });
    const none = { kind: 'none', endpoint: base } as const;
    await expect(load(`${base}/t.csv`, none)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('is not allowed'),
    });
    await expect(load(`${base}/gone.csv`, none)).rejects.toMatchObject({ code: 'not_found' });
    await expect(load('http://127.0.0.1:9/t.csv', none)).rejects.toMatchObject({ code: 'unreachable' });
  });
});

test('answers that break off, lists without end and folders in circles are refused', async () => {
  const cut = await serve((_, res) => {
    res.writeHead(200, { 'content-length': '1000' });
    res.write('a,b\n1,2\n');
    setTimeout(() => res.destroy(), 50);
  });
  await expect(load(`${cut}/t.csv`, { kind: 'none', endpoint: cut })).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('broke off'),
  });
  const loops = await serve((_, res) =>
    res.end('<ListBucketResult><NextContinuationToken>same</NextContinuationToken></ListBucketResult>'),
  );
  const store: RemoteKey = { kind: 's3', endpoint: loops, user: 'A', secret: 's' };
  await expect(load('s3://lab/x', store)).rejects.toMatchObject({ message: expect.stringContaining('in circles') });
  const deep = await serve((req, res) => {
    const own = { pathSuffix: req.url?.includes('GETFILESTATUS') ? '' : 'd', type: 'DIRECTORY', length: 0 };
    res.end(JSON.stringify({ FileStatus: own, FileStatuses: { FileStatus: [own, { ...own, pathSuffix: '../..' }] } }));
  });
  await expect(load('webhdfs://n/data', { kind: 'none', endpoint: deep })).rejects.toMatchObject({
    message: expect.stringContaining('folders in folders without end'),
  });
  const away = await serve((req, res) => {
    if (req.url?.includes('OPEN')) return void res.writeHead(307, { location: 'http://169.254.169.254/latest' }).end();
    res.end(JSON.stringify({ FileStatus: { pathSuffix: '', type: 'FILE', length: 10 } }));
  });
  await expect(load('webhdfs://n/t.csv', { kind: 'none', endpoint: away })).rejects.toMatchObject({
    code: 'forbidden',
  });
});

/** A small object store that checks signatures by its own reading of the specification. */
async function objectStore(objects: Record<string, Buffer>): Promise<RemoteKey> {
  const key = { user: 'AKID', secret: 'very secret', region: 'lab-1' };
  const hmac = (k: string | Buffer, text: string) => createHmac('sha256', k).update(text).digest();
  const endpoint = await serve((req, res) => {
    const url = new URL(req.url ?? '', 'http://x');
    const auth =
      /^AWS4-HMAC-SHA256 Credential=AKID\/(\d{8})\/lab-1\/s3\/aws4_request, SignedHeaders=([\w;-]+), Signature=(\w+)$/.exec(
        req.headers.authorization ?? '',
      );
    if (!auth) return void res.writeHead(403).end();
    const [, day, names, signature] = auth;
    const headers = names
      .split(';')
      .map((name) => `${name}:${String(req.headers[name])}\n`)
      .join('');
    const query = (req.url?.split('?')[1] ?? '')
      .split('&')
      .filter(Boolean)
      .map((pair) => pair.replaceAll('+', '%20'))
      .sort()
      .join('&');
    const canonical = `GET\n${req.url?.split('?')[0]}\n${query}\n${headers}\n${names}\n${String(req.headers['x-amz-content-sha256'])}`;
    const text = `AWS4-HMAC-SHA256\n${String(req.headers['x-amz-date'])}\n${day}/lab-1/s3/aws4_request\n${createHash('sha256').update(canonical).digest('hex')}`;
    const signing = hmac(hmac(hmac(hmac(`AWS4${key.secret}`, day), 'lab-1'), 's3'), 'aws4_request');
    if (hmac(signing, text).toString('hex') !== signature) return void res.writeHead(403).end();
    if (url.searchParams.get('list-type') === '2') {
      const prefix = url.searchParams.get('prefix') ?? '';
      const all = Object.keys(objects)
        .filter((name) => name.startsWith(prefix))
        .sort();
      const start = Number(url.searchParams.get('continuation-token') ?? 0);
      const page = all.slice(start, start + 2);
      const more = start + 2 < all.length ? `<NextContinuationToken>${start + 2}</NextContinuationToken>` : '';
      const contents = page
        .map(
          (name) =>
            `<Contents><Key>${name.replaceAll('&', '&amp;')}</Key><Size>${objects[name].length}</Size></Contents>`,
        )
        .join('');
      return void res.end(`<?xml version="1.0"?><ListBucketResult>${contents}${more}</ListBucketResult>`);
    }
    const found = objects[decodeURIComponent(url.pathname).replace('/lab/', '')];
    if (found) giveRange(found, req, res);
    else res.writeHead(404).end();
  });
  return { kind: 's3', endpoint, ...key };
}

describe('an S3-compatible store', () => {
  test('objects, folders of images and partitioned Parquet are read with signed requests', async () => {
    const part = await parquet();
    const store = await objectStore({
      'in/t & u (1).csv': Buffer.from(rows),
      'pets/cats/a.png': await image('png', 1),
      'pets/cats/b.png': await image('png', 2),
      'pets/dogs/c.png': await image('png', 3),
      'sales/year=2023/p.parquet': part,
      'sales/year=2024/p.parquet': part,
      'sales/_SUCCESS': Buffer.alloc(0),
    });
    expect((await load('s3://lab/in/t & u (1).csv', store)).reader.preview(0, 9)).toEqual(table);
    const pets = await load('s3://lab/pets/', store);
    expect(pets.reader.texts('label')).toEqual(['cats', 'cats', 'dogs']);
    const { reader } = await load('s3://lab/sales', store);
    expect([reader.rows, reader.preview(5000 + 4097, 1).rows[0]]).toEqual([10_000, [...parquetRow, 2024]]);
  });

  test('a wrong secret is refused', async () => {
    const store = await objectStore({ 't.csv': Buffer.from(rows) });
    await expect(load('s3://lab/t.csv', { ...store, secret: 'wrong' })).rejects.toMatchObject({ code: 'forbidden' });
  });
});

test('WebHDFS: files and folders, read through the data nodes that the name node points to', async () => {
  const part = await parquet();
  const files: Record<string, Buffer> = { '/data/t.csv': Buffer.from(rows), '/data/sales/year=2024/p.parquet': part };
  const node = await serve((req, res) => {
    const url = new URL(req.url ?? '', 'http://x');
    const from = Number(url.searchParams.get('offset'));
    res.end(files[url.pathname].subarray(from, from + Number(url.searchParams.get('length'))));
  });
  const base = await serve((req, res) => {
    const url = new URL(req.url ?? '', 'http://x');
    const path = decodeURIComponent(url.pathname.replace('/webhdfs/v1', '')).replace(/\/$/, '');
    if (url.searchParams.get('user.name') !== 'ada') return void res.writeHead(401).end();
    const op = url.searchParams.get('op');
    if (op === 'OPEN') return void res.writeHead(307, { location: `${node}${path}${url.search}` }).end();
    const file = files[path];
    const below = [
      ...new Set(
        Object.keys(files)
          .filter((name) => name.startsWith(`${path}/`))
          .map((name) => name.slice(path.length + 1).split('/')[0]),
      ),
    ];
    if (!file && below.length === 0) return void res.writeHead(404).end();
    const status = (name: string) => {
      const own = files[`${path}/${name}`];
      return { pathSuffix: name, type: own ? 'FILE' : 'DIRECTORY', length: own?.length ?? 0 };
    };
    const answer =
      op === 'GETFILESTATUS'
        ? { FileStatus: { pathSuffix: '', type: file ? 'FILE' : 'DIRECTORY', length: file?.length ?? 0 } }
        : { FileStatuses: { FileStatus: below.map(status) } };
    res.end(JSON.stringify(answer));
  });
  const credential = { kind: 'none', endpoint: base, user: 'ada' } as const;
  expect((await load('webhdfs://name.lab/data/t.csv', credential)).reader.preview(0, 9)).toEqual(table);
  const { reader } = await load('webhdfs://name.lab/data/sales', credential);
  expect([reader.rows, reader.preview(4097, 1).rows[0]]).toEqual([5000, [...parquetRow, 2024]]);
  await expect(load('webhdfs://name.lab/none', credential)).rejects.toMatchObject({ code: 'not_found' });
});

const postgres = existsSync('/usr/lib/postgresql')
  ? readdirSync('/usr/lib/postgresql')
      .map((version) => `/usr/lib/postgresql/${version}/bin`)
      .find((bin) => existsSync(join(bin, 'initdb')))
  : undefined;

test.skipIf(!postgres)(
  'PostgreSQL: a SELECT, typed, read-only; skipped where Debian’s postgresql is not installed',
  { timeout: 60_000 },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'neutrino-pg-'));
    const data = join(directory, 'data');
    const asRoot = process.getuid?.() === 0;
    const run = asRoot
      ? (bin: string, args: string[]) =>
          ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', bin, ...args]] as const
      : (bin: string, args: string[]) => [bin, args] as const;
    mkdirSync(data);
    writeFileSync(join(directory, 'password'), 'pg secret\n');
    if (asRoot) execFileSync('chown', ['-R', 'postgres:postgres', directory]);
    const [initdb, initArgs] = run(`${postgres}/initdb`, [
      '-D',
      data,
      '-U',
      'ada',
      '--auth=scram-sha-256',
      `--pwfile=${join(directory, 'password')}`,
    ]);
    execFileSync(initdb, initArgs, { stdio: 'ignore', cwd: directory });
    const port = await new Promise<number>((resolve) => {
      const probe = createServer().listen(0, '127.0.0.1', () => {
        const { port } = probe.address() as AddressInfo;
        probe.close(() => resolve(port));
      });
    });
    const [server, serverArgs] = run(`${postgres}/postgres`, [
      '-D',
      data,
      '-p',
      String(port),
      '-h',
      '127.0.0.1',
      '-k',
      directory,
      '-c',
      'fsync=off',
    ]);
    const process_ = spawn(server, serverArgs, { stdio: ['ignore', 'ignore', 'pipe'], cwd: directory });
    try {
      await new Promise<void>((resolve, reject) => {
        process_.stderr.on('data', (text: Buffer) => text.includes('ready to accept') && resolve());
        process_.on('exit', () => reject(new Error('postgres ended')));
      });
      const credential = {
        kind: 'postgres',
        endpoint: `postgres://127.0.0.1:${port}`,
        user: 'ada',
        secret: 'pg secret',
      } as const;
      const url = `postgres://127.0.0.1:${port}/postgres`;
      const query = `SELECT i AS n, i::numeric / 8 AS x, CASE WHEN i % 2 = 0 THEN 'NA' END AS word, i % 3 = 0 AS flag, DATE '2024-01-01' + i AS day, 9007199254740993 + i AS big FROM generate_series(0, 9999) i`;
      const { reader, shape } = await load(url, credential, query);
      expect(shape.columns.map(({ type }) => type)).toEqual([
        'number',
        'number',
        'category',
        'boolean',
        'date',
        'identifier',
      ]);
      expect(reader.preview(9998, 1).rows[0]).toEqual([9998, 1249.75, 'NA', 'false', '2051-05-17', '9007199254750991']);
      await expect(load(url, credential, 'CREATE TABLE t (x int)')).rejects.toMatchObject({ code: 'bad_data' });
      await expect(load(url, credential, 'SELECT nothing')).rejects.toMatchObject({
        code: 'bad_data',
        message: expect.stringContaining('nothing'),
      });
      await expect(load(url, { ...credential, secret: 'wrong' }, query)).rejects.toMatchObject({ code: 'forbidden' });
    } finally {
      const gone = new Promise((resolve) => process_.on('exit', resolve));
      process_.kill('SIGINT');
      await gone;
      rmSync(directory, { recursive: true, force: true });
    }
  },
);
