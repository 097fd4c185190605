// The finished search that another one begins from: whether it can, and what its trainer is given. Starts nothing.
import { type DatasetGrant, Fault, isRunOver, type ToTrainer, type TrainRequest } from '../schema/index.ts';
import type { Store } from '../store/index.ts';

type Prior = NonNullable<Extract<ToTrainer, { type: 'train' }>['prior']>;

/** Folds and encodings follow from these: trials on others could not be compared. */
const sameInBoth = ['seed', 'ignore', 'scaling', 'split', 'test'] as const satisfies (keyof TrainRequest)[];

/** Trials and members of the search. Fault `not_found` without such a run, `conflict` where its trials are gone. */
export function priorOf({ runs, objects }: Store, { run: id }: NonNullable<TrainRequest['from']>): Prior {
  const { name, checkpoint, search } = runs.find(id);
  if (!search) throw new Fault('bad_request', `Run ${name} is no search; nothing can be begun from it.`);
  if (!checkpoint) throw new Fault('conflict', `Run ${name} kept no trials to begin from.`);
  return { trials: objects.grant(checkpoint.object), members: search.members };
}

/** Refuses a request that cannot begin from the search that it names. */
export function checkPrior(
  store: Store,
  request: TrainRequest,
  { sha256 }: DatasetGrant,
  target: string | undefined,
): void {
  const { from } = request;
  if (!from) return;
  const run = store.runs.find(from.run);
  if (!isRunOver(run.state)) throw new Fault('conflict', `Run ${run.name} is ${run.state}: wait until it is over.`);
  priorOf(store, from);
  const isSame = run.dataset.sha256 === sha256 && run.request.target === target;
  const differs = sameInBoth.find((name) => JSON.stringify(run.request[name]) !== JSON.stringify(request[name]));
  if (!isSame || differs) {
    const what = isSame ? differs : 'dataset or target';
    throw new Fault('bad_request', `Run ${run.name} had another ${what}: its trials say nothing here.`);
  }
  if (from.as === 'replay' && (request.budget !== undefined || request.trials !== undefined || request.space)) {
    throw new Fault('bad_request', 'a search is done again as it was: leave budget, trials and space out');
  }
}
