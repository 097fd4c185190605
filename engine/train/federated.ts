// A member's part in a federated run: its own dataset, as the leader's preprocessing and plan take it. Fits nothing to its rows before
// training, and tests nothing.
import { type DatasetReader, encodeDataset } from '../data/index.ts';
import { layoutOf } from '../models/index.ts';
import { Fault, type Preprocess } from '../schema/index.ts';
import { type Batches, type BatchOptions, openBatches } from './batches.ts';
import type { Candidate } from './candidates.ts';
import type { Prepared } from './prepare.ts';
import { roundLength } from './rounds.ts';
import { type ModelRows, modelRows } from './rows.ts';
import type { RunJob } from './run.ts';

/** What a leader tells its members of the run. */
export interface FederatedPlan {
  preprocess: Preprocess;
  candidate: Candidate;
  /** Batches of an epoch. */
  batches: number;
}

/** Where batch `i` of `count` begins, so that so many rows are in them evenly. */
const batchStart = (i: number, count: number, rows: number): number => Math.floor((i * rows) / count);

/** Batches of the rows, `count` an epoch where that is given: as many as the leader has, so that all meet at the same steps. */
export function federatedBatches(data: ModelRows, train: Uint32Array, options: BatchOptions, count?: number): Batches {
  if (count === undefined) return openBatches(data, train, options);
  const own = openBatches(data, train, { ...options, batchSize: Math.ceil(train.length / count) });
  return {
    ...own,
    count,
    order(epoch) {
      const batches = own.order(epoch);
      if (epoch === 0) return batches;
      const rows = new Uint32Array(train.length);
      let filled = 0;
      for (const batch of batches) {
        rows.set(batch, filled);
        filled += batch.length;
      }
      const start = (i: number) => batchStart(i, count, train.length);
      return Array.from({ length: count }, (_, i) => rows.subarray(start(i), start(i + 1)));
    },
  };
}

/** The steps of an epoch of `count` between two meetings. */
function meetings(count: number, every: number): [from: number, to: number][] {
  const rounds: [number, number][] = [];
  for (let from = 0; from < count; ) {
    const to = Math.min(count, from + (every > 0 ? roundLength(every, from, count, 1) : 1));
    rounds.push([from, to]);
    from = to;
  }
  return rounds;
}

/**
 * All rows of a member whose target is known, as training rows; `every` is steps between meetings. Faults name what is lacking: rows
 * for every meeting, too, since a sum in which only two bring something tells each of them what the other brought.
 */
export async function prepareFederated(
  reader: DatasetReader,
  { preprocess, batches }: FederatedPlan,
  every: RunJob['every'] = 0,
): Promise<Prepared> {
  const known = new Set(reader.shape.columns.map(({ name }) => name));
  if (!known.has(preprocess.target.column))
    throw new Fault('bad_data', `the dataset here has no column ${preprocess.target.column}, which is to be learned`);
  const all = Uint32Array.from({ length: reader.rows }, (_, i) => i);
  const data = await modelRows(encodeDataset(reader, preprocess, all), preprocess);
  const { labels, targets } = data;
  const train = all.filter((row) => (labels ? labels[row] >= 0 : Number.isFinite(targets?.[row])));
  if (train.length === 0)
    throw new Fault(
      'bad_data',
      `no row here has a ${preprocess.target.column} that the leading machine’s rows have, too`,
    );
  const isBare = ([from, to]: readonly [number, number]) =>
    batchStart(to, batches, train.length) === batchStart(from, batches, train.length);
  if (meetings(batches, every === 'auto' ? 0 : every).some(isBare))
    throw new Fault(
      'bad_data',
      `${train.length} rows here are too few for a run whose epochs have ${batches} steps: each meeting needs some of them; meet less often (--sync-every), or take larger batches`,
    );
  return { preprocess, layout: layoutOf(preprocess), data, train, validation: new Uint32Array(0) };
}
