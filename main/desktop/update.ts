// Updates without the internet: a folder or an internal server holds `update.json`, signed by whoever ships Neutrino there, and
// the installers that it names. Only a server that an admin wrote down is ever asked, and nothing unsigned is opened.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

interface Release {
  version: string;
  /** By `platform-arch`: the installer beside this file and its SHA-256, hex. */
  files: Record<string, { name: string; sha256: string }>;
}

/** An update that may be installed: its version and the checked installer. */
export interface Update {
  version: string;
  installer: string;
}

/** 1 where `a` is the newer version, -1 where `b` is, 0 for the same. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(/[-+]/, 1)[0].split('.').map(Number));
  for (let at = 0; at < 3; at += 1) {
    const difference = (left[at] || 0) - (right[at] || 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

interface About {
  version: string;
  /** The key that this installation trusts, PEM. */
  publicKey: string;
  /** As `linux-x64`. */
  platform: string;
}
type Entry = Release['files'][string];

/** The newer release in signed bytes, or undefined where there is none. Throws saying what is wrong. */
function releaseIn(
  bytes: Buffer,
  signature: string,
  about: About,
  what: string,
): { version: string; entry: Entry } | undefined {
  if (!verify(null, bytes, createPublicKey(about.publicKey), Buffer.from(signature, 'base64'))) {
    throw new Error(`${what} is not signed by the key that this installation trusts`);
  }
  const { version, files } = JSON.parse(bytes.toString('utf8')) as Release;
  if (compareVersions(version, about.version) <= 0) return undefined;
  const entry = files[about.platform];
  if (!entry) throw new Error(`version ${version} has no installer for ${about.platform}`);
  return { version, entry };
}

async function checkInstaller(installer: string, { name, sha256 }: Entry): Promise<void> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(installer)) hash.update(part as Buffer);
  if (hash.digest('hex') !== sha256) throw new Error(`${name} is damaged: its SHA-256 is another`);
}

/**
 * Reads `update.json` and its `update.json.sig` (Ed25519, base64), checks the signature and the installer's hash. Undefined
 * where this version is the newest. Throws saying what is wrong.
 */
export async function checkUpdate(file: string, about: About): Promise<Update | undefined> {
  const release = releaseIn(await readFile(file), await readFile(`${file}.sig`, 'utf8'), about, basename(file));
  if (!release) return undefined;
  const installer = join(dirname(file), basename(release.entry.name));
  await checkInstaller(installer, release.entry);
  return { version: release.version, installer };
}

/** Bytes of `update.json` and of an installer that are taken from a server at most. */
const mostJson = 2 ** 20;
const mostInstaller = 4 * 2 ** 30;

/**
 * The same from an internal server: `source` is the address of its `update.json`, the installer lies beside it. Nothing is
 * fetched beyond the signed list before its signature holds; redirects are not followed. The installer is left in `folder`.
 */
export async function fetchUpdate(source: string, folder: string, about: About): Promise<Update | undefined> {
  const base = new URL(source);
  if (!['https:', 'http:'].includes(base.protocol)) throw new Error(`${source} is no address of a server`);
  const get = async (address: URL): Promise<Response> => {
    const answer = await fetch(address, { redirect: 'error', signal: AbortSignal.timeout(600_000) });
    if (!answer.ok || !answer.body) throw new Error(`${address.href} answers ${answer.status}`);
    return answer;
  };
  const small = async (address: URL): Promise<Buffer> => {
    const parts: Uint8Array[] = [];
    for await (const part of limited((await get(address)).body as AsyncIterable<Uint8Array>, mostJson))
      parts.push(part);
    return Buffer.concat(parts);
  };
  const bytes = await small(base);
  const signature = (await small(new URL(`${base.href}.sig`))).toString('utf8');
  const release = releaseIn(bytes, signature, about, base.href);
  if (!release) return undefined;
  const name = basename(release.entry.name);
  const installer = join(folder, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const body = (await get(new URL(encodeURIComponent(name), base))).body as AsyncIterable<Uint8Array>;
  try {
    await pipeline(limited(body, mostInstaller), createWriteStream(installer, { mode: 0o700 }));
    await checkInstaller(installer, release.entry);
  } catch (error) {
    await rm(installer, { force: true });
    throw error;
  }
  return { version: release.version, installer };
}

async function* limited(body: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Uint8Array> {
  let taken = 0;
  for await (const part of body) {
    taken += part.length;
    if (taken > most) throw new Error(`the server sends more than ${most} bytes`);
    yield part;
  }
}
