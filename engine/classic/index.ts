// Classic models: trees, sparse linear models, neighbours, naive Bayes. Each fits rows in memory and exports a graph.
import type { ClassicName } from '../schema/index.ts';
import { bayes } from './bayes.ts';
import { boosting } from './boosting.ts';
import { extraTrees, forest } from './forests.ts';
import { glm } from './glm.ts';
import { knn } from './knn.ts';
import type { ClassicFamily } from './model.ts';
import { seasonalNaive, smoothing } from './series.ts';

/** Every classic family by name. */
export const classicFamilies: Readonly<Record<ClassicName, ClassicFamily>> = {
  boosting,
  forest,
  'extra-trees': extraTrees,
  glm,
  knn,
  'naive-bayes': bayes,
  'seasonal-naive': seasonalNaive,
  smoothing,
};

export type { ClassicFamily, ClassicModel, FitOptions as ClassicFitOptions } from './model.ts';
export type { ClassicRows } from './rows.ts';
export { minimise } from './lbfgs.ts';
