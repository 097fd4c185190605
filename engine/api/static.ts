// Serves the built renderer. The files are listed once, at the start: a path that is not in the list does not exist, so
// none can lead outside. Compressed forms are made on first use and kept.
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { Fault } from '../schema/index.ts';
import { assetHeaders, pageHeaders } from './headers.ts';

/** In index.html this stands for the nonce of its styles and scripts (Vite's `html.cspNonce`). */
const noncePlaceholder = '__CSP_NONCE__';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
};
const compressible = /^(text\/|application\/(json|manifest)|image\/svg)/;

interface Asset {
  body: Buffer;
  type: string;
  etag: string;
  /** Its name changes with its content. */
  hashed: boolean;
  packed: Map<string, Promise<Buffer>>;
}

type Pages = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** A handler for GET and HEAD of everything outside the API. Without a folder, or with an empty one, `/` says so. */
export async function openStatic(folder: string | undefined): Promise<Pages> {
  const assets = folder === undefined ? new Map<string, Asset>() : await listAssets(folder);
  const index = assets.get('/index.html');
  return async (req, res) => {
    const path = pathOf(req);
    const asset = assets.get(path);
    if (asset && asset !== index) return sendAsset(req, res, asset);
    if (path !== '/' && !isNavigation(req, path)) throw new Fault('not_found', `there is nothing at ${path}`);
    if (index) return sendIndex(res, index);
    res.writeHead(path === '/' ? 200 : 404, { ...pageHeaders([]), 'content-type': 'text/html; charset=utf-8' });
    res.end(noPages);
  };
}

const noPages = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Neutrino</title>
<h1>Neutrino</h1><p>This appliance runs without pages. Its API is described at <a href="/docs">/docs</a>.</p></html>`;

function pathOf(req: IncomingMessage): string {
  try {
    return decodeURIComponent(req.url?.split('?', 1)[0] ?? '/');
  } catch {
    throw new Fault('bad_request', 'the address holds a malformed %-escape');
  }
}

/** Routes of the app itself: a browser that goes to a path without an extension. */
const isNavigation = (req: IncomingMessage, path: string): boolean =>
  extname(path) === '' && (req.headers.accept ?? '').includes('text/html');

async function listAssets(folder: string): Promise<Map<string, Asset>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  const assets = new Map<string, Asset>();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const body = await readFile(path);
    assets.set(`/${relative(folder, path).split(sep).join('/')}`, {
      body,
      type: types[extname(entry.name)] ?? 'application/octet-stream',
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      hashed: /[.-][\w-]{8,}\.\w+$/.test(entry.name) && path.includes(`${sep}assets${sep}`),
      packed: new Map(),
    });
  }
  return assets;
}

/** With the placeholder in it, only elements with the nonce may style; without, the page may style itself as it likes. */
function sendIndex(res: ServerResponse, { body, type }: Asset): void {
  const page = body.toString('utf8');
  const nonce = randomBytes(16).toString('base64');
  const style = page.includes(noncePlaceholder) ? `'nonce-${nonce}'` : "'unsafe-inline'";
  const policy = [
    "script-src 'self'",
    `style-src 'self' ${style}`,
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
  ];
  res.writeHead(200, { ...pageHeaders(policy), 'content-type': type, 'cache-control': 'no-store' });
  res.end(page.replaceAll(noncePlaceholder, nonce));
}

async function sendAsset(req: IncomingMessage, res: ServerResponse, asset: Asset): Promise<void> {
  const headers = {
    ...assetHeaders,
    // Binds a worker's script and a picture opened as a page.
    'content-security-policy': "default-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    'cache-control': asset.hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: asset.etag,
    vary: 'accept-encoding',
  };
  if (req.headers['if-none-match'] === asset.etag) {
    res.writeHead(304, headers).end();
    return;
  }
  const encoding = compressible.test(asset.type) && asset.body.length > 1024 ? encodingFor(req) : undefined;
  const body = encoding === undefined ? asset.body : await packed(asset, encoding);
  res.writeHead(200, {
    ...headers,
    'content-type': asset.type,
    'content-length': body.length,
    ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
  });
  res.end(body);
}

function encodingFor(req: IncomingMessage): 'br' | 'gzip' | undefined {
  const accepted = req.headers['accept-encoding'] ?? '';
  if (/\bbr\b/.test(accepted)) return 'br';
  return /\bgzip\b/.test(accepted) ? 'gzip' : undefined;
}

function packed(asset: Asset, encoding: 'br' | 'gzip'): Promise<Buffer> {
  const made = asset.packed.get(encoding);
  if (made) return made;
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } };
  const making = encoding === 'br' ? promisify(brotliCompress)(asset.body, brotli) : promisify(gzip)(asset.body);
  asset.packed.set(encoding, making);
  return making;
}
