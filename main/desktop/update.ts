// Updates without the internet: a folder or an internal server holds `update.json`, signed by whoever ships Neutrino there, and
// the installers that it names. Nothing is looked for by itself, and nothing unsigned is opened.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

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

/**
 * Reads `update.json` and its `update.json.sig` (Ed25519, base64), checks the signature by `publicKey` (PEM) and the installer's
 * hash. Undefined where this version is the newest. Throws saying what is wrong.
 */
export async function checkUpdate(
  file: string,
  about: { version: string; publicKey: string; platform: string },
): Promise<Update | undefined> {
  const bytes = await readFile(file);
  const signature = Buffer.from(await readFile(`${file}.sig`, 'utf8'), 'base64');
  if (!verify(null, bytes, createPublicKey(about.publicKey), signature)) {
    throw new Error(`${basename(file)} is not signed by the key that this installation trusts`);
  }
  const release = JSON.parse(bytes.toString('utf8')) as Release;
  if (compareVersions(release.version, about.version) <= 0) return undefined;
  const entry = release.files[about.platform];
  if (!entry) throw new Error(`version ${release.version} has no installer for ${about.platform}`);
  const installer = join(dirname(file), basename(entry.name));
  const hash = createHash('sha256');
  for await (const part of createReadStream(installer)) hash.update(part as Buffer);
  if (hash.digest('hex') !== entry.sha256) throw new Error(`${entry.name} is damaged: its SHA-256 is another`);
  return { version: release.version, installer };
}
