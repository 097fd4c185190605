// The target that a run is about, told before any row is read: what each task needs of the columns. Infers no classes.
import { type DatasetShape, Fault, taskAsked, type Task, type TrainRequest } from '../schema/index.ts';
import { rankingColumnsOf } from './rankingColumns.ts';
import { seriesColumnsOf } from './series/index.ts';
import { checkTarget, nearest } from './target.ts';

type Asked = Pick<TrainRequest, 'target' | 'task' | 'model' | 'ranking' | 'forecast'>;

/** The target where it is named, which must be there. */
function named({ columns }: DatasetShape, { target }: Asked): string | undefined {
  if (target === undefined || columns.some(({ name }) => name === target)) return target;
  const names = columns.map(({ name }) => name);
  const near = nearest(target, names).map((name) => JSON.stringify(name));
  const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Columns: ${names.slice(0, 12).join(', ')}.`;
  throw new Fault('bad_target', `There is no column ${JSON.stringify(target)}. ${hint}`);
}

/** Tasks whose target is not a class or a quantity to predict. */
const others: Partial<Record<Task, (shape: DatasetShape, asked: Asked) => string | undefined>> = {
  ranking: (shape, asked) => rankingColumnsOf(shape, asked).item,
  anomaly: named,
  forecasting: (shape, asked) => seriesColumnsOf(shape, asked).target,
  'text-to-text': named,
  'language-model': named,
};

/** The column that a run is about; undefined where it needs none or the trainer chooses. Throws `bad_target`. */
export function targetAsked(shape: DatasetShape, asked: Asked): string | undefined {
  const task = taskAsked(asked);
  const own = task && others[task];
  return own ? own(shape, asked) : checkTarget(shape, asked.target).column.name;
}
