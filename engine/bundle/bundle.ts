// What a bundle is made of, checked: the manifest, the graph's bytes and the files beside it. Reads and writes no file.
import { fromUtf8, hex, sha256, utf8 } from '../base/index.ts';
import { withoutTokenizer, withTokenizer } from '../data/index.ts';
import type { Dim, ValueInfo } from '../onnx/index.ts';
import {
  Fault,
  type Manifest,
  manifest as manifestSchema,
  type Preprocess,
  preprocess as preprocessSchema,
  type Report,
  report as reportSchema,
  type TensorSpec,
} from '../schema/index.ts';
import { formatVersion, upgrade } from './migrations.ts';

/** A model with all that is needed to use it and to tell where it came from. */
export interface Bundle {
  manifest: Manifest;
  /** The ONNX file. */
  model: Uint8Array;
  preprocess: Preprocess;
  /** A Hugging Face tokenizer.json, where the model has one. */
  tokenizer?: unknown;
  report: Report;
}

/** Files of a bundle by their names in the pack and in the zip; the signature is of the zip only. */
export const files = {
  manifest: 'manifest.json',
  model: 'model.onnx',
  preprocess: 'preprocess.json',
  tokenizer: 'tokenizer.json',
  report: 'report.json',
} as const;
export type FileName = (typeof files)[keyof typeof files];
export type BundleFiles = Partial<Record<FileName, Uint8Array>>;

/** How a reader should call a bundle that is wrong: `corrupt` for our own store, `bad_input` for a file from elsewhere. */
export type Blame = 'corrupt' | 'bad_input';

/** The files of a bundle; the manifest's `files` are the SHA-256 of the others. */
export function packFiles(bundle: Bundle): { files: BundleFiles; manifest: Manifest } {
  const { preprocess, tokenizer = bundle.tokenizer } = withoutTokenizer(bundle.preprocess);
  const contents: BundleFiles = {
    [files.model]: bundle.model,
    [files.preprocess]: utf8(JSON.stringify(preprocess)),
    ...(tokenizer === undefined ? {} : { [files.tokenizer]: utf8(JSON.stringify(tokenizer)) }),
    [files.report]: utf8(JSON.stringify(bundle.report)),
  };
  const hashes = Object.fromEntries(Object.entries(contents).map(([name, bytes]) => [name, hex(sha256(bytes))]));
  const manifest = manifestSchema.parse({ ...bundle.manifest, files: hashes });
  return { manifest, files: { [files.manifest]: utf8(JSON.stringify(manifest)), ...contents } };
}

/** The bundle in these files. Verifies every hash; a newer format is `newer_version`, an older one is brought up to date. */
export function unpackFiles(contents: BundleFiles, what: string, blame: Blame): Bundle {
  const wrong = (why: string, cause?: unknown) => new Fault(blame, `${what} ${why}`, undefined, cause);
  const part = (name: FileName): Uint8Array => {
    const bytes = contents[name];
    if (!bytes) throw wrong(`has no ${name}; it is not a whole bundle`);
    return bytes;
  };
  const json = (name: FileName): unknown => {
    try {
      return JSON.parse(fromUtf8(part(name)));
    } catch (error) {
      if (error instanceof Fault) throw error;
      throw wrong(`has a ${name} that is not JSON`, error);
    }
  };
  const head = json(files.manifest) as Partial<Manifest> | null;
  if (head?.format !== 'neutrino-bundle') throw wrong('is not a Neutrino bundle: its manifest.json says otherwise');
  const hashes = head.files ?? {};
  for (const name of Object.values(files)) {
    if (name === files.manifest || (name === files.tokenizer && !hashes[name] && !contents[name])) continue;
    if (hashes[name] !== hex(sha256(part(name)))) {
      throw wrong(`was changed: ${name} does not have the hash that its manifest gives; get it again from its source`);
    }
  }
  const raw = upgrade({ manifest: head, preprocess: json(files.preprocess), report: json(files.report) }, what);
  const manifest = manifestSchema.safeParse(raw.manifest);
  const preprocess = preprocessSchema.safeParse(raw.preprocess);
  const report = reportSchema.safeParse(raw.report);
  for (const [name, parsed] of [
    [files.manifest, manifest],
    [files.preprocess, preprocess],
    [files.report, report],
  ] as const) {
    if (parsed.error) {
      const issue = parsed.error.issues[0];
      throw wrong(`has a ${name} that is not as it should be at ${issue?.path.join('.')}: ${issue?.message}`);
    }
  }
  const tokenizer = contents[files.tokenizer] ? (json(files.tokenizer) as Record<string, unknown>) : undefined;
  return {
    manifest: manifest.data as Manifest,
    model: part(files.model),
    preprocess: tokenizer ? withTokenizer(preprocess.data as Preprocess, tokenizer) : (preprocess.data as Preprocess),
    ...(tokenizer ? { tokenizer } : {}),
    report: report.data as Report,
  };
}

/** Inputs or outputs of a graph as the manifest tells them; variable dimensions are −1. */
export function tensorSpecs(infos: readonly ValueInfo[]): TensorSpec[] {
  return infos.map(({ name, dtype, shape }) => ({
    name,
    dtype,
    shape: shape.map((dim: Dim) => (typeof dim === 'number' ? dim : -1)),
  }));
}

/** A manifest of the current format. */
export function formatOf<T extends object>(manifest: T): T & Pick<Manifest, 'format' | 'formatVersion'> {
  return { ...manifest, format: 'neutrino-bundle', formatVersion };
}

/** The manifest of an ONNX file from elsewhere that is served as it is: its tensors, and nothing about training. */
export function tensorManifest(
  file: Uint8Array,
  inputs: readonly ValueInfo[],
  outputs: readonly ValueInfo[],
): Manifest {
  const own = { ...nothingTrained, task: 'regression' as const, target: '', features: [], tensors: true as const };
  return formatOf({
    ...own,
    name: 'onnx',
    createdAt: Date.now(),
    inputs: tensorSpecs(inputs),
    outputs: tensorSpecs(outputs),
    files: { [files.model]: hex(sha256(file)) },
  });
}

/** The manifest of a language model that was imported and is served as it is; its graph is built anew where it is loaded. */
export function writerManifest(inputs: readonly ValueInfo[], outputs: readonly ValueInfo[]): Manifest {
  return formatOf({
    ...nothingTrained,
    name: 'language model',
    createdAt: Date.now(),
    task: 'language-model' as const,
    target: textColumn,
    features: [{ column: textColumn, type: 'text' as const, as: 'text' as const }],
    inputs: tensorSpecs(inputs),
    outputs: tensorSpecs(outputs),
    files: {},
  });
}

/** What a row is called of a model that never saw a table. */
export const textColumn = 'text';

const nothingTrained = {
  version: 1,
  neutrino: '',
  family: 'pretrained' as const,
  hyper: {},
  seed: 0,
  classes: [],
  data: { dataset: '', sha256: '', rows: 0 },
  metrics: {},
  columns: [],
};
