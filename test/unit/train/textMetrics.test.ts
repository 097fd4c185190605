// Figures of written texts, held to worked examples.
import { describe, expect, test } from 'vitest';
import { bleu, chrF, exactMatch } from '../../../engine/train/textMetrics.ts';

describe('exact match', () => {
  test('sets blanks at the ends aside and nothing else', () => {
    expect(exactMatch(['a b', ' c ', 'D', ''], ['a b', 'c', 'd', 'e'])).toBe(0.5);
  });
});

describe('BLEU', () => {
  const truth = ['the cat is on the mat'];

  test('is 100 for the true texts and 0 without a common word', () => {
    expect(bleu(truth, truth)).toBeCloseTo(100, 10);
    expect(bleu(['dogs bark'], truth)).toBe(0);
  });

  test('counts a word no more often than the truth has it', () => {
    // Papineni et al. 2002, example 2: 2 of 7 unigrams; of bigrams, trigrams and 4-grams none: 1/2, 1/4 and 1/8 of one.
    const own = bleu(['the the the the the the the'], truth);
    const wanted =
      100 * Math.exp((Math.log(2 / 7) + Math.log(1 / (2 * 6)) + Math.log(1 / (4 * 5)) + Math.log(1 / (8 * 4))) / 4);
    expect(own).toBeCloseTo(wanted, 8);
  });

  test('punishes texts that are too short', () => {
    expect(bleu(['the cat is on'], truth)).toBeCloseTo(100 * Math.exp(1 - 6 / 4), 8);
  });

  test('sees Chinese by characters', () => {
    expect(bleu(['我喜欢猫'], ['我喜欢猫'])).toBeCloseTo(100, 10);
    expect(bleu(['我喜欢狗'], ['我喜欢猫'])).toBeGreaterThan(40);
  });
});

describe('chrF2', () => {
  test('is 100 for the true texts, blanks set aside, and 0 without a common character', () => {
    expect(chrF(['ab cd', 'e'], ['abcd', 'e'])).toBeCloseTo(100, 10);
    expect(chrF(['xyz'], ['abc'])).toBe(0);
  });

  test('weighs recall twice: a worked example', () => {
    // 'abc' for 'abcd': precision 1 for 1- to 3-grams; recall 3/4, 2/3, 1/2; longer n-grams are in one text only.
    const [precision, recall] = [1, (3 / 4 + 2 / 3 + 1 / 2) / 3];
    expect(chrF(['abc'], ['abcd'])).toBeCloseTo((100 * 5 * precision * recall) / (4 * precision + recall), 8);
  });
});
