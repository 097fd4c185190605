import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorCodes, httpStatus, type Route, routes } from '../../../engine/schema/index.ts';
import { ask, openSeam, type Seam } from './seam.ts';

interface Operation {
  operationId: string;
  parameters?: { name: string; in: string; required?: boolean }[];
  requestBody?: { content: Record<string, { schema: unknown }> };
  responses: Record<string, unknown>;
  security: unknown[];
}
interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, unknown>>;
}

let seam: Seam;
let document: Document;
beforeAll(async () => {
  seam = await openSeam();
  document = (await ask(seam.port, '/api/v1/openapi.json')).json() as Document;
});
afterAll(() => seam.close());

const all = Object.entries(routes) as [string, Route][];

test('is an OpenAPI 3.1 document of this version', () => {
  expect([document.openapi, document.info.title, document.info.version]).toEqual(['3.1.0', 'Neutrino', '1.2.3']);
});

test.each(all)('has %s with its parameters, body and answer', (name, route) => {
  const operation = document.paths[route.path]?.[route.method.toLowerCase()];
  expect(operation?.operationId).toBe(name);
  const inPath = operation?.parameters?.filter((one) => one.in === 'path').map((one) => one.name) ?? [];
  expect(inPath).toEqual([...route.path.matchAll(/\{(\w+)\}/g)].map(([, key]) => key));
  expect(operation?.parameters?.filter((one) => one.in === 'query').map((one) => one.name) ?? []).toEqual(
    Object.keys(route.query?.shape ?? {}),
  );
  const types = Object.keys(operation?.requestBody?.content ?? {});
  expect(types).toEqual(route.stream === 'in' ? ['application/octet-stream'] : route.body ? ['application/json'] : []);
  expect(operation?.responses).toHaveProperty(String(route.status ?? 200));
  expect(operation?.security.length).toBe(route.action === 'public' ? 0 : 2);
});

test('has nothing that the table has not', () => {
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
  expect(operations.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(routes).sort());
});

test('every reference leads to something', () => {
  const text = JSON.stringify(document);
  const refs = [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)];
  expect(refs.length).toBe(text.split('"$ref"').length - 1);
  expect(refs.filter(([, kind = '', name = '']) => document.components[kind]?.[name] === undefined)).toEqual([]);
});

test('names every error code under its status', () => {
  for (const code of errorCodes) {
    const response = document.components['responses']?.[`Error${httpStatus[code]}`] as { description: string };
    expect(response.description).toContain(`\`${code}\``);
  }
});

test('never shows the hash of a key', () => {
  expect(JSON.stringify(document.components['schemas']?.['ApiKey'])).not.toContain('hash');
});

test('/docs shows every route and loads nothing', async () => {
  const page = await ask(seam.port, '/docs');
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+'; frame/);
  for (const [name, route] of all) {
    expect(page.text).toContain(`id="${name}"`);
    expect(page.text).toContain(`<code>${route.path}</code>`);
  }
  expect(page.text).not.toMatch(/<script|<link|<img|src=|@import|url\(/);
  const anchors = [...page.text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => `id="${id}"`);
  expect(anchors.filter((id) => !page.text.includes(id))).toEqual([]);
});
