// A bundle as a `.neutrino` file: a zip with the bundle's files and `signature`. What comes from elsewhere is refused
// before anything is unpacked: other names, sizes beyond the caps, sizes that its bytes cannot hold.
import { type UnzipFileInfo, unzipSync, Zip, ZipDeflate } from 'fflate';
import { fromUtf8, utf8 } from '../base/index.ts';
import { type BundleSigner, Fault, type Manifest, manifest as manifestSchema } from '../schema/index.ts';
import type { Identity } from '../security/index.ts';
import { type Bundle, type BundleFiles, type FileName, files, unpackFiles } from './bundle.ts';
import { signManifest, verifyManifest } from './signature.ts';

const signatureName = 'signature';
const mib = 1024 * 1024;

/** Greatest unpacked size of each file a bundle may hold, bytes; nothing else may be in it. */
const caps: Readonly<Record<FileName | typeof signatureName, number>> = {
  'manifest.json': 16 * mib,
  'model.onnx': 2048 * mib - 1,
  'preprocess.json': 512 * mib,
  'tokenizer.json': 128 * mib,
  'report.json': 64 * mib,
  signature: 64 * 1024,
};

/** Deflate shrinks at most 1032 to 1 (zlib, technical details); a file that claims more is lying about its size. */
const greatestRatio = 1032;
/** Compressed at once before others get their turn on the thread. */
const piece = 256 * 1024;

/** What an export is called; its record may have another name than the manifest was written with. */
export interface ExportOptions {
  name?: string;
  version?: number;
}

/**
 * The `.neutrino` file of a bundle's files, piece by piece, signed by this node. Same files, same key: the same content
 * (the signature itself is randomised).
 */
export async function* zipBundle(
  contents: BundleFiles,
  signer: Identity,
  options: ExportOptions = {},
): AsyncGenerator<Uint8Array> {
  const manifest = renamed(contents[files.manifest] as Uint8Array, options);
  const entries: [string, Uint8Array][] = [
    [files.manifest, manifest],
    ...Object.entries(contents).filter(([name]) => name !== files.manifest),
    [signatureName, signManifest(manifest, signer)],
  ];
  const ready: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    ready.push(chunk);
  });
  for (const [name, bytes] of entries) {
    const entry = new ZipDeflate(name, { level: name === files.model ? 1 : 6 });
    // The oldest time a zip can hold: when it was exported is nobody's business.
    entry.mtime = new Date(1980, 0, 1);
    zip.add(entry);
    for (let from = 0; from < bytes.length || from === 0; from += piece) {
      entry.push(bytes.subarray(from, from + piece), from + piece >= bytes.length);
      yield* ready.splice(0);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  zip.end();
  yield* ready.splice(0);
}

/** The bundle in a `.neutrino` file and who signed it. Every refusal is `bad_input` (or `newer_version`) and says why. */
export function unzipBundle(bytes: Uint8Array, trusted: readonly string[]): { bundle: Bundle; signer: BundleSigner } {
  const seen = new Set<string>();
  const unpacked = unzip(bytes, (info) => {
    const cap: number | undefined = Object.hasOwn(caps, info.name) ? caps[info.name as FileName] : undefined;
    if (cap === undefined) {
      throw refuse(`holds ${JSON.stringify(info.name.slice(0, 100))}, which no bundle has`);
    }
    if (seen.has(info.name)) throw refuse(`holds ${info.name} twice`);
    seen.add(info.name);
    if (info.originalSize > cap) throw refuse(`holds a ${info.name} of more than ${cap} bytes`);
    if (info.compression !== 0 && info.compression !== 8) throw refuse(`holds ${info.name} packed in an unknown way`);
    const most = info.compression === 0 ? info.size : info.size * greatestRatio;
    if (info.originalSize > most) throw refuse(`claims a size for ${info.name} that it cannot have`);
    return true;
  });
  const { [signatureName]: signature, ...contents } = unpacked;
  if (!signature) throw refuse('is not signed; export it again with Neutrino');
  if (!contents[files.manifest]) throw refuse('has no manifest.json');
  const signer = verifyManifest(contents[files.manifest], signature, trusted);
  return { bundle: unpackFiles(contents, 'the file', 'bad_input'), signer };
}

function unzip(bytes: Uint8Array, filter: (info: UnzipFileInfo) => boolean): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, { filter });
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault(
      'bad_input',
      'this is not a whole .neutrino file (a zip): it is damaged or something else; get it again from its source',
      undefined,
      error,
    );
  }
}

/** The manifest's bytes as they are, unless the model is known here by another name. */
function renamed(bytes: Uint8Array, { name, version }: ExportOptions): Uint8Array {
  if (name === undefined && version === undefined) return bytes;
  const manifest: Manifest = manifestSchema.parse(JSON.parse(fromUtf8(bytes)));
  return utf8(JSON.stringify({ ...manifest, name: name ?? manifest.name, version: version ?? manifest.version }));
}

const refuse = (why: string): Fault => new Fault('bad_input', `the bundle ${why}; it is refused`);
