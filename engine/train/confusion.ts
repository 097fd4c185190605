// Counts of right and wrong classifications and the scores made of them, as scikit-learn's classification_report defines
// them (zero_division=0). Knows nothing of probabilities.
import type { ClassScore } from '../schema/index.ts';

/** Rows by true class (first index) and predicted class. */
export function confusionMatrix(truth: ArrayLike<number>, predicted: ArrayLike<number>, classes: number): number[][] {
  const matrix = Array.from({ length: classes }, () => Array<number>(classes).fill(0));
  for (let i = 0; i < truth.length; i++) matrix[truth[i]][predicted[i]]++;
  return matrix;
}

type Average = Omit<ClassScore, 'label'>;

export interface ConfusionScores {
  accuracy: number;
  classes: ClassScore[];
  macro: Average;
  weighted: Average;
}

const ratio = (a: number, b: number) => (b === 0 ? 0 : a / b);

function average(scores: readonly ClassScore[], weightOf: (score: ClassScore) => number): Average {
  const total = scores.reduce((sum, score) => sum + weightOf(score), 0);
  const mean = (value: (score: ClassScore) => number) =>
    ratio(
      scores.reduce((sum, score) => sum + value(score) * weightOf(score), 0),
      total,
    );
  return {
    precision: mean((s) => s.precision),
    recall: mean((s) => s.recall),
    f1: mean((s) => s.f1),
    support: scores.reduce((sum, score) => sum + score.support, 0),
  };
}

/** Scores of each class and their averages; a class that is neither true nor predicted in any row does not count in `macro`. */
export function confusionScores(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  labels: readonly string[],
): ConfusionScores {
  const [supports, answers, hits] = [0, 1, 2].map(() => new Uint32Array(labels.length)) as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  for (let i = 0; i < truth.length; i++) {
    supports[truth[i]]++;
    answers[predicted[i]]++;
    if (truth[i] === predicted[i]) hits[truth[i]]++;
  }
  const classes = labels.map(
    (label, i): ClassScore => ({
      label,
      precision: ratio(hits[i], answers[i]),
      recall: ratio(hits[i], supports[i]),
      f1: ratio(2 * hits[i], answers[i] + supports[i]),
      support: supports[i],
    }),
  );
  const seen = classes.filter((score, i) => score.support + answers[i] > 0);
  return {
    accuracy: ratio(
      hits.reduce((sum, count) => sum + count, 0),
      truth.length,
    ),
    classes,
    macro: average(seen, () => 1),
    weighted: average(classes, (score) => score.support),
  };
}
