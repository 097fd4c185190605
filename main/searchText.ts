// What a search found, for the terminal: the leaderboard, what the model is made of, which columns it looks at.
import type { SearchSummary, Task } from '../engine/schema/index.ts';
import { figure, quantity, table, time } from './print.ts';

/** Best trials shown. */
const shownTrials = 12;
const shownColumns = 10;

export function searchText(search: SearchSummary, task: Task | undefined): string {
  const score = task === 'regression' || task === 'forecasting' ? 'R²' : 'accuracy';
  const weights = new Map(search.members.map(({ id, weight }) => [id, weight]));
  const rows = search.rows.slice(0, shownTrials).map((row) => [
    row.id,
    row.family,
    Object.entries(row.hyper)
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      .join(' ') || 'as it is',
    figure(row.loss),
    figure(row.score),
    between(row.interval),
    row.state === 'finished' ? '' : `${row.state} after ${row.folds}`,
    time(row.fitMs),
    time(row.predictMs),
    quantity(row.size),
    weights.has(row.id) ? `${Math.round(100 * (weights.get(row.id) ?? 0))} %` : '',
  ]);
  const header = ['trial', 'family', 'set', 'loss', score, '95 % of samples', '', 'fit', 'predict', 'size', 'weight'];
  const parts = [`${search.trials} trials\n${table(header, rows)}`];
  if (search.score !== undefined && search.interval) {
    parts.push(
      `together, on held-out rows: ${score} ${figure(search.score)} (${between(search.interval)})${mixText(search)}`,
    );
  }
  if (search.replay) {
    const { run, trials, same } = search.replay;
    parts.push(`${trials} trials of ${run} done again: ${same} gave the same loss`);
  }
  if (search.importance.length > 0) {
    const columns = search.importance
      .slice(0, shownColumns)
      .map(({ column, drop, spread }) => [column, figure(drop), `± ${figure(spread)}`]);
    parts.push(table(['column', `${score} lost when shuffled`, ''], columns));
  }
  for (const leak of search.leaks) parts.push(`! ${leak}`);
  return parts.join('\n\n');
}

const between = ([low, high]: readonly [number, number]): string => `${figure(low)} – ${figure(high)}`;

/** How the members' answers become one. */
function mixText({ mix }: SearchSummary): string {
  if (!mix) return '';
  const calibration = {
    temperature: 'one temperature',
    scaling: 'a factor and an offset a class',
    isotonic: 'isotonic curves',
  };
  const named =
    mix.metric === undefined
      ? ''
      : `; classes are named for the best ${mix.metric}${mix.threshold === undefined ? '' : `, the second from a share of ${figure(mix.threshold)}`}`;
  return `; ${mix.by === 'stack' ? 'stacked' : 'their mean by weight'}, calibrated by ${calibration[mix.calibration]}${named}`;
}
