// A model host for a GGUF file, run by llama.cpp through the optional package node-llama-cpp: texts or conversations in, texts
// out, whole or piece by piece. Runs only in a child process. It trains nothing and has no tensors to show.
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, openSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Fault, type GenerateOptions, type Manifest, type PredictInput, type PredictOutput } from '../schema/index.ts';
import type { ModelHost, Writing } from './host.ts';

/** What is used of the package; it may not be there, so its own types may not be either. */
interface Llama {
  loadModel(options: { modelPath: string; useMmap: boolean }): Promise<LlamaModel>;
}
interface LlamaModel {
  readonly trainContextSize: number;
  readonly tokenizer: unknown;
  tokenize(text: string, special?: boolean): number[];
  detokenize(tokens: readonly number[], special?: boolean, before?: readonly number[]): string;
  isEogToken(token: number): boolean;
  createContext(options: { contextSize: number; sequences: number; threads: number }): Promise<LlamaContext>;
  createEmbeddingContext(options: { contextSize: number; threads: number }): Promise<{
    getEmbeddingFor(text: string): Promise<{ vector: readonly number[] }>;
  }>;
  dispose(): Promise<void>;
}
interface LlamaContext {
  getSequence(): LlamaSequence;
}
interface LlamaSequence {
  evaluateWithMetadata(
    tokens: readonly number[],
    wanted: { confidence: true },
    options: { temperature: number; topK?: number; topP?: number; seed?: number },
  ): AsyncGenerator<{ token: number; confidence: number }>;
  clearHistory(): Promise<void>;
}
type Said = { type: 'system' | 'user'; text: string } | { type: 'model'; response: string[] };
interface Package {
  getLlama(options: {
    gpu: false;
    build: 'never';
    skipDownload: true;
    logLevel: string;
    maxThreads: number;
  }): Promise<Llama>;
  resolveChatWrapper(model: LlamaModel): {
    generateContextState(given: { chatHistory: Said[] }): {
      contextText: { tokenize(tokenizer: unknown): number[] };
    };
  };
}

/** The file in a pack, read in pieces. */
export interface GgufFile {
  chunks: number;
  chunk(i: number): Uint8Array;
}

/** Texts that are written at once; others wait for their turn. */
const sequences = 4;
/** Tokens of one text and what follows it, at most. */
const mostContext = 4096;
/** Tokens that are written when nobody says how many. */
const usualTokens = 256;
/** Tokens that one character may take. */
const mostOpen = 4;
/** More do not help a model that waits for memory; and its threads wait for each other by spinning, so that half the cores are left. */
const mostThreads = 8;
/** Where files are memory: what is decrypted here never reaches a disk. */
const memoryFolder = '/dev/shm';

/** Loads the file. Faults `unavailable` where the package or a place in memory is missing, `bad_graph` for what llama.cpp cannot load. */
export async function openGgufHost(manifest: Manifest, file: GgufFile): Promise<ModelHost> {
  const llamaCpp = await packageOf();
  const threads = Math.max(1, Math.min(mostThreads, Math.floor(availableParallelism() / 2)));
  const llama = await llamaCpp.getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    logLevel: 'disabled',
    maxThreads: threads,
  });
  const model = await loaded(llama, file);
  const contextSize = Math.min(mostContext, model.trainContextSize);
  const context = await model.createContext({ contextSize, sequences, threads });
  /** Places where a text can be written; one that is given back is given to whoever waits longest. */
  const free = Array.from({ length: sequences }, () => context.getSequence());
  const waiting: ((sequence: LlamaSequence) => void)[] = [];

  async function turn<T>(work: (sequence: LlamaSequence) => Promise<T>): Promise<T> {
    const sequence = free.pop() ?? (await new Promise<LlamaSequence>((resolve) => waiting.push(resolve)));
    try {
      await sequence.clearHistory();
      return await work(sequence);
    } finally {
      const next = waiting.shift();
      if (next) next(sequence);
      else free.push(sequence);
    }
  }

  function promptOf(input: PredictInput, at: number): number[] {
    const messages = typeof input === 'string' ? undefined : input['messages'];
    if (Array.isArray(messages)) {
      const chatHistory = [...messages.map(saidOf), { type: 'model' as const, response: [] }];
      return llamaCpp
        .resolveChatWrapper(model)
        .generateContextState({ chatHistory })
        .contextText.tokenize(model.tokenizer);
    }
    const text = typeof input === 'string' ? input : input['text'];
    if (typeof text === 'string') return model.tokenize(text);
    throw new Fault('bad_input', `inputs[${at}] has no text: send {"text": "…"} or the bare text`);
  }

  function write(input: PredictInput, at: number, options: GenerateOptions, writing: Writing): Promise<PredictOutput> {
    const prompt = promptOf(input, at);
    const room = contextSize - prompt.length;
    if (room < 1) {
      throw new Fault(
        'bad_input',
        `inputs[${at}] has ${prompt.length} tokens; ${contextSize - 1} fit before what is written`,
      );
    }
    return turn(async (sequence) => {
      const { temperature = 0, topK, topP, seed, stop = [] } = options;
      const most = Math.min(room, options.maxTokens ?? usualTokens);
      const draw = {
        temperature,
        ...(topK === undefined ? {} : { topK }),
        ...(topP === undefined ? {} : { topP }),
        ...(seed === undefined ? {} : { seed }),
      };
      let written = 0;
      let logProbability = 0;
      let finish: 'stop' | 'length' = 'length';
      let text = '';
      let told = 0;
      /** Tokens that end within a character, and those before them. */
      let open: number[] = [];
      let before = prompt.slice(-mostOpen);
      const tell = (until: number) => {
        if (until > told) writing.piece?.(text.slice(told, until));
        told = Math.max(told, until);
      };
      for await (const { token, confidence } of sequence.evaluateWithMetadata(prompt, { confidence: true }, draw)) {
        if (writing.cancelled?.() === true) break;
        logProbability += Math.log(Math.max(confidence, Number.MIN_VALUE));
        if (model.isEogToken(token)) {
          finish = 'stop';
          break;
        }
        written++;
        open.push(token);
        const piece = model.detokenize(open, false, before);
        const end = firstOf(text + piece, stop);
        if (end >= 0) {
          text = (text + piece).slice(0, end);
          open = [];
          finish = 'stop';
          break;
        }
        if (!piece.endsWith('\ufffd') || open.length >= mostOpen) {
          text += piece;
          before = [...before, ...open].slice(-mostOpen);
          open = [];
          // What may be the beginning of a stop word is not told yet.
          tell(text.length - beginningOf(text, stop));
        }
        if (written >= most) break;
      }
      if (open.length > 0) text += model.detokenize(open, false, before);
      tell(text.length);
      return { text, tokens: { prompt: prompt.length, written }, finish, logProbability };
    });
  }

  let embedding: ReturnType<LlamaModel['createEmbeddingContext']> | undefined;
  async function vector(input: PredictInput, at: number): Promise<PredictOutput> {
    if (typeof input !== 'string') throw new Fault('bad_input', `inputs[${at}] must be a text`);
    const tokens = model.tokenize(input).length;
    if (tokens >= contextSize)
      throw new Fault('bad_input', `inputs[${at}] has ${tokens} tokens; ${contextSize - 1} fit`);
    embedding ??= model.createEmbeddingContext({ contextSize, threads });
    const { vector: found } = await (await embedding).getEmbeddingFor(input);
    const length = Math.hypot(...found) || 1;
    return { embedding: found.map((value) => Math.fround(value / length)), tokens };
  }

  return {
    manifest,
    async predict(inputs, { generate = {}, embed, ...writing } = {}) {
      if ((generate.beams ?? 1) > 1) throw new Fault('bad_request', 'GGUF models search no beams: leave "beams" out');
      const outputs: PredictOutput[] = [];
      for (const [at, input] of inputs.entries()) {
        outputs.push(embed ? await vector(input, at) : await write(input, at, generate, writing));
      }
      return outputs;
    },
    infer() {
      return Promise.reject(new Fault('bad_input', 'a GGUF model takes texts, not tensors: POST /v1/chat/completions'));
    },
    dispose: () => model.dispose(),
  };
}

async function packageOf(): Promise<Package> {
  const name: string = 'node-llama-cpp';
  try {
    return (await import(name)) as Package;
  } catch (error) {
    const why = 'GGUF models need llama.cpp: npm install node-llama-cpp where Neutrino is installed, then deploy again';
    throw new Fault('unavailable', why, undefined, error);
  }
}

/** llama.cpp reads files only: the file is decrypted into memory without a name, so that nothing of it stays, whatever ends. */
async function loaded(llama: Llama, file: GgufFile): Promise<LlamaModel> {
  if (!existsSync(memoryFolder)) {
    throw new Fault(
      'unavailable',
      `GGUF models are decrypted into ${memoryFolder}, which this system does not have (Linux has)`,
    );
  }
  const path = `${memoryFolder}/neutrino-${randomUUID()}`;
  const memory = openSync(path, 'wx+', 0o600);
  try {
    rmSync(path);
    for (let i = 0; i < file.chunks; i++) writeSync(memory, file.chunk(i));
    return await llama.loadModel({ modelPath: `/proc/self/fd/${memory}`, useMmap: false });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
      throw new Fault(
        'out_of_memory',
        `the model does not fit into ${memoryFolder}; give the system more shared memory`,
      );
    }
    const why = error instanceof Error ? error.message : String(error);
    throw new Fault('bad_graph', `llama.cpp cannot load this file: ${why.slice(0, 300)}`, undefined, error);
  } finally {
    closeSync(memory);
  }
}

function saidOf(message: unknown): Said {
  const { role, content } = message as { role: string; content: string };
  if (role === 'assistant') return { type: 'model', response: [content] };
  return { type: role === 'user' ? 'user' : 'system', text: content };
}

/** Where the first of some words begins; −1 where none is. */
function firstOf(text: string, words: readonly string[]): number {
  const places = words.map((word) => text.indexOf(word)).filter((at) => at >= 0);
  return places.length > 0 ? Math.min(...places) : -1;
}

/** Characters at the end of a text that may go on to be one of some words. */
function beginningOf(text: string, words: readonly string[]): number {
  let most = 0;
  for (const word of words) {
    for (let length = Math.min(word.length - 1, text.length); length > most; length--) {
      if (text.endsWith(word.slice(0, length))) most = length;
    }
  }
  return most;
}
