// AutoML beside scikit-learn and XGBoost: the same rows in the same run. Small sets in five folds, the search inside each training
// part; packages in one split of a fifth held out. Each search is a real trainer process with a real budget.
//   node test/bench/automl/peers.ts [set,…] [budget] [seed,…] [folds]
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { rng } from '../../../engine/base/index.ts';
import { importRows, read, scoreOf, search, sets } from './searching.ts';

// An empty argument is as good as none.
const [asked, budget, seeds = '1', folds] = process.argv.slice(2).map((text) => text || undefined);
const names = asked?.split(',') ?? Object.keys(sets);
const unknown = names.find((name) => !Object.hasOwn(sets, name));
if (unknown !== undefined) throw new Error(`there is no set ${unknown}: ${Object.keys(sets).join(', ')}`);
const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const deviation = (values: number[]) =>
  Math.sqrt(values.reduce((sum, v) => sum + (v - mean(values)) ** 2, 0) / Math.max(1, values.length - 1));

const results: Record<string, unknown>[] = [];
for (const name of names) {
  const set = sets[name];
  const all = read(set.file);
  const rows = set.keep ? set.keep(all) : all;
  const ours: number[] = [];
  const seconds: number[] = [];
  const peers: Record<string, number[]> = {};
  for (const seed of seeds.split(',').map(Number)) {
    const order = rng(seed, 'outer').shuffle([...rows.keys()]);
    // Stratified: classes are dealt to the folds one by one.
    if (set.task === 'classes') order.sort((a, b) => (rows[a][set.target] < rows[b][set.target] ? -1 : 1));
    const count = set.folds === 1 ? 5 : set.folds;
    for (let fold = 0; fold < Math.min(set.folds, Number(folds ?? set.folds)); fold++) {
      const id = `${name}-${seed}-${fold}`;
      const train = await importRows(
        `${id}-train`,
        rows.filter((_, i) => order.indexOf(i) % count !== fold),
      );
      const test = await importRows(
        `${id}-test`,
        rows.filter((_, i) => order.indexOf(i) % count === fold),
      );
      const request = { target: set.target, budget: budget ?? set.budget, seed, ignore: set.ignore };
      const found = await search(request, train.grant, test.grant);
      ours.push(scoreOf(found.report));
      seconds.push(found.seconds);
      const job = {
        train: train.path,
        test: test.path,
        target: set.target,
        task: set.task,
        ignore: set.ignore ?? [],
      };
      const ran = spawnSync('/usr/bin/python3', [join(import.meta.dirname, 'peers.py'), JSON.stringify(job)], {
        // Only scores are compared; on a busy machine threads that wait for each other take minutes.
        env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
      });
      if (ran.status !== 0) throw new Error(`the peers did not run: ${ran.stderr.toString()}`);
      const scores = JSON.parse(ran.stdout.toString()) as Record<string, number>;
      for (const [peer, score] of Object.entries(scores)) (peers[peer] ??= []).push(score);
      console.error(
        `  ${id}: ours ${scoreOf(found.report).toFixed(4)} in ${found.seconds.toFixed(1)} s; ${JSON.stringify(scores)}`,
      );
    }
  }
  const [best, scores] = Object.entries(peers).sort((a, b) => mean(b[1]) - mean(a[1]))[0];
  const differences = ours.map((score, i) => score - scores[i]);
  const error = deviation(differences) / Math.sqrt(ours.length);
  const row = {
    name,
    ours: mean(ours),
    best,
    peer: mean(scores),
    difference: mean(differences),
    error,
    slowest: Math.max(...seconds),
  };
  results.push(row);
  console.error(
    `${name.padEnd(14)} ours ${row.ours.toFixed(4)}, best peer ${best} ${row.peer.toFixed(4)}: ${row.difference >= 0 ? '+' : ''}${row.difference.toFixed(4)} (standard error ${error.toFixed(4)}); slowest search ${row.slowest.toFixed(1)} s of ${budget ?? set.budget}`,
  );
}
console.log(JSON.stringify({ seeds, budget: budget ?? 'as issued', results }));
