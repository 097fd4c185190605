// The table of gradient rules, by operator.
import { flat, type RuleTable } from './rule.ts';
import { convRules } from './rules/conv.ts';
import { elementwiseRules } from './rules/elementwise.ts';
import { gatherRules } from './rules/gather.ts';
import { linearRules } from './rules/linear.ts';
import { normRules } from './rules/norm.ts';
import { recurrentRules } from './rules/recurrent.ts';
import { reduceRules } from './rules/reduce.ts';
import { shapeRules } from './rules/shape.ts';

export const gradientTable: RuleTable = {
  ...elementwiseRules,
  ...linearRules,
  ...reduceRules,
  ...shapeRules,
  ...gatherRules,
  ...convRules,
  ...normRules,
  ...recurrentRules,
};

/** Whether gradients flow through an operator: `zero` where its derivative is zero wherever it exists. */
export function gradientOf(op: string): 'yes' | 'zero' | 'none' {
  if (!Object.hasOwn(gradientTable, op)) return 'none';
  return gradientTable[op] === flat ? 'zero' : 'yes';
}
