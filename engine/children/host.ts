// A model host: loads one bundle and answers predictions about it, one run at a time, in order. Also checks foreign
// bundles, since the appliance decodes none. Wiring only: the work is in serve/ and bundle/.
import { readFile } from 'node:fs/promises';
import { flushCompileCache } from 'node:module';
import { buffer } from 'node:stream/consumers';
import { residentBytes } from '../base/index.ts';
import { importBundle, readBundle, readManifest } from '../bundle/index.ts';
import { Fault, faultBody, type ToHost } from '../schema/index.ts';
import {
  answerFrame,
  createAwake,
  type ModelHost,
  openBaseHost,
  openGgufHost,
  openModelHost,
  openTensorHost,
  readFrames,
  type WireMessage,
  writeFrame,
} from '../serve/index.ts';
import { createPack, openPack } from '../store/index.ts';
import { openParentLink } from './link.ts';

const link = openParentLink<'host'>();
const awake = createAwake();
let host: ModelHost | undefined;

async function load({ bundle, lease, data }: Extract<ToHost, { type: 'load' }>): Promise<void> {
  const began = performance.now();
  link.limitMemory(lease.memory);
  const pack = openPack(bundle.path, bundle);
  try {
    const manifest = readManifest(pack);
    host = manifest.tensors
      ? await openTensorHost(manifest, pack.read('model.onnx'), lease)
      : pack.has('model.gguf')
        ? await openGgufHost(manifest, {
            chunks: pack.chunkCount('model.gguf'),
            chunk: (i) => pack.readChunk('model.gguf', i),
          })
        : pack.has('base.json')
          ? await openBaseHost(manifest, (name) => (pack.has(name) ? pack.read(name) : undefined), lease)
          : await openModelHost(readBundle(pack), lease);
  } finally {
    pack.close();
  }
  if (data) openFrames(host);
  const loadMs = performance.now() - began;
  void link.send({ type: 'ready', manifest: host.manifest, rss: residentBytes(), loadMs });
  // Hosts are ended by a signal, so that nothing would be kept at their exit.
  setTimeout(flushCompileCache, 200).unref();
}

async function take({ source, bundle, lease, trusted }: Extract<ToHost, { type: 'import' }>): Promise<void> {
  link.limitMemory(lease.memory);
  const bytes = await readSource(source);
  const writer = createPack(bundle.path, bundle);
  try {
    const { manifest, signer } = await importBundle(bytes, writer, {
      trusted,
      tryOut: async (foreign) => (await openModelHost(foreign, lease)).dispose(),
    });
    const summary = writer.finish();
    void link.send({ type: 'imported', manifest, bundle: { bytes: summary.bytes, sha256: summary.sha256 }, signer });
  } catch (error) {
    writer.discard();
    throw error;
  }
}

async function readSource(source: Extract<ToHost, { type: 'import' }>['source']): Promise<Uint8Array> {
  if (source.kind === 'stream') return buffer(process.stdin);
  try {
    return await readFile(source.path);
  } catch (error) {
    throw new Fault('not_found', `${source.path} cannot be read; check the path and its mode`, undefined, error);
  }
}

async function answer(message: Extract<ToHost, { type: 'predict' | 'infer' }>): Promise<void> {
  try {
    if (!host) throw new Fault('not_running', 'this host has no model yet');
    const began = performance.now();
    if (message.type === 'predict') {
      const outputs = await host.predict(message.inputs);
      void link.send({ type: 'predicted', id: message.id, outputs, computeMs: performance.now() - began });
    } else {
      const tensors = await host.infer(message.tensors, message.outputs);
      void link.send({ type: 'inferred', id: message.id, tensors, computeMs: performance.now() - began });
    }
  } catch (error) {
    void link.send({ type: 'refused', id: message.id, fault: faultBody(error) });
  }
  awake.touch();
}

/** Batches on the data socket take the same turns as messages. */
function openFrames(model: ModelHost): void {
  const socket = link.openData();
  const answer = async (messages: WireMessage[]) => {
    writeFrame(socket, await answerFrame(model, messages));
    awake.touch();
  };
  readFrames(socket, (messages) => {
    last = last.then(() => answer(messages));
  });
}

async function fail(error: unknown): Promise<void> {
  await link.send({ type: 'failed', fault: faultBody(error) });
  await link.exit(1);
}

/** Texts that are being written, and those that nobody waits for any more. */
const writing = new Set<number>();
const forgotten = new Set<number>();

/** Writes beside the turns of others: a step of each in turn, so that a long text holds nobody up. */
async function write({ id, inputs, generate, stream, embed }: Extract<ToHost, { type: 'predict' }>): Promise<void> {
  writing.add(id);
  try {
    if (!host) throw new Fault('not_running', 'this host has no model yet');
    const began = performance.now();
    const outputs = await host.predict(inputs, {
      ...(generate ? { generate } : {}),
      ...(embed ? { embed } : {}),
      ...(stream ? { piece: (text) => void link.send({ type: 'piece', id, text }) } : {}),
      cancelled: () => forgotten.has(id),
    });
    void link.send({ type: 'predicted', id, outputs, computeMs: performance.now() - began });
  } catch (error) {
    void link.send({ type: 'refused', id, fault: faultBody(error) });
  }
  writing.delete(id);
  forgotten.delete(id);
  awake.touch();
}

async function turn(message: ToHost): Promise<void> {
  switch (message.type) {
    case 'load':
      return load(message).catch(fail);
    case 'import':
      return take(message).catch(fail);
    case 'predict':
      if (message.generate || message.stream || message.embed) return void write(message);
      return answer(message);
    case 'infer':
      return answer(message);
    case 'forget':
      if (writing.has(message.id)) forgotten.add(message.id);
      return undefined;
    case 'ping':
      return void link.send({ type: 'pong', id: message.id, rss: residentBytes() });
  }
}

/** Messages are worked on one after the other; a ping waits its turn too, for an answer shows that turns are taken. */
let last = Promise.resolve();
link.onMessage((message) => {
  last = last.then(() => turn(message));
});
