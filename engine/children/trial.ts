// Entry of a trial child: holds a search's rows in memory and fits what its trainer asks for, one after the other. Writes nothing;
// what it says goes to the trainer that forked it.
import { localRunner, openField, type TrialRunner } from '../automl/index.ts';
import { openDataset } from '../data/index.ts';
import { Fault, faultBody, type FromTrial, type ToTrial } from '../schema/index.ts';
import { openPack } from '../store/index.ts';
import { openParentLink } from './link.ts';

const link = openParentLink<'trial'>();
let runner: TrialRunner | undefined;

async function open({ request, dataset, test, lease }: Extract<ToTrial, { type: 'open' }>): Promise<void> {
  link.limitMemory(lease.memory);
  const readers = [dataset, ...(test ? [test] : [])].map(({ pack }) => openPack(pack.path, pack));
  try {
    const [own, other] = readers.map((reader) => openDataset(reader));
    runner = localRunner(await openField(own, other, request), 1);
  } finally {
    for (const reader of readers) reader.close();
  }
  void link.send({ type: 'ready' });
}

async function fit(order: Extract<ToTrial, { type: 'fold' | 'whole' }>): Promise<FromTrial> {
  const { job, trial } = order;
  try {
    if (!runner) throw new Fault('not_running', 'this trial has no rows yet');
    if (order.type === 'fold') return { type: 'fold', job, ...(await runner.fold(trial, order.fold, order.ms)) };
    return { type: 'whole', job, model: await runner.whole(trial, order.rounds, order.ms) };
  } catch (error) {
    return { type: 'refused', job, fault: faultBody(error) };
  }
}

async function turn(message: ToTrial): Promise<void> {
  if (message.type !== 'open') return void link.send(await fit(message));
  try {
    await open(message);
  } catch (error) {
    await link.send({ type: 'failed', fault: faultBody(error) });
    await link.exit(1);
  }
}

let last = Promise.resolve();
link.onMessage((message) => {
  last = last.then(() => turn(message));
});
