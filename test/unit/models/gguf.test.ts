import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isGguf, readGgufHead } from '../../../engine/models/index.ts';
import { Fault } from '../../../engine/schema/index.ts';
import { tinyGguf, tinyParameters } from './tinyGguf.ts';

const dir = mkdtempSync(join(tmpdir(), 'neutrino-gguf-'));
afterAll(() => rmSync(dir, { recursive: true }));
const file = (bytes: Uint8Array): string => {
  const path = join(dir, 'model.gguf');
  writeFileSync(path, bytes);
  return path;
};
const refused = (bytes: Uint8Array): string => {
  try {
    readGgufHead(file(bytes));
  } catch (error) {
    if (error instanceof Fault && error.code === 'bad_data') return error.message;
    throw error;
  }
  throw new Error('not refused');
};

test('the head says what the file is', () => {
  const path = file(tinyGguf({ template: '{{ messages }}' }));
  expect(isGguf(path)).toBe(true);
  expect(readGgufHead(path)).toEqual({
    architecture: 'llama',
    maxLength: 256,
    parameters: tinyParameters,
    chats: true,
  });
  expect(readGgufHead(file(tinyGguf())).chats).toBe(false);
});

test('a file that is none, is cut, or claims what no file has is refused in one line', () => {
  const whole = tinyGguf();
  const changed = (at: number, value: bigint) => {
    const bytes = Buffer.from(whole);
    bytes.writeBigUInt64LE(value, at);
    return bytes;
  };
  expect(isGguf(file(Buffer.from('GG')))).toBe(false);
  expect(refused(Buffer.from('an ONNX file, perhaps'))).toBe(
    'This is no GGUF file that can be read: it does not begin with GGUF.',
  );
  const other = Buffer.from(whole);
  other.writeUInt32LE(9, 4);
  expect(refused(other)).toMatch(/version 9 is not known/);
  expect(refused(changed(8, 2n ** 40n))).toMatch(/it claims/);
  expect(refused(changed(16, 2n ** 62n))).toMatch(/sizes beyond any file/);
  for (const length of [5, 20, 100, 3000]) expect(refused(whole.subarray(0, length))).toMatch(/ends within its head/);
});
