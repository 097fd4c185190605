// Training: programs that step a graph towards less loss, the loop around them, metrics and reports.
export { assess, servedFeeds } from './assess.ts';
export { type Averager, Moved } from './averager.ts';
export type { Meeting } from './pace.ts';
export { type Candidate, chooseCandidates } from './candidates.ts';
export { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
export { compileTraining } from './compile.ts';
export type { LossKind, LossOptions } from './losses.ts';
export { applyGraph, type OptimizerSpec, optimizerScalars, optimizerSlots } from './optimizers.ts';
export { feedingOf } from './feeding.ts';
export { type Prepared, prepareRun, type Setup } from './prepare.ts';
export type { EvalResult, GradOptions, ProgramOptions, StepResult, TrainingProgram } from './program.ts';
export { namedRows, wilson } from './metrics.ts';
export { figuresOf } from './ranking.ts';
export { inDataset, type Outcomes } from './outcomes.ts';
export { headline } from './report.ts';
export { type RunHooks, type RunJob, type RunResult, type RunState, runTraining, type StepOptions } from './run.ts';
export { type ModelRows, modelRows } from './rows.ts';
export { parameterCount, weightsHash } from './weights.ts';
