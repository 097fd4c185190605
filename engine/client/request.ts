// From a route's name and arguments to a URL and a checked answer.
import { Fault, type Route, type RouteName, routes } from '../schema/index.ts';
import type { ClientOptions } from './options.ts';

export interface Parts {
  params?: unknown;
  query?: unknown;
  body?: unknown;
}

/** Where a route's request goes. */
export function urlOf(base: string, name: RouteName, { params, query }: Parts): string {
  const path = routes[name].path.replace(/\{(\w+)\}/g, (_, key: string) =>
    encodeURIComponent(String((params as Record<string, unknown> | undefined)?.[key])),
  );
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries((query ?? {}) as Record<string, string | number | undefined>)) {
    if (value !== undefined) search.set(key, String(value));
  }
  const text = search.toString();
  return `${base}${path}${text === '' ? '' : `?${text}`}`;
}

/** Headers that every request of this client carries. */
export const headersOf = ({ key }: ClientOptions): Record<string, string> =>
  key === undefined ? {} : { authorization: `Bearer ${key}` };

/** The answer, checked once, here where it enters. */
export function answerOf(name: RouteName, body: unknown): unknown {
  const route: Route = routes[name];
  const parsed = route.response.safeParse(body);
  if (parsed.success) return parsed.data;
  const at = parsed.error.issues[0]?.path.join('.') ?? '';
  const remedy = 'the appliance is probably of another version; update the older of the two';
  throw new Fault('newer_version', `the answer to ${name} does not fit at “${at}”: ${remedy}`);
}
