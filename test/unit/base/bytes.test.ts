import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { backoffMs, equalBytes, fromUtf8, hex, newId, openLog, rng, sha256, utf8 } from '../../../engine/base/index.ts';

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

test('text survives UTF-8 and malformed bytes are refused', () => {
  expect(fromUtf8(utf8('naïve 数据 🧪'))).toBe('naïve 数据 🧪');
  expect(() => fromUtf8(Uint8Array.of(0xc3, 0x28))).toThrow(TypeError);
});

test('sha256 of parts is that of the whole', () => {
  expect(hex(sha256('ab', utf8('c')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('bytes are equal only in full', () => {
  expect(equalBytes(utf8('key'), utf8('key'))).toBe(true);
  expect(equalBytes(utf8('key'), utf8('kez'))).toBe(false);
  expect(equalBytes(utf8('key'), utf8('keys'))).toBe(false);
});

test('ids sort by time and do not repeat', () => {
  const early = newId('run', 1_700_000_000_000);
  const late = newId('run', 1_700_000_000_001);
  expect(early < late).toBe(true);
  expect(new Set(Array.from({ length: 1000 }, () => newId('run', 1))).size).toBe(1000);
});

test('waits double up to their bound and never fall below half of it', () => {
  const random = rng(3, 'backoff');
  const options = { firstMs: 100, mostMs: 1000 };
  for (const [attempt, bound] of [100, 200, 400, 800, 1000, 1000].entries()) {
    const wait = backoffMs(attempt, options, random);
    expect(wait).toBeGreaterThanOrEqual(bound / 2);
    expect(wait).toBeLessThanOrEqual(bound);
  }
});

test('a log is for its owner only and keeps an error’s kind and place, never its words', () => {
  const dir = mkdtempSync(join(tmpdir(), 'neutrino-log-'));
  dirs.push(dir);
  const log = openLog(dir, 'part');
  log.error({ err: new TypeError('secret cell value'), run: 'run_1' }, 'step failed');
  const path = join(dir, 'logs', 'part.jsonl');
  const text = readFileSync(path, 'utf8');
  expect(text).not.toContain('secret');
  expect(JSON.parse(text)).toMatchObject({ level: 50, process: 'part', run: 'run_1', err: { name: 'TypeError' } });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});
