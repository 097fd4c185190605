// The HTTP(S) server of an appliance: checks, routes, pages, events, and a prompt end. Wires the files of this folder.
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { type ApplianceConfig, Fault } from '../schema/index.ts';
import { auditTrail } from './audit.ts';
import { docsPage } from './docs.ts';
import { sendFault } from './errors.ts';
import { eventSockets } from './events.ts';
import { dataHeaders } from './headers.ts';
import { requestLimit } from './limits.ts';
import { type Endpoint, hotPath, methodsAt, mountRoutes } from './mount.ts';
import { type OpenApiDocument, openApiDocument } from './openapi.ts';
import type { Api, ApiOptions } from './options.ts';
import { originCheck } from './origin.ts';
import { createSessions, type Credential } from './session.ts';
import { openStatic } from './static.ts';

/** How long closing waits for answers in progress, ms. */
const graceMs = 1500;

const limitsOfHttp = {
  /** Headers must be here by then; bodies have clocks of their own, since an upload may take hours. */
  headersTimeout: 15_000,
  requestTimeout: 0,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5000,
  maxHeaderSize: 16 * 1024,
  /** Some clients offer HTTP/2 on every plain request; they are answered as if they had not. */
  shouldUpgradeCallback: (req: IncomingMessage) => req.headers.upgrade?.toLowerCase() === 'websocket',
};

/** Builds the API; nothing listens until `listen`. Faults: `bad_request` when the TLS files cannot be used. */
export async function createApi(options: ApiOptions): Promise<Api> {
  const { config, gate, events: feed, log, version } = options;
  const strict = options.strict ?? ['test', 'development'].includes(process.env['NODE_ENV'] ?? '');
  const check = originCheck(config);
  const trail = auditTrail(gate, log);
  const running = new Set<AbortController>();
  const sessions = createSessions(gate, (token) => events.endSession(token));
  const events = eventSockets({ gate, feed, sessions, check, trail, log });
  const pages = await openStatic(options.staticDir);

  const own = {
    'session.create': (input, { req, res, trace }) => {
      const { caller, answer } = sessions.create(input as Parameters<typeof sessions.create>[0], req, res);
      trace.caller = caller;
      return answer;
    },
    'session.show': (_input, { credential }) => sessions.show(known(credential)),
    'session.end': (_input, { credential, req, res }) => sessions.end(known(credential), req, res),
    'session.ticket': (_input, { credential, req }) => sessions.ticket(known(credential), req),
    'events.list': (input, { credential }) =>
      events.list(known(credential).caller, (input.query as { after?: number }).after),
  } satisfies Record<string, Endpoint>;
  const handlers = Object.fromEntries(
    Object.entries(options.handlers).map(([name, handler]) => [
      name,
      // The table's types tie each handler to its route's schemas, and those were just applied to this input.
      (input: unknown, { call }: Parameters<Endpoint>[1]) =>
        (handler as (i: unknown, c: unknown) => unknown)(input, call),
    ]),
  );

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const mounted = {
    endpoints: { ...handlers, ...own } as Parameters<typeof mountRoutes>[0]['endpoints'],
    gate,
    sessions,
    trail,
    limits: config.limits,
    count: requestLimit(config.limits.requests),
    log,
    strict,
    running,
  };
  const predicts = hotPath(mounted);
  app.use(mountRoutes(mounted));
  // Made when first asked for: most appliances of one command never are.
  const document = once(() => JSON.stringify(openApiDocument(version)));
  const docs = once(() => docsPage(JSON.parse(document()) as OpenApiDocument));
  app.get('/api/v1/openapi.json', (_req, res) => {
    res.writeHead(200, { ...dataHeaders, 'content-type': 'application/json; charset=utf-8' });
    res.end(document());
  });
  app.get('/docs', (_req, res) => {
    res.writeHead(200, docs().headers);
    res.end(docs().html);
  });
  app.use((req, res) => {
    const { path, method } = req;
    if (/^\/(api|v2)(\/|$)/.test(path)) throw missing(method, path);
    if (method !== 'GET' && method !== 'HEAD') throw missing(method, path);
    return pages(req, res);
  });
  app.use((error: unknown, req: express.Request, res: express.Response, _next: express.NextFunction) => {
    sendFault(req, res, error, log);
  });

  const front = (req: IncomingMessage, res: ServerResponse) => {
    try {
      check(req);
      if (!req.url?.startsWith('/')) throw new Fault('bad_request', 'only paths of this server are answered');
    } catch (error) {
      if (trail.isRefusal(error)) trail.refusal(req, undefined, 'request', error);
      sendFault(req, res, error, log);
      return;
    }
    if (!predicts(req, res)) app(req, res);
  };
  const server = openServer(options, front);
  server.on('upgrade', (req, socket, head) => events.upgrade(req, socket, head));
  server.on('checkContinue', front);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy();
    else socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });

  return {
    listen: () => listen(server, config, options.tls !== undefined || config.tls !== undefined),
    async close() {
      events.close();
      const closed = new Promise<void>((resolve) => {
        if (server.listening) server.close(() => resolve());
        else resolve();
      });
      for (const request of running) request.abort(new Fault('unavailable', 'the appliance is stopping'));
      // A connection becomes idle when its last answer has gone; Node closes only those that are idle at the call.
      const sweep = setInterval(() => server.closeIdleConnections(), 20);
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearInterval(sweep);
      clearTimeout(cut);
    },
  };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function known(credential: Credential | undefined): Credential {
  if (!credential) throw new Error('a route without a caller is not public');
  return credential;
}

function missing(method: string, path: string): Fault {
  const allow = methodsAt(path);
  if (allow.length === 0) return new Fault('not_found', `there is nothing at ${path}; /docs lists what there is`);
  const message = `${method} is not possible at ${path}; use ${allow.join(' or ')}`;
  return new Fault('method_not_allowed', message, { allow });
}

function openServer(options: ApiOptions, front: (req: IncomingMessage, res: ServerResponse) => void): Server {
  const material = options.tls ?? tlsFiles(options.config);
  if (!material) return createServer(limitsOfHttp, front);
  try {
    return createTlsServer({ ...limitsOfHttp, ...material, minVersion: 'TLSv1.2' }, front);
  } catch (error) {
    throw new Fault(
      'bad_request',
      'the TLS certificate and key cannot be used: they must be PEM and belong together',
      {},
      error,
    );
  }
}

function tlsFiles({ tls }: ApplianceConfig): { cert: string; key: string } | undefined {
  if (!tls) return undefined;
  try {
    return { cert: readFileSync(tls.cert, 'utf8'), key: readFileSync(tls.key, 'utf8') };
  } catch (error) {
    const path = (error as NodeJS.ErrnoException).path ?? tls.cert;
    throw new Fault('bad_request', `the TLS file ${path} cannot be read; check --tls-cert and --tls-key`, {}, error);
  }
}

function listen(
  server: Server,
  { host, port }: ApplianceConfig,
  secure: boolean,
): Promise<{ url: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(bindFault(error, host, port)));
    server.listen(port, host, () => {
      const bound = (server.address() as AddressInfo).port;
      // A wildcard is no address that a browser can go to.
      const name = ['0.0.0.0', '::', ''].includes(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host;
      resolve({ url: `${secure ? 'https' : 'http'}://${name}:${bound}`, port: bound });
    });
  });
}

function bindFault(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE') {
    return new Fault('port_taken', `port ${port} is taken by another program; choose one with --port`, { port }, error);
  }
  if (error.code === 'EACCES') {
    return new Fault('port_taken', `this user may not listen on port ${port}; choose one above 1023`, { port }, error);
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new Fault('bad_request', `${host} is not an address of this machine; check --host`, { host }, error);
  }
  return error;
}
