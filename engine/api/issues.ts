// A value that does not fit its schema, said to the person who sent it: where, what was expected, one line.
import { Fault, type Route } from '../schema/index.ts';

type Schema = NonNullable<Route['body']>;
type Parsed = ReturnType<Schema['safeParse']>;
type Issue = NonNullable<Parsed['error']>['issues'][number];

const mostListed = 20;

/** The same schema, refusing fields that it does not know where it can, so that a misspelt option is never ignored. */
export function strictly(schema: Schema): Schema {
  const strict = (schema as { strict?: unknown }).strict;
  return typeof strict === 'function' ? (strict.call(schema) as Schema) : schema;
}

/** The checked value. Fault `bad_request`, `details.issues` lists `{path, message}`; values are never quoted. */
export function checked(schema: Schema, value: unknown, what: 'body' | 'query' | 'path'): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, mostListed).map((issue) => {
    const { path, message } = plain(issue);
    return { path: pathText(path), message };
  });
  const first = issues[0] ?? { path: '', message: 'does not fit' };
  const more = parsed.error.issues.length > 1 ? ` (and ${parsed.error.issues.length - 1} more)` : '';
  const place = first.path === '' ? what : `${what}: ${first.path}`;
  throw new Fault('bad_request', `${place}: ${first.message}${more}`, { issues });
}

/** An issue with the alternatives of a union folded in: the alternative that came closest speaks. */
function plain(issue: Issue): { path: PropertyKey[]; message: string } {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return { path: issue.path, message: issue.message };
  const expected = issue.errors.map((errors) =>
    errors.length === 1 && errors[0]?.path.length === 0 && errors[0].code === 'invalid_type' ? errors[0].expected : '',
  );
  if (expected.every((type) => type !== '')) {
    return { path: issue.path, message: `Invalid input: expected ${[...new Set(expected)].join(' or ')}` };
  }
  const depth = (errors: readonly Issue[]) => Math.max(...errors.map((one) => plain(one).path.length));
  const closest = [...issue.errors].sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0]?.[0];
  if (!closest) return { path: issue.path, message: issue.message };
  const inner = plain(closest);
  return { path: [...issue.path, ...inner.path], message: inner.message };
}

const pathText = (path: readonly PropertyKey[]): string =>
  path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i > 0 ? '.' : ''}${String(key)}`)).join('');
