// Which columns of a table say who took which item: those that were asked for, else by their names. Looks at no row.
import { type DatasetShape, Fault, type RankingColumns, type TrainRequest } from '../schema/index.ts';
import { nearest } from './target.ts';

type Part = keyof RankingColumns;

/** Names by which a part is known, without blanks, hyphens and underscores. */
const names: Readonly<Record<Part, readonly string[]>> = {
  user: ['user', 'userid', 'customer', 'customerid', 'member', 'visitor', 'account', 'session', 'reader', '用户'],
  item: [
    'item',
    'itemid',
    'product',
    'productid',
    'movie',
    'movieid',
    'article',
    'book',
    'isbn',
    'song',
    'track',
    '物品',
  ],
  rating: ['rating', 'stars', 'score', '评分'],
  time: ['timestamp', 'time', 'date', 'at', 'when', '时间'],
};
const options: Readonly<Record<Part, string>> = {
  user: '--user',
  item: '--target',
  rating: '--rating',
  time: '--time',
};

/** The columns of a ranking. Throws `bad_target` when users or items are not found, `bad_data` for ratings that are no numbers. */
export function rankingColumnsOf(
  shape: DatasetShape,
  { target, ranking = {} }: Pick<TrainRequest, 'target' | 'ranking'>,
): RankingColumns {
  const asked: Partial<RankingColumns> = { ...ranking, ...(target === undefined ? {} : { item: target }) };
  const known = shape.columns.map(({ name }) => name);
  const find = (part: Part): string | undefined => {
    const name = asked[part];
    if (name === undefined) {
      const plain = (text: string) => text.toLowerCase().replaceAll(/[\s_.-]/g, '');
      return names[part].map((word) => known.find((column) => plain(column) === word)).find(Boolean);
    }
    if (known.includes(name)) return name;
    const [near] = nearest(name, known);
    const hint = near ? `Did you mean ${JSON.stringify(near)}?` : `Columns: ${known.slice(0, 12).join(', ')}.`;
    throw new Fault('bad_target', `There is no column ${JSON.stringify(name)}. ${hint}`);
  };
  const need = (part: 'user' | 'item'): string => {
    const found = find(part);
    if (found !== undefined) return found;
    throw new Fault(
      'bad_target',
      `No column looks like the ${part}s. Name it with ${options[part]}: ${known.slice(0, 12).join(', ')}.`,
    );
  };
  const [user, item, rating, time] = [need('user'), need('item'), find('rating'), find('time')];
  if (user === item)
    throw new Fault('bad_target', `Column ${JSON.stringify(user)} cannot name users and items at once.`);
  const typeOf = (name: string) => shape.columns.find((column) => column.name === name)?.type;
  if (rating !== undefined && typeOf(rating) !== 'number') {
    throw new Fault('bad_data', `Column ${JSON.stringify(rating)} holds no numbers, so it cannot be the rating.`);
  }
  const ordered = time !== undefined && ['number', 'date'].includes(typeOf(time) ?? '');
  if (time !== undefined && !ordered && asked.time !== undefined) {
    throw new Fault(
      'bad_data',
      `Column ${JSON.stringify(time)} holds neither dates nor numbers, so it cannot be the time.`,
    );
  }
  return { user, item, ...(rating === undefined ? {} : { rating }), ...(ordered ? { time } : {}) };
}
