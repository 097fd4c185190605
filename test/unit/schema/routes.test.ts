import { expect, test } from 'vitest';
import { actions, apiKeyView, eventTypes, type Route, routes } from '../../../engine/schema/index.ts';

const all = Object.entries(routes) as [string, Route][];

test('no two routes answer the same method and path', () => {
  const places = all.map(([, { method, path }]) => `${method} ${path.replace(/\{\w+\}/g, '{}')}`);
  expect(new Set(places).size).toBe(places.length);
});

test.each(all)('%s: parameters, body and stream fit its method and path', (_name, route) => {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, key]) => key);
  expect(Object.keys(route.params?.shape ?? {})).toEqual(inPath);
  expect(route.path).toMatch(
    /^\/((api\/v1|v1|v2)(\/[a-z]+|\/\{\w+\})*(\/openapi\.json)?|metrics|ping|version|invocations)$/,
  );
  if (route.method === 'GET' || route.method === 'DELETE') expect(route.body).toBeUndefined();
  if (route.stream) expect([route.stream, route.body]).toEqual([route.method === 'GET' ? 'out' : 'in', undefined]);
  expect(actions).toContain(route.action);
  expect(route.summary).not.toMatch(/\.$|^$/);
});

test('only these are open to everybody', () => {
  const open = all.filter(([, route]) => route.action === 'public').map(([name]) => name);
  expect(open).toEqual([
    'session.create',
    'system.health',
    'v2.live',
    'v2.ready',
    'v2.server',
    'mlflow.ping',
    'mlflow.version',
  ]);
});

test('whatever changes something asks for more than reading', () => {
  for (const [name, { method, action }] of all) {
    // The index is a question, though the protocol posts it.
    if (method === 'GET' || name.startsWith('session.') || name === 'v2.index') continue;
    expect([name, action]).toEqual([name, expect.stringMatching(/:(write|predict)$/)]);
  }
});

test('every action but the open ones guards a route', () => {
  const used = new Set(all.map(([, route]) => route.action));
  expect(actions.filter((action) => !used.has(action))).toEqual([]);
});

test('the view of a key has no hash', () => {
  expect(Object.keys(apiKeyView.shape)).not.toContain('hash');
});

test('events are named by record and what happened to it', () => {
  expect(
    eventTypes.filter(
      (type) => !/^(dataset|run|model|deployment|scoring|alert|key|peer|job|system)\.[a-z]+$|^resync$/.test(type),
    ),
  ).toEqual([]);
});
