// What is kept of the scores of a test part: nothing is lost that a curve or a list of misjudged rows could show.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { curvesOf } from '../../../engine/bundle/outcomeCurves.ts';
import { decodeOutcomes, encodeOutcomes, thinned } from '../../../engine/bundle/outcomes.ts';
import { inDataset, type Outcomes } from '../../../engine/train/outcomes.ts';

interface Case {
  classes: number;
  truth: number[];
  probabilities: number[];
  rocAuc: number | null;
}
const { classification } = JSON.parse(
  readFileSync(new URL('../../fixtures/metrics.json', import.meta.url), 'utf8'),
) as { classification: Record<string, Case> };

const outcomesOf = ({ classes, truth, probabilities }: Case): Outcomes => ({
  classes,
  of: truth.length,
  rows: Uint32Array.from(truth.keys()),
  truth: Float64Array.from(truth),
  named: Uint32Array.from(truth, (label) => (label + 1) % classes),
  scores: Float64Array.from(probabilities),
});

describe('outcomes', () => {
  test.each(Object.entries(classification))('keep their order and the area under their curves: %s', (_, given) => {
    const kept = decodeOutcomes(encodeOutcomes(outcomesOf(given)));
    expect({ ...kept, scores: [] }).toEqual({ ...outcomesOf(given), scores: [] });
    for (const [i, score] of kept.scores.entries()) expect(score).toBeCloseTo(given.probabilities[i], 3);
    const labels = Array.from({ length: given.classes }, (__, i) => `class ${i}`);
    const { curves } = curvesOf(kept, labels);
    const areas = curves.map(({ auc }) => auc);
    if (given.rocAuc !== null) {
      const mean = areas.reduce((sum: number, area) => sum + (area ?? Number.NaN), 0) / areas.length;
      expect(mean).toBeCloseTo(given.rocAuc, 3);
    }
    for (const { roc, pr, calibration, support } of curves) {
      const isDrawn = support > 0 && support < given.truth.length;
      expect([roc[0], roc.at(-1)]).toEqual(
        isDrawn
          ? [
              [0, 0],
              [1, 1],
            ]
          : [undefined, undefined],
      );
      expect(pr.at(-1)?.[0]).toBe(isDrawn ? 1 : undefined);
      expect(roc.every(([x, y], i) => i === 0 || (x >= roc[i - 1][0] && y >= roc[i - 1][1]))).toBe(true);
      expect(calibration.reduce((sum, { count }) => sum + count, 0)).toBe(given.truth.length);
    }
  });

  test('of quantities are kept to the bit', () => {
    const truth = Float64Array.of(1.5, -2, 1e9);
    const given = {
      classes: 0,
      of: 3,
      rows: Uint32Array.of(4, 7, 9),
      named: new Uint32Array(0),
      truth,
      scores: Float64Array.of(1, -2.5, 1e9 + 1),
    };
    expect(decodeOutcomes(encodeOutcomes(given))).toEqual(given);
    expect(curvesOf(given, [])).toEqual({
      kept: 3,
      of: 3,
      curves: [],
      points: [
        [1.5, 1],
        [-2, -2.5],
        [1e9, 1e9 + 1],
      ],
    });
  });

  test('of many rows are an even sample of them', () => {
    const n = 50_000;
    const rows = Uint32Array.from({ length: n }, (_, i) => i * 2);
    const truth = Float64Array.from(rows, (row) => row % 3);
    const named = rows.map((row) => row % 3);
    const kept = thinned({ classes: 3, of: n, rows, truth, named, scores: new Float64Array(n * 3).fill(1 / 3) });
    expect(kept.named).toEqual(kept.rows.map((row) => row % 3));
    expect([kept.rows.length, kept.scores.length, kept.of]).toEqual([20_000, 60_000, n]);
    expect([kept.rows[0], kept.rows[10_000], kept.rows[19_999]]).toEqual([0, 50_000, 99_994]);
    expect(kept.truth.every((value, i) => value === kept.rows[i] % 3)).toBe(true);
  });

  test('name rows of the dataset, not places in the test part', () => {
    const given = outcomesOf({ classes: 2, truth: [0, 1], probabilities: [0.9, 0.1, 0.2, 0.8], rocAuc: null });
    expect(inDataset({ ...given, rows: Uint32Array.of(1, 2) }, Uint32Array.of(5, 17, 30)).rows).toEqual(
      Uint32Array.of(17, 30),
    );
    expect(inDataset(given)).toBe(given);
  });
});
