// Entry of the importer child: one import of a dataset or a pretrained model, told over its channel, then it ends. Keys and
// rows live in its memory only; it writes the pack it was granted and nothing else.
import { createReadStream, statSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { utf8 } from '../base/index.ts';
import { importDataset, prepareImport } from '../data/index.ts';
import type { Graph } from '../graph/index.ts';
import type { OnnxBaseOptions } from '../models/index.ts';
import { sizeOf } from '../onnx/index.ts';
import { Fault, faultBody, type PretrainedInfo, type Progress, type ToImporter } from '../schema/index.ts';
import { createPack } from '../store/index.ts';
import { openParentLink } from './link.ts';

const link = openParentLink<'importer'>();
// Importers are ended by a signal, so that nothing would be kept at their exit.
setTimeout(flushCompileCache, 300).unref();
const cancel = new AbortController();
let begun = false;

link.onMessage((message) => {
  if (message.type === 'cancel') cancel.abort();
  else if (message.type === 'prepare') void prepareImport();
  else if (!begun) {
    begun = true;
    void (message.type === 'adopt' ? adopt(message) : message.type === 'refine' ? work(message) : run(message));
  }
});

/** Tensors of a folder that are named when nothing uses them. */
const mostUnused = 20;

interface Adopted {
  info: PretrainedInfo;
  files: Record<string, Uint8Array>;
  /** One more file, too great to be held: its name in the pack, and where it is read. */
  large?: { name: string; path: string };
}

/** A Hugging Face folder: what fine-tuning needs of it. */
async function fromFolder(path: string): Promise<Adopted> {
  const { baseOf, canWrite, languageModelOf, packBase, readPretrained } = await import('../models/index.ts');
  const { writerManifest } = await import('../bundle/index.ts');
  const model = readPretrained(path);
  const base = baseOf(model);
  const { architecture, takes, maxLength } = base.about;
  const writer = canWrite(base) ? languageModelOf(base, true) : undefined;
  const manifest = writer && writerManifest(writer.inputs, writer.outputs);
  return {
    info: {
      architecture,
      takes,
      parameters: sizeOfWeights(base.graph),
      ...(maxLength === undefined ? {} : { maxLength }),
      unused: model.unused.slice(0, mostUnused),
      ...(writer ? { writes: true as const } : {}),
    },
    files: { ...packBase(base), ...(manifest ? { 'manifest.json': utf8(JSON.stringify(manifest)) } : {}) },
  };
}

/** An ONNX file: kept as it is, so that it can be served so, and what runs begin from is read out of it. */
async function fromFile(path: string, options: OnnxBaseOptions): Promise<Adopted> {
  const { baseFiles, onnxBase, packBase, readModelFile } = await import('../models/index.ts');
  const { tensorManifest } = await import('../bundle/index.ts');
  const { about, base, file, inputs, outputs } = onnxBase(readModelFile(path), options);
  const manifest = tensorManifest(file, inputs, outputs);
  // What the runtime does not know is refused now and not when it is first asked for.
  const { compile } = await import('../runtime/index.ts');
  const compiled = await compile(file, { optimise: 'all' }).catch((error: unknown) => {
    if (error instanceof Fault && error.code !== 'internal') throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new Fault('bad_graph', `the runtime takes no such graph: ${why.slice(0, 500)}`, undefined, error);
  });
  await compiled.dispose();
  const { maxLength, output, takes } = about;
  const plain = { [baseFiles.about]: utf8(JSON.stringify(about)), [baseFiles.model]: file };
  return {
    info: {
      architecture: 'onnx',
      takes,
      parameters: base ? sizeOfWeights(base.graph) : 0,
      ...(maxLength === undefined ? {} : { maxLength }),
      unused: [],
      ...(base ? { output } : {}),
      inputs: manifest.inputs,
      outputs: manifest.outputs,
    },
    files: { ...(base ? packBase(base, file) : plain), 'manifest.json': utf8(JSON.stringify(manifest)) },
  };
}

/** A GGUF file: kept as it is, so that llama.cpp can serve it. */
async function fromGguf(path: string): Promise<Adopted> {
  const { ggufFile, readGgufHead } = await import('../models/index.ts');
  const { writerManifest } = await import('../bundle/index.ts');
  const { architecture, maxLength, parameters, chats } = readGgufHead(path);
  return {
    info: {
      architecture: `gguf ${architecture}`,
      takes: 'text',
      parameters,
      ...(maxLength === undefined ? {} : { maxLength }),
      unused: [],
      writes: true,
      gguf: { chats },
    },
    files: { 'manifest.json': utf8(JSON.stringify(writerManifest([], []))) },
    large: { name: ggufFile, path },
  };
}

const sizeOfWeights = ({ parameters, initializers }: Graph) =>
  parameters.reduce((sum, name) => sum + sizeOf(initializers.get(name)?.dims ?? []), 0);

async function adopt({ path, output, asIs, pack, lease }: Extract<ToImporter, { type: 'adopt' }>) {
  link.limitMemory(lease.memory);
  try {
    // Datasets, which most imports are, do without what this loads.
    const isFolder = statSync(path).isDirectory();
    if (isFolder && (output !== undefined || asIs))
      throw new Fault('bad_request', 'an output to keep (--output) and --as-is are for ONNX files, not for folders');
    const { info, files, large } = isFolder
      ? await fromFolder(path)
      : (await import('../models/index.ts')).isGguf(path)
        ? await fromGguf(path)
        : await fromFile(path, { asIs, ...(output === undefined ? {} : { output }) });
    const writer = createPack(pack.path, pack);
    for (const [name, bytes] of Object.entries(files)) writer.append(name, bytes);
    if (large) {
      for await (const piece of createReadStream(large.path, { highWaterMark: 1024 * 1024 })) {
        writer.append(large.name, piece as Buffer);
      }
    }
    const { bytes, sha256 } = writer.finish();
    await link.send({ type: 'adopted', info, bytes, sha256 });
  } catch (error) {
    const fault = faultBody(error);
    // What is corrupt is the user's file, not what the appliance keeps.
    await link.send({ type: 'failed', fault: fault.code === 'corrupt' ? { ...fault, code: 'bad_data' } : fault });
  }
  await link.exit(0);
}

async function work({ work, lease }: Extract<ToImporter, { type: 'refine' }>) {
  link.limitMemory(lease.memory);
  try {
    const { refine } = await import('./refine.ts');
    const tell = (progress: Progress) => void link.send({ type: 'progress', progress });
    const result = await refine(work, lease, tell, () => link.openData());
    await link.send({ type: 'refined', result });
  } catch (error) {
    await link.send({ type: 'failed', fault: faultBody(error) });
  }
  await link.exit(0);
}

async function run({ source, options, pack, lease, secret }: Extract<ToImporter, { type: 'import' }>) {
  link.limitMemory(lease.memory);
  setInterval(() => void link.send({ type: 'alive' }), 1000).unref();
  try {
    const imported = await importDataset({
      source,
      options,
      pack,
      threads: lease.threads,
      memory: lease.memory,
      ...(secret ? { secret } : {}),
      signal: cancel.signal,
      progress: (progress) => void link.send({ type: 'progress', progress }),
    });
    await link.send({ type: 'imported', ...imported });
  } catch (error) {
    await link.send({ type: 'failed', fault: faultBody(error) });
  }
  await link.exit(0);
}
