// The figures of a whole dataset and what its owner should know before training. Pure.
import type { Column, DatasetShape, Warning } from '../schema/index.ts';
import { guessTarget } from './target.ts';

/** Classes of the guessed target below this many rows are called tiny. */
const tinyClass = 5;

/** Puts columns and their warnings together, guesses the target and adds what the figures show. */
export function shapeOf(rows: number, columns: Column[], found: readonly Warning[]): DatasetShape {
  const target = guessTarget(columns, rows);
  const warnings = [...found];
  for (const column of columns) {
    const name = JSON.stringify(column.name);
    const warn = (code: string, message: string) => warnings.push({ code, column: column.name, message });
    if (column.missing === rows) warn('empty', `${name} has no values; it is left out of training.`);
    else if (column.distinct === 1)
      warn('constant', `${name} has the same value everywhere; it is left out of training.`);
    else if (column.missing > rows / 2) {
      warn('mostly_missing', `${name} is missing in ${Math.round((100 * column.missing) / rows)} % of the rows.`);
    }
    if (column.type === 'identifier')
      warn('identifier', `${name} names rows and says nothing about new ones; it is left out of training.`);
  }
  const chosen = columns.find(({ name }) => name === target);
  if (chosen && (chosen.type === 'category' || chosen.type === 'boolean')) {
    const tiny = (chosen.top ?? []).filter(({ count }) => count < tinyClass).length;
    if (tiny > 0) {
      const message = `${tiny} ${tiny === 1 ? 'class' : 'classes'} of ${JSON.stringify(chosen.name)} have fewer than ${tinyClass} rows: too few to learn from or to test on.`;
      warnings.push({ code: 'tiny_class', column: chosen.name, message });
    }
  }
  if (rows < 50) {
    warnings.push({
      code: 'few_rows',
      message: `There are only ${rows} rows: what a model learns from them, and its test, will be rough.`,
    });
  }
  return { rows, columns, ...(target === undefined ? {} : { target }), warnings };
}
