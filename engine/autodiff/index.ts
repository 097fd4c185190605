// Reverse-mode differentiation of graphs: the table of gradient rules and the walker. Knows no loss and no optimiser.
export type { GradContext, GradRule, RuleEntry } from './rule.ts';
export { gradientOf, gradientTable } from './table.ts';
export { backward } from './walker.ts';
