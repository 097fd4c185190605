// A real server over small real handlers: datasets held in a map, keys minted by security/, the gate and the event log of
// jobs/. What api/ and client/ are tested against; no store, no children.
import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { type ApiOptions, createApi } from '../../../engine/api/index.ts';
import { silentLog } from '../../../engine/base/index.ts';
import { createEvents } from '../../../engine/jobs/events.ts';
import { createGate } from '../../../engine/jobs/gate.ts';
import {
  type ApiKey,
  apiKey,
  applianceConfig,
  type AuditEntry,
  type Dataset,
  dataset,
  Fault,
  type Handlers,
  type Role,
  type RouteName,
  routes,
} from '../../../engine/schema/index.ts';
import { mintKey } from '../../../engine/security/index.ts';

type Audit = Omit<AuditEntry, 'seq' | 'hash' | 'at'>;

export interface Seam {
  url: string;
  port: number;
  /** The per-start token. */
  token: string;
  /** Key texts by role; `iris` is a predictor for the deployment `iris` only. */
  keys: Record<Role | 'iris', string>;
  keyring: Keyring;
  audit: Audit[];
  events: ReturnType<typeof createEvents>;
  datasets: Map<string, Dataset>;
  /** SHA-256 of every finished upload. */
  uploads: string[];
  /** Names of handlers that began and wait for their signal. */
  started: string[];
  /** Names of handlers whose signal aborted, with the fault's code. */
  aborted: { name: string; code: string }[];
  revoke(name: Role | 'iris'): void;
  close(): Promise<void>;
}

type SeamOptions = Partial<Pick<ApiOptions, 'staticDir' | 'tls' | 'strict' | 'log'>> & {
  limits?: Record<string, number>;
  allowedHosts?: string[];
  handlers?: Partial<Handlers>;
  port?: number;
  /** Keys of a server before this one. */
  keyring?: Keyring;
};

const stamp = { createdAt: 1, updatedAt: 1, seq: 1 };

export const newDataset = (name: string, state: Dataset['state'] = 'ready'): Dataset =>
  dataset.parse({ id: `ds_${name}`, kind: 'dataset', state, ...stamp, name, source: `${name}.csv`, options: {} });

/** Starts a server on a free port of 127.0.0.1. */
export async function openSeam(options: SeamOptions = {}): Promise<Seam> {
  const token = randomBytes(24).toString('hex');
  const audit: Audit[] = [];
  const { records, keys } = options.keyring ?? makeKeys();
  const gate = createGate({
    token,
    failedLogins: options.limits?.['failedLogins'] ?? 1000,
    store: {
      key: (id) => records.get(id),
      principalName: () => 'ada',
      used: () => {},
      audit: (entry) => void audit.push(entry),
    },
  });
  const events = createEvents({ first: 100, kept: 8 });
  const state = {
    datasets: new Map<string, Dataset>(),
    uploads: [] as string[],
    started: [] as string[],
    aborted: [] as Seam['aborted'],
  };
  const config = applianceConfig.parse({
    dataDir: '/nowhere',
    port: options.port ?? 0,
    allowedHosts: options.allowedHosts ?? [],
    limits: options.limits ?? {},
  });
  const handlers = { ...refuseAll(), ...handlersOver(state, records), ...options.handlers };
  const { staticDir, tls, strict, log = silentLog } = options;
  const given = {
    ...(staticDir ? { staticDir } : {}),
    ...(tls ? { tls } : {}),
    ...(strict === undefined ? {} : { strict }),
  };
  const api = await createApi({ config, handlers, gate, events, log, version: '1.2.3', ...given });
  const { url, port } = await api.listen();
  return {
    url,
    port,
    token,
    keys,
    keyring: { records, keys },
    audit,
    events,
    ...state,
    revoke(name) {
      const record = records.get(keys[name].split('_')[1] ?? '');
      if (!record) throw new Error(`no key ${name}`);
      record.state = 'revoked';
      gate.forget(record.id);
      events.emit('key.changed', record.id, record);
    },
    async close() {
      events.close();
      await api.close();
    },
  };
}

type Keyring = ReturnType<typeof makeKeys>;

function makeKeys() {
  const records = new Map<string, ApiKey>();
  const make = (role: Role, deployments?: string[]) => {
    const { id, hash, text } = mintKey();
    const record = {
      id,
      kind: 'key',
      state: 'active',
      ...stamp,
      name: role,
      role,
      hash,
      parentId: 'pr_ada',
      deployments,
    };
    records.set(id, apiKey.parse(record));
    return text;
  };
  const keys = {
    admin: make('admin'),
    trainer: make('trainer'),
    deployer: make('deployer'),
    predictor: make('predictor'),
    iris: make('predictor', ['iris']),
  };
  return { records, keys };
}

/** Every route that a test does not need answers `unavailable`. */
function refuseAll(): Handlers {
  const names = (Object.keys(routes) as RouteName[]).filter((name) => !/^(session|events)\./.test(name));
  const refuse = (name: string) => () => {
    throw new Fault('unavailable', `${name} is not served here`);
  };
  return Object.fromEntries(names.map((name) => [name, refuse(name)])) as unknown as Handlers;
}

function handlersOver(
  { datasets, uploads, started, aborted }: Pick<Seam, 'datasets' | 'uploads' | 'started' | 'aborted'>,
  records: Map<string, ApiKey>,
): Partial<Handlers> {
  const find = (id: string): Dataset => {
    const found = datasets.get(id) ?? [...datasets.values()].find(({ name }) => name === id);
    if (!found) throw new Fault('not_found', `there is no dataset “${id}”; datasets list shows those there are`);
    return found;
  };
  return {
    'system.health': () => ({ ok: true, version: '1.2.3' }),
    'datasets.list': ({ query }) => {
      const items = [...datasets.values()]
        .filter(({ name }) => name.includes(query.search ?? ''))
        .slice(0, query.limit);
      return { items, total: items.length };
    },
    'datasets.show': ({ params }) => find(params.id),
    'datasets.import': ({ body }) => {
      if (!body.path?.startsWith('/data/'))
        throw new Fault('path_refused', `${body.path} is not below a listed folder`);
      const made = newDataset(body.name ?? 'imported', 'importing');
      datasets.set(made.id, made);
      return made;
    },
    'datasets.upload': async ({ query }, { upload }) => {
      const hash = createHash('sha256');
      let size = 0;
      for await (const chunk of upload?.stream ?? []) {
        hash.update(chunk as Buffer);
        size += (chunk as Buffer).length;
      }
      uploads.push(hash.digest('hex'));
      const made = { ...newDataset(query.name ?? 'upload'), bytes: { source: size, stored: upload?.bytes ?? -1 } };
      datasets.set(made.id, made);
      return made;
    },
    'datasets.export': async ({ params, query }, { download }) => {
      const { name } = find(params.id);
      const lines = Array.from({ length: 50_000 }, (_, i) => `${i},${name}\n`);
      const out = download({ type: 'text/csv', filename: `${name} – rows.${query.format}` });
      await pipeline(function* () {
        for (const [i, line] of lines.entries()) {
          if (name === 'broken' && i === 40_000) throw new Error('the pack is damaged');
          yield line;
        }
      }, out);
    },
    'datasets.delete': ({ params }) => {
      datasets.delete(find(params.id).id);
      return { ok: true };
    },
    'deployments.predict': ({ body, params }) => ({
      outputs: body.inputs.map((input) => ({ value: JSON.stringify(input).length })),
      model: params.name,
      version: 1,
    }),
    /** Never answers by itself: it ends with its signal. */
    'models.predict': (_input, { signal }) =>
      new Promise((_, reject) => {
        started.push('models.predict');
        signal.addEventListener('abort', () => {
          aborted.push({ name: 'models.predict', code: (signal.reason as Fault).code });
          reject(signal.reason as Fault);
        });
      }),
    'keys.list': () => ({ items: [...records.values()], total: records.size }),
    'v2.live': () => ({ live: true, ready: true }),
    'v2.infer': ({ body }) => {
      if (body.inputs[0]?.datatype !== 'FP32') throw new Fault('bad_input', 'input 0 must be FP32');
      return { model_name: 'm', outputs: body.inputs };
    },
    'audit.list': () => {
      throw new TypeError('secret value 4711 of a customer');
    },
  };
}

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  json: () => unknown;
}

interface Ask {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** A value that goes as JSON. */
  send?: unknown;
  key?: string;
}

/** One plain request, with any Host and Origin that a test likes. */
export function ask(port: number, path: string, given: Ask = {}): Promise<Reply> {
  const body = given.send === undefined ? given.body : JSON.stringify(given.send);
  const headers = {
    ...(given.send === undefined ? {} : { 'content-type': 'application/json' }),
    ...(given.key === undefined ? {} : { authorization: `Bearer ${given.key}` }),
    ...(body === undefined || given.headers?.['transfer-encoding']
      ? {}
      : { 'content-length': String(Buffer.byteLength(body)) }),
    ...given.headers,
  };
  const method = given.method ?? (body === undefined ? 'GET' : 'POST');
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: res.statusCode ?? 0, headers: res.headers, text, json: () => JSON.parse(text) as unknown });
      });
    });
    req.on('error', reject);
    req.end(body);
  });
}

/** The code of an error answer. */
export const codeOf = (reply: Reply): string => (reply.json() as { error: { code: string } }).error.code;

/** Resolves when the condition holds; tests end it by their own time limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
