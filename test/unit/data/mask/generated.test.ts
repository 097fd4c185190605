import { describe, expect, test } from 'vitest';
import { findSensitive } from '../../../../engine/data/mask/index.ts';
import { generated } from './generated.ts';

/** Recall and precision of names; a finding is right when it covers most of the name and little else. */
function measureNames(language: 'en' | 'zh', seed: number) {
  let [hit, all, right, found] = [0, 0, 0, 0];
  for (const { text, spans } of generated(language, seed)) {
    const own = findSensitive(text, { kinds: ['name'] });
    const agrees = (a: { start: number; end: number }, b: { start: number; end: number }) =>
      Math.min(a.end, b.end) - Math.max(a.start, b.start) >= 0.6 * Math.max(a.end - a.start, b.end - b.start);
    for (const span of spans) {
      all++;
      if (own.some((one) => agrees(one, span))) hit++;
    }
    for (const one of own) {
      found++;
      if (spans.some((span) => agrees(one, span))) right++;
    }
  }
  return { recall: hit / all, precision: right / found, cases: all };
}

describe.each(['en', 'zh'] as const)('names in made-up texts, %s', (language) => {
  test.each([1, 2, 3])('seed %i', (seed) => {
    const { recall, precision, cases } = measureNames(language, seed);
    expect(cases).toBeGreaterThanOrEqual(300);
    expect(recall).toBeGreaterThanOrEqual(0.9);
    expect(precision).toBeGreaterThanOrEqual(0.9);
  });
});
