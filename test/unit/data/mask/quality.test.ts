import { describe, expect, test } from 'vitest';
import { findSensitive } from '../../../../engine/data/mask/index.ts';
import { type MaskKind, maskKinds } from '../../../../engine/schema/index.ts';
import { fresh } from './fresh.ts';
import { type Labelled, labelled } from './labelled.ts';

interface Score {
  kind: MaskKind;
  cases: number;
  recall: number;
  precision: number;
}

const overlaps = (a: { start: number; end: number }, b: { start: number; end: number }) =>
  Math.min(a.end, b.end) - Math.max(a.start, b.start) >= 0.6 * Math.min(a.end - a.start, b.end - b.start);

/** Recall and precision of each kind; a finding is right when kind and place agree. */
function measure(samples: readonly Labelled[]): Score[] {
  const counts = new Map(maskKinds.map((kind) => [kind, { hit: 0, all: 0, right: 0, found: 0 }]));
  for (const { text, spans } of samples) {
    const found = findSensitive(text);
    const agrees = (one: { kind: MaskKind; start: number; end: number }, others: typeof spans) =>
      others.some((other) => other.kind === one.kind && overlaps(one, other));
    for (const span of spans) {
      const own = counts.get(span.kind);
      if (!own) continue;
      own.all++;
      if (agrees(span, found)) own.hit++;
    }
    for (const one of found) {
      const own = counts.get(one.kind);
      if (!own) continue;
      own.found++;
      if (agrees(one, spans)) own.right++;
    }
  }
  return [...counts]
    .filter(([, { all }]) => all > 0)
    .map(([kind, { hit, all, right, found }]) => ({
      kind,
      cases: all,
      recall: hit / all,
      precision: found === 0 ? 1 : right / found,
    }));
}

describe.each(['en', 'zh'] as const)('masking of labelled texts, %s', (language) => {
  const samples = labelled(language);
  const scores = measure(samples);

  test('there are three hundred texts and more, a fifth of them without anything to find', () => {
    expect(samples.length).toBeGreaterThanOrEqual(300);
    expect(samples.filter(({ spans }) => spans.length === 0).length).toBeGreaterThanOrEqual(60);
  });

  test.each(scores.map((score) => [score.kind, score] as const))('%s', (kind, { recall, precision }) => {
    expect(recall).toBeGreaterThanOrEqual(kind === 'name' || kind === 'address' ? 0.8 : 0.95);
    expect(precision).toBeGreaterThanOrEqual(0.9);
  });
});

describe.each(['en', 'zh'] as const)('masking of texts that it was not tuned on, %s', (language) => {
  const samples = [11, 77, 2026].flatMap((seed) => fresh(language, seed));

  test('there are fifteen hundred, a fifth of them with nothing but what looks like it', () => {
    expect(samples.length).toBeGreaterThanOrEqual(1500);
    expect(samples.filter(({ spans }) => spans.length === 0).length).toBeGreaterThanOrEqual(300);
  });

  test.each(measure(samples).map((score) => [score.kind, score] as const))('%s', (kind, { recall, precision }) => {
    expect(recall).toBeGreaterThanOrEqual(kind === 'name' || kind === 'address' ? 0.8 : 0.95);
    expect(precision).toBeGreaterThanOrEqual(0.9);
  });
});
