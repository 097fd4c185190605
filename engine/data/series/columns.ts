// Which columns make a series: the number that goes on, its times, and what tells several series apart. Looks at no row.
import {
  type Column,
  type DatasetShape,
  Fault,
  type ForecastAsk,
  taskAsked,
  type TrainRequest,
} from '../../schema/index.ts';
import { inferTask, nearest } from '../target.ts';

/** Names by which times are known, without blanks, hyphens and underscores. */
const timeNames = ['time', 'timestamp', 'datetime', 'date', 'day', 'week', 'month', 'when', 'at', 'ds', '时间', '日期'];

/** Rows that a series has at least, where several are told apart unasked. */
const fewestRows = 10;

export interface SeriesColumns {
  target: string;
  time: string;
  series?: string;
}

type Asked = Pick<TrainRequest, 'target' | 'task' | 'model' | 'forecast' | 'ignore'>;

const plain = (text: string) => text.toLowerCase().replaceAll(/[\s_.-]/g, '');

function find(shape: DatasetShape, name: string, what: string): Column {
  const found = shape.columns.find((column) => column.name === name);
  if (found) return found;
  const [near] = nearest(
    name,
    shape.columns.map((column) => column.name),
  );
  throw new Fault(
    'bad_target',
    `There is no column ${JSON.stringify(name)} for the ${what}.${near ? ` Did you mean ${JSON.stringify(near)}?` : ''}`,
  );
}

const isTime = ({ type }: Column) => type === 'date' || type === 'number' || type === 'identifier';

/** The columns of a forecast. Throws `bad_target` where one is missing or of another kind. */
export function seriesColumnsOf(shape: DatasetShape, { target, forecast = {} }: Asked): SeriesColumns {
  const wanted = target ?? shape.target;
  if (wanted === undefined) throw new Fault('bad_target', 'Name the number to forecast with --target.');
  const number = find(shape, wanted, 'target');
  if (number.type !== 'number')
    throw new Fault('bad_target', `Column ${JSON.stringify(wanted)} holds no numbers, so it cannot be forecast.`);
  const others = shape.columns.filter(({ name }) => name !== wanted && name !== forecast.series);
  const dates = others.filter(({ type }) => type === 'date');
  const named = others.filter((column) => timeNames.includes(plain(column.name)) && isTime(column));
  const time =
    forecast.time === undefined
      ? (dates.find((column) => named.includes(column)) ?? dates[0] ?? named[0])
      : find(shape, forecast.time, 'times');
  if (!time) throw new Fault('bad_target', 'No column looks like the times of a series. Name it with --time.');
  if (!isTime(time) || time.name === wanted)
    throw new Fault(
      'bad_target',
      `Column ${JSON.stringify(time.name)} holds neither dates nor numbers to order rows by.`,
    );
  const series = forecast.series === undefined ? undefined : find(shape, forecast.series, 'series');
  if (series && (series.name === time.name || series.name === wanted))
    throw new Fault(
      'bad_target',
      `Column ${JSON.stringify(series.name)} cannot tell series apart and be something else.`,
    );
  return { target: wanted, time: time.name, ...(series ? { series: series.name } : {}) };
}

/**
 * What a request means where it leaves the task open: a forecast, where a table holds nothing but dates, a number and at most a
 * column that tells series apart. Undefined for all others, which keep their task.
 */
export function forecastMeant(shape: DatasetShape, asked: Asked): ForecastAsk | undefined {
  const task = taskAsked(asked);
  if (task === 'forecasting') {
    const { time, series } = seriesColumnsOf(shape, asked);
    return { ...asked.forecast, time, ...(series === undefined ? {} : { series }) };
  }
  if (task !== undefined || asked.model !== 'auto') return undefined;
  const columns = shape.columns.filter(({ name }) => !asked.ignore?.includes(name));
  const target = columns.find(({ name }) => name === (asked.target ?? shape.target));
  const dates = columns.filter(({ type }) => type === 'date');
  const others = columns.filter((column) => column !== target && column.type !== 'date');
  const [time] = dates;
  const [series] = others;
  if (target?.type !== 'number' || dates.length !== 1 || others.length > 1 || time.missing > 0) return undefined;
  if (inferTask(target, shape.rows) !== 'regression') return undefined;
  if (!series) return time.distinct === shape.rows && shape.rows >= fewestRows ? { time: time.name } : undefined;
  const isName = series.type === 'category' || series.type === 'text' || series.type === 'identifier';
  const isTold = isName && series.missing === 0 && time.distinct * series.distinct >= shape.rows;
  if (!isTold || series.distinct < 2 || shape.rows / series.distinct < fewestRows) return undefined;
  return { time: time.name, series: series.name };
}
