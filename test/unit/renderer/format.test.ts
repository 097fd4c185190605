// Numbers and times as people read them.
import { expect, test } from 'vitest';
import { formatOf } from '../../../renderer/parts/format.ts';

const en = formatOf('en');
const zh = formatOf('zh-CN');

test('figures keep four digits, tiny ones become powers, whole ones stay whole', () => {
  expect([0, 0.97333, 12.3456, 0.0000314, 4_198_410, -1.5, undefined].map((value) => en.figure(value))).toEqual([
    '0',
    '0.9733',
    '12.35',
    '3.14e-5',
    '4,198,410',
    '-1.5',
    '–',
  ]);
});

test('lengths name their two largest units and no zero', () => {
  expect([3.2, 400, 59_600, 84_000, 120_000, 3_600_000, 5_400_000].map((value) => en.span(value))).toEqual([
    '4ms',
    '0.4s',
    '59s',
    '1m 24s',
    '2m',
    '1h',
    '1h 30m',
  ]);
  expect(zh.span(84_000)).toBe('1分钟 24秒');
});

test('sizes use decimal units', () => {
  expect([0, 999, 3878, 2_405_644, undefined].map((value) => en.bytes(value))).toEqual([
    '0 byte',
    '999 byte',
    '3.9 kB',
    '2.4 MB',
    '–',
  ]);
});

test('moments are told from now', () => {
  expect(en.ago(1_000_000, 1_000_000 + 3 * 60_000)).toBe('3 min. ago');
  expect(zh.ago(1_000_000, 1_000_000 + 2 * 3_600_000)).toBe('2小时前');
});
