// The head of a GGUF file (llama.cpp's format for language models): what it is, without its weights. The file itself is served
// as it is; nothing here runs or trains it. https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Fault } from '../schema/index.ts';

export interface GgufHead {
  /** `llama`, `qwen2`, … */
  architecture: string;
  /** Most tokens of a text. */
  maxLength?: number;
  parameters: number;
  /** It says how a conversation is written. */
  chats: boolean;
}

/** What the file is called in a model's pack. */
export const ggufFile = 'model.gguf';

/** Whether a file begins as GGUF files do. */
export function isGguf(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const magic = Buffer.alloc(4);
    return readSync(file, magic, 0, 4, 0) === 4 && magic.toString('latin1') === 'GGUF';
  } finally {
    closeSync(file);
  }
}

/** Bounds of what a head may claim: vocabularies have some hundred thousand words. */
const mostEntries = 65_536;
const mostElements = 4_000_000;
const mostText = 16 * 1024 * 1024;
const window = 1024 * 1024;

/** Bytes of a value by its type; 8 are texts and 9 are lists. */
const widths: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};

/** Reads the head of a file. Fault `bad_data` for what is no such file, or one of another version. */
export function readGgufHead(path: string): GgufHead {
  const file = openSync(path, 'r');
  try {
    return headOf(openCursor(file, fstatSync(file).size));
  } finally {
    closeSync(file);
  }
}

interface Cursor {
  u32(): number;
  u64(): number;
  text(): string;
  skip(bytes: number): void;
}

function openCursor(file: number, size: number): Cursor {
  const bytes = Buffer.alloc(window);
  let from = 0;
  let held = 0;
  let at = 0;
  const need = (count: number): number => {
    if (at + count > size) throw broken('it ends within its head');
    if (at < from || at + count > from + held) {
      from = at;
      held = readSync(file, bytes, 0, window, at);
    }
    const place = at - from;
    at += count;
    return place;
  };
  const u64 = () => {
    const value = bytes.readBigUInt64LE(need(8));
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw broken('it claims sizes beyond any file');
    return Number(value);
  };
  return {
    u32: () => bytes.readUInt32LE(need(4)),
    u64,
    text() {
      const length = u64();
      if (length > mostText) throw broken(`a text of ${length} bytes is in its head`);
      if (length <= window) {
        const place = need(length);
        return bytes.toString('utf8', place, place + length);
      }
      at += length;
      return '';
    },
    skip(count) {
      at += count;
      if (at > size) throw broken('it ends within its head');
    },
  };
}

function headOf(cursor: Cursor): GgufHead {
  if (cursor.u32() !== 0x46554747) throw broken('it does not begin with GGUF');
  const version = cursor.u32();
  if (version !== 2 && version !== 3) throw broken(`version ${version} is not known; convert it to version 3`);
  const tensors = cursor.u64();
  const entries = cursor.u64();
  if (entries > mostEntries || tensors > mostEntries) throw broken(`it claims ${entries} entries, ${tensors} tensors`);
  const found = new Map<string, string | number>();
  for (let i = 0; i < entries; i++) {
    const key = cursor.text();
    const type = cursor.u32();
    if (type === 8) found.set(key, cursor.text());
    else if (type === 9) skipList(cursor);
    else if (type === 4) found.set(key, cursor.u32());
    else if (type === 10) found.set(key, cursor.u64());
    else cursor.skip(widthOf(type));
  }
  let parameters = 0;
  for (let i = 0; i < tensors; i++) {
    cursor.text();
    const rank = cursor.u32();
    if (rank > 8) throw broken(`a tensor of ${rank} dimensions is in it`);
    let size = 1;
    for (let k = 0; k < rank; k++) size *= cursor.u64();
    parameters += size;
    cursor.skip(4 + 8);
  }
  const architecture = found.get('general.architecture');
  if (typeof architecture !== 'string' || !/^[\w.-]{1,64}$/.test(architecture))
    throw broken('it names no architecture');
  if (!Number.isSafeInteger(parameters)) throw broken('its tensors claim sizes beyond any file');
  const maxLength = found.get(`${architecture}.context_length`);
  return {
    architecture,
    ...(typeof maxLength === 'number' ? { maxLength } : {}),
    parameters,
    chats: found.has('tokenizer.chat_template'),
  };
}

function skipList(cursor: Cursor): void {
  const type = cursor.u32();
  const count = cursor.u64();
  if (count > mostElements) throw broken(`a list of ${count} elements is in its head`);
  if (type === 9) throw broken('a list of lists is in its head');
  if (type !== 8) return cursor.skip(count * widthOf(type));
  for (let i = 0; i < count; i++) cursor.text();
}

function widthOf(type: number): number {
  const width = widths[type];
  if (width === undefined) throw broken(`type ${type} in its head is not known`);
  return width;
}

const broken = (why: string): Fault => new Fault('bad_data', `This is no GGUF file that can be read: ${why}.`);
