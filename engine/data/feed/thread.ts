// Entry of the thread that reads a dataset for a trainer: opens the pack it was granted and answers requests for rows in turn.
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { must } from '../../base/index.ts';
import { faultBody } from '../../schema/index.ts';
import { openPack } from '../../store/index.ts';
import { openDataset } from '../reader.ts';
import type { FeedAnswer, FeedAsk, FeedStart } from './feed.ts';
import { type FedRows, keepUpTo, loadRows } from './load.ts';
import { openScratch } from './scratch.ts';

const { pack, preprocess, memory } = workerData as FeedStart;
const port = must(parentPort, 'a port to the trainer');
// Tables and texts are read as quickly as a file of what they become.
const hasFiles = Boolean(preprocess.pictures?.length || preprocess.sounds?.length);
const kept = keepUpTo(memory, hasFiles ? openScratch(dirname(pack.path)) : undefined);
const reader = openDataset(openPack(pack.path, pack));
let turn = Promise.resolve();

port.on('message', (ask: FeedAsk) => {
  turn = turn.then(() => {
    if (ask !== 'leave') return answer(ask.id, ask.rows);
    reader.close();
    kept.scratch?.close();
    port.close();
    return undefined;
  });
});

async function answer(id: number, wanted: Uint32Array): Promise<void> {
  try {
    const rows = await loadRows(reader, preprocess, wanted, kept);
    port.postMessage({ id, rows } satisfies FeedAnswer, buffersOf(rows));
  } catch (error) {
    port.postMessage({ id, fault: faultBody(error) } satisfies FeedAnswer);
  }
}

/** What is handed over, not copied. */
function buffersOf({ encoded, pictures, sounds }: FedRows): ArrayBuffer[] {
  const { numeric, codes, text, sequence, labels, targets } = encoded;
  const views = [
    numeric,
    codes,
    ...text.flatMap(({ offsets, ids, weights }) => [offsets, ids, weights]),
    ...sequence.flatMap(({ offsets, ids }) => [offsets, ids]),
    ...(labels ? [labels] : []),
    ...(targets ? [targets] : []),
    ...pictures,
    ...sounds,
  ];
  return [...new Set(views.map(({ buffer }) => buffer as ArrayBuffer))];
}
