import { expect, test } from 'vitest';
import { newRecoveryCode, readRecoveryCode } from '../../../engine/security/recovery.ts';

test('a code is nine groups of four and reads back in any case, spacing and with letters taken for digits', () => {
  const code = newRecoveryCode();
  expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){8}[0-9A-HJKMNP-TV-Z]{4}$/);
  const secret = readRecoveryCode(code);
  expect(secret).toHaveLength(20);
  const variants = [
    code.toLowerCase(),
    code.replaceAll('-', ''),
    code.replaceAll('-', '  '),
    code.replaceAll('0', 'o'),
  ];
  for (const typed of [...variants, code.replaceAll('1', 'l')]) expect(readRecoveryCode(typed)).toEqual(secret);
});

test('a mistyped letter is noticed', () => {
  const code = newRecoveryCode();
  for (let at = 0; at < code.length; at++) {
    if (code[at] === '-') continue;
    const other = code[at] === 'Z' ? 'Y' : 'Z';
    expect(readRecoveryCode(code.slice(0, at) + other + code.slice(at + 1))).toBe(undefined);
  }
  for (const text of ['', 'correct horse battery', code.slice(1), `${code}0`]) {
    expect(readRecoveryCode(text)).toBe(undefined);
  }
});
