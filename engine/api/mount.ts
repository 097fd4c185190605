// Mounts every route of the table: who may call it, its input parsed once, its handler, its answer. Knows no route by name
// but the hot ones; those that api/ answers itself arrive as handlers too.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Request, type Response, Router } from 'express';
import type { Log } from '../base/index.ts';
import {
  type ApplianceConfig,
  type Call,
  type Caller,
  Fault,
  type Gate,
  plainBodies,
  type Route,
  type RouteName,
  routes,
} from '../schema/index.ts';
import { isNoted, type Trail } from './audit.ts';
import { isJson, readBytesWithJson, readJson } from './body.ts';
import { isUnread, sendFault } from './errors.ts';
import { dataHeaders } from './headers.ts';
import { checked, strictly } from './issues.ts';
import { addressOf } from './origin.ts';
import type { Credential, Sessions } from './session.ts';
import { openDownload, openUpload } from './transfer.ts';

/** What an endpoint has beside its checked input. */
interface Visit {
  req: IncomingMessage;
  res: ServerResponse;
  /** Undefined on public routes. */
  credential: Credential | undefined;
  call: Call;
  trace: Trace;
}

/** How far a request came, for the audit. */
interface Trace {
  /** Who the audit shall name; a log-in sets it. */
  caller: Caller | undefined;
  /** Whether the endpoint began. */
  reached: boolean;
  /** An answer that has begun may take as long as it moves. */
  untimed?: () => void;
}

interface Input {
  params: unknown;
  query: unknown;
  body: unknown;
}

export type Endpoint = (input: Input, visit: Visit) => unknown;

export interface MountOptions {
  endpoints: Record<RouteName, Endpoint>;
  gate: Gate;
  sessions: Sessions;
  trail: Trail;
  limits: ApplianceConfig['limits'];
  /** Counts a request of a key; throws when there were too many. */
  count: (key: string) => void;
  log: Log;
  strict: boolean;
  /** Requests in progress, so that closing can abort them. */
  running: Set<AbortController>;
}

/** Large answers of numbers, made by our own code: outside of tests they are sent without another walk over them. */
const hot: ReadonlySet<RouteName> = new Set([
  'deployments.predict',
  'models.predict',
  'v2.infer',
  'datasets.rows',
  'runs.metrics',
  'runs.judged',
]);

/** Checked addresses that a route remembers, and the length from which it does not. */
const mostKnown = 256;
const longKnown = 256;

/** A router with every route of the table. */
export function mountRoutes(options: MountOptions): Router {
  const router = Router({ caseSensitive: true });
  // Predictions first, then by number of parameters, so that `runs/compare` is not taken for a run's id.
  const rank = (name: RouteName) => (hot.has(name) ? 0 : 1 + parameters(routes[name].path));
  const names = (Object.keys(routes) as RouteName[]).sort((a, b) => rank(a) - rank(b));
  for (const name of names) {
    const route: Route = routes[name];
    const method = route.method.toLowerCase() as Lowercase<Route['method']>;
    router[method](route.path.replace(/\{(\w+)\}/g, ':$1'), serve(name, route, options));
  }
  return router;
}

/**
 * Answers of predictions without a router: of each hundred microseconds of such a request, routing took twenty. Undefined
 * for a request that is no prediction, which takes the usual way.
 */
export function hotPath(options: MountOptions): (req: IncomingMessage, res: ServerResponse) => boolean {
  const table = [...hot]
    .filter((name) => routes[name].method === 'POST')
    .map((name) => {
      const keys = [...routes[name].path.matchAll(/\{(\w+)\}/g)].map(([, key]) => key);
      const path = new RegExp(`^${routes[name].path.replace(/\{\w+\}/g, '([\\w.~-]+)')}(?:\\?|$)`);
      return { keys, path, answer: serve(name, routes[name], options) };
    });
  return (req, res) => {
    if (req.method !== 'POST' || req.url === undefined) return false;
    for (const { keys, path, answer } of table) {
      const found = path.exec(req.url);
      if (!found) continue;
      const params = Object.fromEntries(keys.map((key, i) => [key, found[i + 1] ?? '']));
      // Nothing of what express adds to requests and answers is used here but the parameters.
      void answer(Object.assign(req, { params }) as unknown as Request, res as Response);
      return true;
    }
    return false;
  };
}

function serve(name: RouteName, route: Route, options: MountOptions) {
  const { gate, sessions, trail, limits, log, running } = options;
  const endpoint = options.endpoints[name];
  const body = route.body && strictly(route.body);
  const query = route.query && strictly(route.query);
  const checksAnswer = route.stream !== 'out' && (options.strict || !hot.has(name));
  const isPlain = plainBodies[name];
  const checkedBody = (schema: NonNullable<typeof body>, value: unknown) =>
    isPlain?.(value) ? value : checked(schema, value, 'body');
  const noted = isNoted(route);
  const deadlineMs = route.action === 'deployments:predict' ? limits.predictSeconds * 1000 : 0;
  const deploymentOf = namesDeployment(route);
  /** Addresses of predictions, checked: the same few are asked thousands of times. */
  const known = new Map<string, Pick<Input, 'params' | 'query'>>();
  const remembers = hot.has(name) && route.method === 'POST';

  function addressed(req: Request): Pick<Input, 'params' | 'query'> {
    const before = known.get(req.url);
    if (before) return before;
    const found = {
      params: route.params && checked(route.params, req.params, 'path'),
      query: query && checked(query, queryOf(req.url), 'query'),
    };
    if (remembers && req.url.length < longKnown) {
      if (known.size >= mostKnown) known.clear();
      known.set(req.url, found);
    }
    return found;
  }

  function admit(req: Request, trace: Trace): Credential | undefined {
    if (route.action === 'public') return undefined;
    const credential = sessions.credential(req, route.method !== 'GET');
    trace.caller = credential.caller;
    options.count(credential.caller.key);
    const { caller } = credential;
    if (route.action !== 'session')
      gate.authorize(
        caller,
        route.action,
        deploymentOf(req, caller) ?? (isInBody(route) ? caller.deployments?.[0] : undefined),
      );
    return credential;
  }

  async function visit(req: Request, res: Response, signal: AbortSignal, trace: Trace): Promise<void> {
    const credential = admit(req, trace);
    let opened = false;
    const call: Call = {
      caller: credential?.caller ?? nobody(req),
      signal,
      header(name) {
        const value = req.headers[name];
        return Array.isArray(value) ? value[0] : value;
      },
      reply(headers, pieces) {
        opened = true;
        sendBytes(req, res, headers, pieces);
      },
      download(head) {
        opened = true;
        trace.untimed?.();
        return openDownload(res, head);
      },
    };
    const raw = route.bytes === true && !isJson(req);
    if (raw) call.bytes = await readBytesWithJson(req, res, limits.body);
    const { params, query } = addressed(req);
    const input: Input = {
      params,
      query,
      body: raw ? undefined : body && checkedBody(body, await readJson(req, res, limits.body)),
    };
    if (isInBody(route) && credential) {
      const { model } = (input.body ?? {}) as { model?: string };
      if (model !== undefined) gate.authorize(credential.caller, route.action, model);
    }
    if (route.stream === 'in') call.upload = openUpload(req, res, limits.upload);
    trace.reached = true;
    const value = await orAborted(endpoint(input, { req, res, credential, call, trace }), signal);
    if (noted) trail.change(trace.caller ?? call.caller, name, subjectOf(req.params, value), 'ok');
    if (!opened) sendJson(req, res, route.status ?? 200, checksAnswer ? answer(name, route, value, log) : value);
  }

  function note(req: Request, error: unknown, trace: Trace): void {
    if (trail.isRefusal(error)) trail.refusal(req, trace.caller, name, error);
    else if (noted && trace.reached && trace.caller) {
      trail.change(trace.caller, name, subjectOf(req.params), 'failed');
    }
  }

  return async (req: Request, res: Response): Promise<void> => {
    const leaving = new AbortController();
    running.add(leaving);
    const timer =
      deadlineMs > 0
        ? setTimeout(() => leaving.abort(new Fault('timeout', `no answer within ${deadlineMs / 1000} s`)), deadlineMs)
        : undefined;
    res.on('close', () => {
      clearTimeout(timer);
      running.delete(leaving);
      if (!res.writableFinished) leaving.abort(new Fault('cancelled', 'the client left'));
    });
    const trace: Trace = { caller: undefined, reached: false, untimed: () => clearTimeout(timer) };
    try {
      await visit(req, res, leaving.signal, trace);
    } catch (error) {
      sendFault(req, res, error, log);
      note(req, error, trace);
    }
  };
}

/** The outcome of the work, or the signal's reason as soon as it aborts. */
function orAborted(work: unknown, signal: AbortSignal): unknown {
  if (!(work instanceof Promise)) return work;
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    else signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    work.then(resolve, reject);
  });
}

/** Fields that the schema does not name are taken off here, the hash of a key first of all. */
function answer(name: RouteName, route: Route, value: unknown, log: Log): unknown {
  const parsed = route.response.safeParse(value);
  if (parsed.success) return parsed.data;
  const at = parsed.error.issues.slice(0, 5).map(({ code, path }) => ({ code, path: path.join('.') }));
  log.error({ route: name, at }, 'an answer does not fit its schema');
  throw new Error(`answer of ${name} does not fit its schema`);
}

const jsonHead = Object.entries({ ...dataHeaders, 'content-type': 'application/json; charset=utf-8' }).flat();

function sendJson(req: Request, res: Response, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  const head = [...jsonHead, 'content-length', String(Buffer.byteLength(text))];
  // An unread rest of an upload would be taken for the next request.
  if (isUnread(req)) head.push('connection', 'close');
  res.writeHead(status, head);
  res.end(text);
}

function sendBytes(
  req: Request,
  res: Response,
  headers: Record<string, string>,
  pieces: readonly (Uint8Array | string)[],
): void {
  const length = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0);
  res.writeHead(200, {
    ...dataHeaders,
    ...headers,
    'content-length': length,
    ...(isUnread(req) ? { connection: 'close' } : {}),
  });
  res.cork();
  for (const piece of pieces) res.write(piece);
  res.end();
  res.uncork();
}

/** The methods that the table has for a path, when it has the path at all. */
export function methodsAt(path: string): string[] {
  const found = Object.values(routes).filter((route: Route) => pattern(route.path).test(path));
  return [...new Set(found.map((route: Route) => route.method))];
}

const pattern = (path: string): RegExp => new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}/?$`);
const parameters = (path: string): number => path.split('{').length - 1;

/** Routes of OpenAI's API name the deployment in the body: which one is asked is checked once it is read. */
const isInBody = (route: Route): boolean => route.path.startsWith('/v1/');

/** The deployment that a request names, for keys that are limited to some. MLflow's route has it in its query, and a key's only one is meant. */
function namesDeployment({ path }: Route): (req: Request, caller: Caller) => string | undefined {
  if (path === '/invocations') return ({ url }, { deployments }) => queryOf(url)['deployment'] ?? onlyOf(deployments);
  const named = /^\/(v2\/models|api\/v1\/deployments)\/\{name\}/.test(path);
  return named ? ({ params }) => String(params['name']) : () => undefined;
}

const onlyOf = (names: readonly string[] = []): string | undefined => (names.length === 1 ? names[0] : undefined);

/** Id or name of what a change was about: from the path, else from the answer. */
function subjectOf(params: Record<string, unknown>, value?: unknown): string {
  const named = params['id'] ?? params['name'];
  if (typeof named === 'string') return named;
  if (typeof value !== 'object' || value === null) return '-';
  if ('id' in value) return String(value.id);
  return 'key' in value ? subjectOf({}, value.key) : '-';
}

function queryOf(url: string): Record<string, string> {
  const mark = url.indexOf('?');
  return mark < 0 ? {} : Object.fromEntries(new URLSearchParams(url.slice(mark + 1)));
}

const nobody = (req: IncomingMessage): Caller => ({
  principal: 'anonymous',
  key: '-',
  role: 'predictor',
  deployments: [],
  address: addressOf(req),
  local: false,
});
