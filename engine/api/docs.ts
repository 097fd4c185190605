// The readable page at /docs: static HTML rendered from the OpenAPI document. No script, nothing from elsewhere, and a
// style sheet that its policy names by hash.
import { createHash } from 'node:crypto';
import { errorCodes, exitCode, httpStatus } from '../schema/index.ts';
import { docsStyle } from './docsStyle.ts';
import { pageHeaders } from './headers.ts';
import { html, type Html, raw } from './html.ts';
import type { OpenApiDocument } from './openapi.ts';

/** A JSON schema as far as the document uses them. */
interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  prefixItems?: Schema[];
  additionalProperties?: boolean | Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  pattern?: string;
}
interface Media {
  content?: Record<string, { schema?: Schema }>;
  description?: string;
}
interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  'x-action': string;
  parameters?: { name: string; in: string; required?: boolean; schema?: Schema }[];
  requestBody?: Media;
  responses: Record<string, Media & { $ref?: string }>;
}
interface Place extends Operation {
  method: string;
  path: string;
}

/** The page and its headers. */
export function docsPage(document: OpenApiDocument): { html: string; headers: Record<string, string> } {
  const places = placesOf(document);
  const schemas = (document.components?.schemas ?? {}) as Record<string, Schema>;
  const tags = [...new Set(places.flatMap((place) => place.tags))];
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Neutrino API</title><style>${raw(docsStyle)}</style></head><body>
<nav><a class="home" href="/">Neutrino</a>${tags.map((tag) => html`<a href="#${tag}">${tag}</a>`)}
<a href="#schemas">schemas</a><a href="#errors">errors</a></nav>
<main><h1>Neutrino API <small>${document.info.version}</small></h1>
<p>${document.info.description ?? ''} The same as a document for machines: <a href="/api/v1/openapi.json">openapi.json</a>.</p>
<p>Send a key with every request; <code>neutrino keys create --role predictor</code> makes one. Live events come over a
WebSocket at <code>/api/v1/events?after=SEQ</code>.</p>
<pre>curl -H "Authorization: Bearer $NEUTRINO_KEY" -H "Content-Type: application/json" \\
  -d '{"inputs": [{"column": 1.5}]}' http://127.0.0.1:7317/api/v1/deployments/NAME/predict</pre>
${tags.map((tag) =>
  section(
    tag,
    places.filter((place) => place.tags.includes(tag)),
  ),
)}
<h2 id="schemas">schemas</h2>
${Object.entries(schemas).map(([name, schema]) => html`<h3 id="schema-${name}">${name}</h3><pre>${shape(schema, 0)}</pre>`)}
<h2 id="errors">errors</h2>
<p>Below <code>/api</code>: <code>{"error": {"code", "message", "details"?}}</code>; below <code>/v2</code>:
<code>{"error": "message"}</code>. The command line exits with the number on the right.</p>
<table><thead><tr><th>code</th><th>HTTP</th><th>exit</th></tr></thead><tbody>
${errorCodes.map((code) => html`<tr><td><code>${code}</code></td><td>${httpStatus[code]}</td><td>${exitCode[code]}</td></tr>`)}
</tbody></table></main></body></html>`;
  const hash = createHash('sha256').update(docsStyle).digest('base64');
  return {
    html: page.text,
    headers: { ...pageHeaders([`style-src 'sha256-${hash}'`]), 'content-type': 'text/html; charset=utf-8' },
  };
}

function placesOf(document: OpenApiDocument): Place[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, one]) => ({
      ...one,
      method: method.toUpperCase(),
      path,
    })),
  );
}

function section(tag: string, places: Place[]): Html {
  return html`<h2 id="${tag}">${tag}</h2>${places.map(operation)}`;
}

function operation(place: Place): Html {
  const asked = Object.entries(place.requestBody?.content ?? {})[0];
  const given = Object.entries(place.responses).filter(([status]) => Number(status) < 400);
  const errors = Object.keys(place.responses).filter((status) => Number(status) >= 400);
  return html`<details id="${place.operationId}"><summary><b class="${place.method}">${place.method}</b>
<code>${place.path}</code> <span>${place.summary}</span></summary>
<p class="may">${place['x-action'] === 'public' ? 'open to everyone' : html`needs <code>${place['x-action']}</code>`}</p>${parameters(place)}
${asked ? html`<h4>body <small>${asked[0]}</small></h4><pre>${shape(asked[1].schema ?? {}, 0)}</pre>` : ''}
${given.map(([status, media]) => answer(status, media))}
<p class="may">errors ${errors.map((status) => html`<a href="#errors">${status}</a> `)}</p></details>`;
}

function parameters({ parameters: found = [] }: Place): Html | string {
  if (found.length === 0) return '';
  return html`<table><thead><tr><th>parameter</th><th>in</th><th>value</th></tr></thead><tbody>${found.map(
    (one) => html`<tr><td><code>${one.name}${one.required ? '' : '?'}</code></td><td>${one.in}</td>
<td><code>${shape(one.schema ?? {}, 0)}</code></td></tr>`,
  )}</tbody></table>`;
}

function answer(status: string, media: Media): Html {
  const [type, content] = Object.entries(media.content ?? {})[0] ?? ['', {}];
  return html`<h4>answer ${status} <small>${type}</small></h4><pre>${shape(content.schema ?? {}, 0)}</pre>`;
}

/** A schema in the notation of TypeScript, names linked. */
function shape(schema: Schema, depth: number): Html {
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  const options = schema.anyOf ?? schema.oneOf;
  if (options)
    return joined(
      options.map((one) => shape(one, depth)),
      ' | ',
    );
  if (schema.allOf)
    return joined(
      schema.allOf.map((one) => shape(one, depth)),
      ' & ',
    );
  if (schema.enum)
    return joined(
      schema.enum.map((value) => html`${JSON.stringify(value)}`),
      ' | ',
    );
  if (schema.prefixItems)
    return html`[${joined(
      schema.prefixItems.map((one) => shape(one, depth)),
      ', ',
    )}]`;
  if (schema.items) return html`${shape(schema.items, depth)}[]`;
  if (schema.properties) return object(schema, depth);
  if (typeof schema.additionalProperties === 'object')
    return html`{ [key]: ${shape(schema.additionalProperties, depth)} }`;
  return html`${schema.type === undefined ? 'any' : [schema.type].flat().join(' | ')}${bounds(schema)}`;
}

function object(schema: Schema, depth: number): Html {
  const pad = '  '.repeat(depth + 1);
  const lines = Object.entries(schema.properties ?? {}).map(([name, one]) => {
    const optional = schema.required?.includes(name) ? '' : '?';
    const fallback = one.default === undefined ? '' : html`  <i>= ${JSON.stringify(one.default)}</i>`;
    return html`${pad}${name}${optional}: ${shape(one, depth + 1)}${fallback}\n`;
  });
  return lines.length === 0 ? html`{}` : html`{\n${lines}${'  '.repeat(depth)}}`;
}

function bounds({ minimum, maximum, pattern }: Schema): string {
  if (pattern !== undefined) return ` matching ${pattern}`;
  if (minimum !== undefined && maximum !== undefined) return ` ${minimum}…${maximum}`;
  if (minimum !== undefined) return ` ≥ ${minimum}`;
  return maximum === undefined ? '' : ` ≤ ${maximum}`;
}

function joined(parts: Html[], between: string): Html {
  return html`${parts.map((part, i) => (i === 0 ? part : html`${between}${part}`))}`;
}
