// Bundles in object packs, and between packs and `.neutrino` files. A pack is this node's own and already authentic;
// a file is anybody's and is checked from the first byte, in a child process.
import { fromUtf8 } from '../base/index.ts';
import { decodeModel, encodeModel } from '../onnx/index.ts';
import { checkGraph, type Graph, graphOf, modelOf } from '../graph/index.ts';
import { type BundleSigner, Fault, type Manifest, manifest as manifestSchema } from '../schema/index.ts';
import type { Identity } from '../security/index.ts';
import type { PackReader, PackWriter } from '../store/index.ts';
import {
  type Bundle,
  type BundleFiles,
  type FileName,
  files,
  formatOf,
  packFiles,
  tensorSpecs,
  unpackFiles,
} from './bundle.ts';
import { type ExportOptions, unzipBundle, zipBundle } from './zip.ts';

/** What a trainer knows of the model it made; the rest of the manifest follows from the graph. */
export interface BundleParts extends Pick<Bundle, 'preprocess' | 'report' | 'tokenizer'> {
  manifest: Omit<Manifest, 'format' | 'formatVersion' | 'inputs' | 'outputs' | 'files'>;
  graph: Graph;
}

/** Checks the graph and appends the bundle's files to a pack, which the caller finishes. Fault `bad_graph`. */
export function writeBundle(writer: PackWriter, parts: BundleParts): Manifest {
  const { graph, manifest, preprocess, tokenizer, report } = parts;
  checkGraph(graph);
  return append(writer, {
    manifest: {
      ...formatOf(manifest),
      inputs: tensorSpecs(graph.inputs),
      outputs: tensorSpecs(graph.outputs),
      files: {},
    },
    model: encodeModel(modelOf(graph)),
    preprocess,
    ...(tokenizer === undefined ? {} : { tokenizer }),
    report,
  });
}

/** The bundle in a pack. Faults `corrupt` when a file does not have its hash, `newer_version` for a later format. */
export function readBundle(reader: PackReader): Bundle {
  return unpackFiles(filesIn(reader), `the bundle in object ${reader.id}`, 'corrupt');
}

/** The manifest of the bundle in a pack, without reading the model where its format is the current one. */
export function readManifest(reader: PackReader): Manifest {
  const current = manifestSchema.safeParse(JSON.parse(fromUtf8(reader.read(files.manifest))));
  return current.success ? current.data : readBundle(reader).manifest;
}

/** The `.neutrino` file of the bundle in a pack, piece by piece, signed by this node. */
export function exportBundle(
  reader: PackReader,
  signer: Identity,
  options?: ExportOptions,
): AsyncGenerator<Uint8Array, void, void> {
  return zipBundle(filesIn(reader), signer, options);
}

interface ImportOptions {
  /** Ids of nodes whose signature counts as trusted; others are allowed, and said. */
  trusted: readonly string[];
  /** Loads and runs the model; its Fault refuses the file. */
  tryOut(bundle: Bundle): Promise<void>;
}

/** Checks a `.neutrino` file (structure, sizes, signature, hashes, graph, a run) and only then appends it to the pack. */
export async function importBundle(
  bytes: Uint8Array,
  writer: PackWriter,
  options: ImportOptions,
): Promise<{ manifest: Manifest; signer: BundleSigner }> {
  const { bundle, signer } = unzipBundle(bytes, options.trusted);
  const graph = checkedGraph(bundle.model);
  const checked: Bundle = {
    ...bundle,
    manifest: { ...bundle.manifest, inputs: tensorSpecs(graph.inputs), outputs: tensorSpecs(graph.outputs) },
  };
  await options.tryOut(checked);
  return { manifest: append(writer, checked), signer };
}

function checkedGraph(model: Uint8Array): Graph {
  try {
    const graph = graphOf(decodeModel(model));
    checkGraph(graph);
    return graph;
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('bad_graph', "the bundle's model.onnx is not an ONNX model; it is refused", undefined, error);
  }
}

function append(writer: PackWriter, bundle: Bundle): Manifest {
  const packed = packFiles(bundle);
  for (const [name, bytes] of Object.entries(packed.files)) writer.append(name, bytes);
  return packed.manifest;
}

function filesIn(reader: PackReader): BundleFiles {
  const names: readonly FileName[] = Object.values(files);
  return Object.fromEntries(names.filter((name) => reader.has(name)).map((name) => [name, reader.read(name)]));
}
