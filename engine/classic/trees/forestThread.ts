// Entry of a forest thread: takes the number of the next tree, grows it, hands it back, until there is none left.
import { parentPort, workerData } from 'node:worker_threads';
import type { ForestStart } from './forest.ts';
import { growForestTree } from './forestTree.ts';

const { task, next } = workerData as ForestStart;
for (let index = Atomics.add(next, 0, 1); index < task.trees; index = Atomics.add(next, 0, 1)) {
  parentPort?.postMessage([index, growForestTree(task, index)]);
}
