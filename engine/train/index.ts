// Training: programs that step a graph towards less loss, the loop around them, metrics and reports.
export { compileTraining } from './compile.ts';
export type { LossKind, LossOptions } from './losses.ts';
export { applyGraph, type OptimizerSpec, optimizerScalars, optimizerSlots } from './optimizers.ts';
export type { EvalResult, ProgramOptions, StepResult, TrainingProgram } from './program.ts';
export { gradGraph, lossGraph, predictGraph } from './steps.ts';
