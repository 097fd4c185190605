// Objects of an S3-compatible store (AWS, MinIO), signed with Signature Version 4 (AWS General Reference, "Signature Version 4
// signing process"), addressed by path. Reads and lists, nothing else.
import { createHash, createHmac } from 'node:crypto';
import { SaxesParser } from 'saxes';
import { Fault } from '../../../schema/index.ts';
import { wordsOf } from './body.ts';
import { type HttpRequest, send, type Send } from './http.ts';

export interface S3Key {
  user: string;
  secret: string;
  region: string;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
/** RFC 3986, as the signature wants it. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** The headers of a signed request without a body. */
export function signed(
  { url, method = 'GET', headers = {} }: HttpRequest,
  { user, secret, region }: S3Key,
  now: Date,
): Record<string, string> {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const payload = hash('');
  const all: Record<string, string> = {
    ...headers,
    host: url.host,
    'x-amz-content-sha256': payload,
    'x-amz-date': time,
  };
  const names = Object.keys(all).sort();
  const query = [...url.searchParams]
    .map(([name, value]) => [encode(name), encode(value)].join('='))
    .sort()
    .join('&');
  const canonical = [
    method,
    url.pathname,
    query,
    ...names.map((name) => `${name}:${all[name].trim()}`),
    '',
    names.join(';'),
    payload,
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', time, scope, hash(canonical)].join('\n');
  const key = ['s3', 'aws4_request'].reduce(hmac, hmac(hmac(`AWS4${secret}`, day), region));
  const { host: _, ...sent } = all;
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${user}/${scope}, SignedHeaders=${names.join(';')}, Signature=${hmac(key, text).toString('hex')}`,
  };
}

/** Requests signed at the time they are sent. */
export const signing =
  (key: S3Key): Send =>
  (request) =>
    send({ ...request, headers: signed(request, key, new Date()) });

/** The address of an object, its key encoded part by part. */
export function objectUrl(endpoint: string, bucket: string, key: string): URL {
  const path = [bucket, ...key.split('/')].map(encode).join('/');
  return new URL(`${endpoint.replace(/\/$/, '')}/${path}`);
}

export interface S3Object {
  key: string;
  size: number;
}

/** Objects whose key begins with `prefix`, at most `most` (ListObjectsV2). */
export async function listObjects(
  request: Send,
  endpoint: string,
  bucket: string,
  prefix: string,
  most: number,
): Promise<S3Object[]> {
  const found: S3Object[] = [];
  const pages = new Set<string>();
  for (let token: string | undefined; ; ) {
    const url = objectUrl(endpoint, bucket, '');
    url.searchParams.set('list-type', '2');
    url.searchParams.set('prefix', prefix);
    if (token !== undefined) url.searchParams.set('continuation-token', token);
    const page = parseList(await wordsOf(await request({ url }), url.host));
    found.push(...page.objects);
    if (found.length > most)
      throw new Fault('bad_data', `${prefix} has more than ${most} objects. Import a part of it.`);
    token = page.next;
    if (token === undefined) return found;
    // Pages without an object may come, but not for ever, and none twice.
    if (pages.has(token) || pages.size > 1000 + found.length)
      throw new Fault('bad_data', `${url.host} lists in circles. Check that it speaks S3.`);
    pages.add(token);
  }
}

function parseList(xml: string): { objects: S3Object[]; next?: string } {
  const parser = new SaxesParser();
  const objects: S3Object[] = [];
  let [text, next]: [string, string | undefined] = ['', undefined];
  let own: Partial<S3Object> = {};
  parser.on('opentag', ({ name }) => {
    text = '';
    if (name === 'Contents') own = {};
  });
  parser.on('text', (part) => (text += part));
  parser.on('closetag', ({ name }) => {
    if (name === 'Key') own.key = text;
    if (name === 'Size') own.size = Number(text);
    if (name === 'NextContinuationToken') next = text;
    if (name === 'Contents' && own.key !== undefined && !own.key.endsWith('/'))
      objects.push({ key: own.key, size: own.size ?? 0 });
  });
  try {
    parser.write(xml).close();
  } catch (error) {
    throw new Fault(
      'bad_data',
      'The store answers a list that cannot be read. Check that it speaks S3.',
      undefined,
      error,
    );
  }
  return { objects, ...(next === undefined ? {} : { next }) };
}
