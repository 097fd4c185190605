// AutoML: spaces, proposals, folds, ensembles. Trials are fitted by a TrialRunner that is handed in; nothing here forks or stores.
export { automl, type AutomlOptions, type AutomlResult, type Script } from './automl.ts';
export { type Ensemble, heldOf } from './ensemble.ts';
export { explain, type Explanation } from './explain.ts';
export { type Field, openField } from './field.ts';
export { settle } from './learner.ts';
export { servedModel } from './merge.ts';
export { bandOf, type HeldAnswers } from './seriesBand.ts';
export { type FoldResult, localRunner, type TrialRunner, type TrialSpec } from './runner.ts';
export { fitSingle, type SingleResult } from './single.ts';
export type { SearchFamily } from './spaces.ts';
export type { Trial } from './trial.ts';
