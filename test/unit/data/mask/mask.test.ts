import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { findSensitive, hintOfColumn, openMask } from '../../../../engine/data/mask/index.ts';
import { isBankCard, isIban, isResidentId } from '../../../../engine/data/mask/checks.ts';
import { type MaskAction, maskActions } from '../../../../engine/schema/index.ts';

const key = Buffer.alloc(32, 7);
const mask = (text: string, action: MaskAction, column = 'text', secret: Uint8Array = key) =>
  openMask(column, { action }, secret)(text).text;

describe('actions', () => {
  const text = 'Maria Lopez (maria@corp.example) called from +44 20 7946 0958.';

  test('remove and redact leave nothing of what was found', () => {
    expect(mask(text, 'remove')).toBe('() called from .');
    expect(mask(text, 'redact')).toBe('[NAME] ([EMAIL]) called from [PHONE].');
  });

  test('a hash follows from the key and the finding alone', () => {
    expect(mask(text, 'hash')).toMatch(/^name_[0-9a-f]{16} \(email_[0-9a-f]{16}\) called from phone_[0-9a-f]{16}\.$/);
    expect(mask(text, 'hash')).toBe(mask(text, 'hash'));
    expect(mask(text, 'hash')).not.toBe(mask(text, 'hash', 'text', randomBytes(32)));
  });

  test('the same person gets the same stand-in wherever the name occurs, alone or in full', () => {
    const family = mask('Dear Mr. Lopez, thank you.', 'replace').replace('Dear Mr. ', '').replace(', thank you.', '');
    expect(mask('Spoke to Maria Lopez today.', 'replace')).toContain(` ${family} `);
    const twice = mask('联系人：王建国。收件人：王建国', 'replace').split(/联系人：|。收件人：/);
    expect(twice[1]).toBe(twice[2]);
    expect(twice[1]).not.toBe('王建国');
  });

  test('stand-ins keep the form: check digits hold, separators and lengths stay', () => {
    const card = mask('card 4539 1488 0343 6467', 'replace').slice(5);
    expect(card).toMatch(/^4539 14\d\d \d{4} \d{4}$/);
    expect(isBankCard(card)).toBe(true);
    expect(isIban(mask('GB29 NWBK 6016 1331 9268 19', 'replace'))).toBe(true);
    const id = mask('身份证11010519491231002X', 'replace').slice(3);
    expect(id).toMatch(/^990101\d{11}[\dX]$/);
    expect(isResidentId(id)).toBe(false);
    expect(mask('电话13812345678', 'replace')).toMatch(/^电话138\d{8}$/);
    expect(mask('from 203.0.113.77 at', 'replace')).toMatch(/^from 198\.1[89]\.\d+\.\d+ at$/);
  });

  test.each(maskActions)('%s: masking what is masked finds no trace of the original', (action) => {
    const once = mask(text, action);
    for (const word of ['Maria', 'Lopez', 'corp', '7946']) expect(once).not.toContain(word);
  });
});

describe('finding', () => {
  test('only the kinds asked for, and in the order of the text', () => {
    const found = findSensitive('a@b.example, 13812345678, Maria Lopez', { kinds: ['phone', 'email'] });
    expect(found.map(({ kind }) => kind)).toEqual(['email', 'phone']);
  });

  test('the name of a column counts: bare names and places in columns of names and addresses', () => {
    expect(hintOfColumn('customer_name')).toBe('name');
    expect(hintOfColumn('收货地址')).toBe('address');
    expect(hintOfColumn('package name')).toBeUndefined();
    expect(findSensitive('Thistlewood', { hint: 'name' })).toHaveLength(1);
    expect(findSensitive('Thistlewood')).toHaveLength(0);
  });

  test('long and hostile texts end soon', () => {
    const hostile = [
      'a'.repeat(9000),
      '号1'.repeat(4000),
      '中华人民共和国'.repeat(900),
      '1-'.repeat(4000),
      ', Ab'.repeat(2000),
    ];
    for (const text of hostile) {
      const began = performance.now();
      findSensitive(text);
      // Minutes when a pattern backtracks; the bound is far from both.
      expect(performance.now() - began).toBeLessThan(20_000);
    }
  });

  test('what stands at the seam of pieces of a long text is found once', () => {
    const long = `${'word '.repeat(1500)}write to jane.doe@corp.example please ${'word '.repeat(1500)}`;
    const found = findSensitive(long);
    expect(found.map(({ start, end }) => long.slice(start, end))).toEqual(['jane.doe@corp.example']);
  });
});
