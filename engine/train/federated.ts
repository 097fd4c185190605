// A member's part in a federated run: its own dataset, as the leader's preprocessing and plan take it. Fits nothing to its rows before
// training, and tests nothing.
import { type DatasetReader, encodeDataset } from '../data/index.ts';
import { layoutOf } from '../models/index.ts';
import { Fault, type Preprocess } from '../schema/index.ts';
import type { Candidate } from './candidates.ts';
import type { Prepared } from './prepare.ts';
import { modelRows } from './rows.ts';

/** What a leader tells its members of the run. */
export interface FederatedPlan {
  preprocess: Preprocess;
  candidate: Candidate;
  /** Batches of an epoch. */
  batches: number;
}

/** All rows of a member whose target is known, as training rows. Faults name what is lacking. */
export async function prepareFederated(reader: DatasetReader, { preprocess }: FederatedPlan): Promise<Prepared> {
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
  return { preprocess, layout: layoutOf(preprocess), data, train, validation: new Uint32Array(0) };
}
