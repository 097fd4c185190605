// Who took which item, from the rows of a dataset, and which of it is trained, validated and tested on: the last that each
// user took, where there is a time, else a part by chance.
import { rng } from '../base/index.ts';
import type { DatasetReader } from '../data/index.ts';
import { Fault, type RankingColumns } from '../schema/index.ts';

/** One row: a user took an item. */
export interface Deed {
  row: number;
  user: string;
  item: string;
  time: number;
}

export interface Deeds {
  /** Each user and item once; the last where there are several. */
  taken: Deed[];
  /** What was had, but not liked. */
  other: Deed[];
  /** Least rating that counts as liked; undefined without ratings. */
  liked?: number;
}

/** Reads rows that name a user and an item. `liked` is the least rating, the median of all when empty. Throws `bad_request`, `bad_data`. */
export function readDeeds(reader: DatasetReader, columns: RankingColumns, liked: string): Deeds {
  for (const name of [columns.user, columns.item]) {
    if (!reader.shape.columns.some((column) => column.name === name))
      throw new Fault('bad_data', `The dataset lacks the column ${JSON.stringify(name)}. Add it.`);
  }
  const has = (name: string | undefined): name is string => reader.shape.columns.some((column) => column.name === name);
  const [users, items] = [reader.texts(columns.user), reader.texts(columns.item)];
  const ratings = has(columns.rating) ? reader.numbers(columns.rating) : undefined;
  const times = has(columns.time) ? reader.numbers(columns.time) : undefined;
  const least = ratings && leastOf(ratings, liked);
  const last = new Map<string, Deed & { isLiked: boolean }>();
  for (let row = 0; row < reader.rows; row++) {
    const [user, item] = [users[row], items[row]];
    if (user === null || item === null) continue;
    const time = times?.[row] ?? 0;
    const isLiked = least === undefined || (ratings?.[row] ?? Number.NaN) >= least;
    const key = `${user}\u0000${item}`;
    const before = last.get(key);
    if (!before || time >= before.time) last.set(key, { row, user, item, time, isLiked });
  }
  const all = [...last.values()];
  return {
    taken: all.filter(({ isLiked }) => isLiked),
    other: all.filter(({ isLiked }) => !isLiked),
    ...(least === undefined ? {} : { liked: least }),
  };
}

function leastOf(ratings: Float64Array, liked: string): number {
  if (liked !== '') {
    const least = Number(liked);
    if (Number.isFinite(least)) return least;
    throw new Fault(
      'bad_request',
      `hyper-parameter "liked" is the least rating that counts as liked, not ${JSON.stringify(liked)}`,
    );
  }
  const known = ratings.filter((rating) => !Number.isNaN(rating)).sort();
  return known[Math.floor(known.length / 2)] ?? 0;
}

interface DeedParts {
  train: Deed[];
  validation: Deed[];
  test: Deed[];
  /** Had but not liked, up to the test. */
  other: Deed[];
}

const validationShare = 0.1;

/** Cuts each user's deeds, in the order of time or by chance; one of a single deed is trained on. */
export function splitDeeds({ taken, other }: Deeds, seed: number, testShare: number): DeedParts {
  const users = new Map<string, Deed[]>();
  for (const deed of taken) {
    const own = users.get(deed.user);
    if (own) own.push(deed);
    else users.set(deed.user, [deed]);
  }
  const parts: DeedParts = { train: [], validation: [], test: [], other: [] };
  const ends = new Map<string, number>();
  for (const [user, deeds] of users) {
    const random = rng(seed, 'deeds', user);
    const draws = new Map(deeds.map((deed) => [deed, random.next()]));
    deeds.sort((a, b) => a.time - b.time || (draws.get(a) ?? 0) - (draws.get(b) ?? 0));
    // A share of few is one by chance, so that the shares hold over all users.
    const count = (share: number) => Math.floor(deeds.length * share + random.next());
    const test = Math.min(deeds.length - 1, count(testShare));
    const validation = Math.min(deeds.length - 1 - test, count(validationShare));
    const trained = deeds.length - test - validation;
    parts.train.push(...deeds.slice(0, trained));
    parts.validation.push(...deeds.slice(trained, trained + validation));
    parts.test.push(...deeds.slice(trained + validation));
    ends.set(user, test > 0 ? deeds[deeds.length - test].time : Number.POSITIVE_INFINITY);
  }
  const isBefore = ({ user, time }: Deed) => time <= (ends.get(user) ?? Number.POSITIVE_INFINITY);
  parts.other = other.filter(isBefore);
  return parts;
}
