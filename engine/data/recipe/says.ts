// Each step of a recipe as a sentence for people. Pure; interfaces in other languages say it from the step itself.
import type { RecipeStep, StepOf } from '../../schema/index.ts';

const quoted = (name: string): string => JSON.stringify(name);
const list = (names: readonly string[]): string => names.map(quoted).join(', ');

const sentences: { [O in RecipeStep['op']]: (step: StepOf<O>) => string } = {
  rename: ({ column, to }) => `rename ${quoted(column)} to ${quoted(to)}`,
  cast: ({ column, type, invalid }) =>
    `read ${quoted(column)} as ${type}${invalid === 'missing' ? ', what does not fit is missing' : ''}`,
  drop: ({ columns }) => `drop ${list(columns)}`,
  fill: ({ column, with: way, value }) =>
    `fill ${quoted(column)} with ${way === 'value' ? JSON.stringify(value) : `its ${way}`}`,
  clip: ({ column, min, max, quantiles }) =>
    `clip ${quoted(column)} to ${quantiles ? `its quantiles ${quantiles[0]} … ${quantiles[1]}` : `${min ?? '−∞'} … ${max ?? '∞'}`}`,
  deduplicate: ({ columns, loose }) =>
    `remove rows that repeat${columns ? ` ${list(columns)}` : ''}${loose ? ', case, width, blanks and punctuation set aside' : ''}`,
  filter: ({ where }) => `keep rows where ${where}`,
  normalise: ({ column, forms }) => `normalise ${quoted(column)}: ${forms.join(', ')}`,
  join: ({ dataset, on, columns }) =>
    `join ${columns ? `${list(columns)} of ` : ''}${dataset} on ${on.map(({ left, right }) => (left === right ? left : `${left} = ${right}`)).join(', ')}`,
  mask: ({ columns, kinds, action }) =>
    `mask ${kinds ? kinds.join(', ') : 'everything that identifies'}${columns ? ` in ${list(columns)}` : ''}: ${action}`,
  label: ({ column, values }) => `set ${values.length} label${values.length === 1 ? '' : 's'} of ${quoted(column)}`,
};

/** A step in words. */
export function sayStep(step: RecipeStep): string {
  return (sentences[step.op] as (step: RecipeStep) => string)(step);
}
