// Does more time give more? One search each of several budgets on the same rows, live, in a trainer process, judged on a fifth of the
// rows that none of them saw. As many trials at a time as the process has cores (taskset).
//   node test/bench/automl/live.ts [set,…] [seconds,…] [seed]
import { rng } from '../../../engine/base/index.ts';
import { importRows, read, scoreOf, search, sets } from './searching.ts';

const [asked = 'breast-cancer,digits,sections', seconds = '10,60,300', seed = '1'] = process.argv.slice(2);
const table: Record<string, unknown>[] = [];
for (const name of asked.split(',')) {
  const set = sets[name];
  const all = read(set.file);
  const rows = set.keep ? set.keep(all) : all;
  const order = rng(Number(seed), 'outer').shuffle([...rows.keys()]);
  if (set.task === 'classes') order.sort((a, b) => (rows[a][set.target] < rows[b][set.target] ? -1 : 1));
  const held = new Set(order.filter((_, place) => place % 5 === 0));
  const { grant: train } = await importRows(
    `${name}-train`,
    rows.filter((_, i) => !held.has(i)),
  );
  const { grant: test } = await importRows(
    `${name}-test`,
    rows.filter((_, i) => held.has(i)),
  );
  for (const budget of seconds.split(',')) {
    const request = { target: set.target, budget: `${budget}s`, seed: Number(seed), ignore: set.ignore };
    const { report, seconds: took } = await search(request, train, test);
    const loss = 'logLoss' in report ? report.logLoss.toFixed(4) : '';
    const row = { name, budget: Number(budget), score: scoreOf(report).toFixed(4), loss, seconds: took.toFixed(1) };
    table.push(row);
    console.error(JSON.stringify(row));
  }
}
console.log(JSON.stringify(table));
process.exit(0);
