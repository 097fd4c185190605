import { expect, test } from 'vitest';
import { hex, sha256 } from '../../../engine/base/index.ts';
import { mintKey, parseKey, verifyKey } from '../../../engine/security/index.ts';
import { faultOf } from './scratch.ts';

const now = 1_700_000_000_000;

test('a key’s text names its record and holds 256 bits of which only the hash is kept', () => {
  const key = mintKey();
  const parts = parseKey(key.text);
  expect(parts?.id).toBe(key.id);
  expect(parts?.secret).toHaveLength(64);
  expect(key.hash).toBe(hex(sha256(parts?.secret ?? '')));
  expect(JSON.stringify({ ...key, text: '' })).not.toContain(parts?.secret);
  expect(mintKey().text).not.toBe(key.text);
});

test('what is not a key is not parsed', () => {
  const { text } = mintKey();
  for (const wrong of [
    '',
    'nk_',
    text.slice(1),
    text.slice(0, -1),
    `${text}0`,
    ` ${text}`,
    text.toUpperCase(),
    `${text}\n`,
  ]) {
    expect(parseKey(wrong)).toBe(undefined);
  }
});

test('the right secret of an active key is let in', () => {
  const key = mintKey();
  const record = { hash: key.hash, state: 'active' as const, expiresAt: now + 1 };
  expect(verifyKey(record, parseKey(key.text)?.secret ?? '', now)).toBe(record);
});

test('unknown, wrong and revoked keys get one and the same answer; an expired one says so', () => {
  const key = mintKey();
  const secret = parseKey(key.text)?.secret ?? '';
  const record = { hash: key.hash, state: 'active' as const };
  const refused = {
    code: 'unauthenticated',
    message: 'this key is not known here or was revoked; ask an admin for a new one',
  };
  expect(faultOf(() => verifyKey(undefined, secret, now))).toEqual(refused);
  expect(faultOf(() => verifyKey(record, parseKey(mintKey().text)?.secret ?? '', now))).toEqual(refused);
  expect(faultOf(() => verifyKey({ ...record, state: 'revoked' }, secret, now))).toEqual(refused);
  expect(faultOf(() => verifyKey({ ...record, hash: '' }, secret, now))).toEqual(refused);
  expect(faultOf(() => verifyKey({ ...record, expiresAt: now }, secret, now))).toEqual({
    code: 'key_expired',
    message: 'this key expired on 2023-11-14; ask an admin for a new one',
  });
});
