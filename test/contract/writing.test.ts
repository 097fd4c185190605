// An encoder-decoder learns a true task from nothing: the digits of numbers that English says in words.
import { expect, test } from 'vitest';
import { rng } from '../../engine/base/index.ts';
import { readerOf, trained } from '../unit/train/texts.ts';

const ones =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const tens = '- - twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
/** A number below 1000 as English says it. */
function said(n: number): string {
  if (n < 20) return ones[n];
  if (n < 100) return tens[Math.floor(n / 10)] + (n % 10 > 0 ? `-${ones[n % 10]}` : '');
  return `${ones[Math.floor(n / 100)]} hundred${n % 100 > 0 ? ` and ${said(n % 100)}` : ''}`;
}

test('learns numbers from their words: at least 0.95 of numbers it never saw are right', async () => {
  const numbers = Array.from({ length: 1000 }, (_, n) => n);
  rng(1, 'numbers').shuffle(numbers);
  const chosen = numbers.slice(0, 900);
  const reader = readerOf({ said: chosen.map(said), digits: chosen.map(String) });
  const { report } = await trained(reader, {
    target: 'digits',
    model: 'seq2seq',
    epochs: 24,
    batchSize: 32,
    learningRate: 3e-3,
    hyper: { width: 64, layers: 1, encoderLayers: 1, inner: 128, heads: 2, vocabulary: 400, length: 32, dropout: 0.05 },
  });
  expect(report).toMatchObject({ task: 'text-to-text', rows: 90, written: 90 });
  expect('exactMatch' in report && report.exactMatch).toBeGreaterThanOrEqual(0.95);
  expect('chrF' in report && report.chrF).toBeGreaterThan(97);
  expect(report.perplexity).toBeLessThan(1.3);
}, 120_000);
