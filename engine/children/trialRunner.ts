// A TrialRunner over forked trial children: one fit a child at a time. A child that dies costs its fit and is replaced when it is
// needed again. Runs inside a trainer, within its lease.
import type { FoldResult, TrialRunner } from '../automl/index.ts';
import { silentLog } from '../base/index.ts';
import {
  type ChildPort,
  Fault,
  type FaultBody,
  type FromTrial,
  type ToTrial,
  type TrialOrder,
} from '../schema/index.ts';
import { deathFault, spawnChild } from './spawn.ts';

type Order = Extract<ToTrial, { type: 'fold' | 'whole' }>;
type Done = Extract<FromTrial, { type: 'fold' | 'whole' }>;

interface Slot {
  child: ChildPort<'trial'> | undefined;
  busy: boolean;
  settle: { resolve: (done: Done) => void; reject: (error: unknown) => void } | undefined;
}

export interface ForkedRunner extends TrialRunner {
  /** Who fits whole models while no child is alive: starting one would take longer. */
  local?: TrialRunner;
  close(): void;
}

/** Starts `slots` children that open the rows at once. */
export function forkedRunner(slots: number, opening: Extract<ToTrial, { type: 'open' }>): ForkedRunner {
  const all: Slot[] = Array.from({ length: slots }, () => ({ child: undefined, busy: false, settle: undefined }));
  const waiting: ((slot: Slot) => void)[] = [];
  let job = 0;

  const faultOf = ({ code, message }: FaultBody) => new Fault(code, message);
  const start = (slot: Slot): ChildPort<'trial'> => {
    const child = spawnChild('trial', { log: silentLog, memory: opening.lease.memory });
    slot.child = child;
    child.onMessage((message) => {
      if (message.type === 'ready') return;
      const { settle } = slot;
      slot.settle = undefined;
      if (message.type === 'refused' || message.type === 'failed') settle?.reject(faultOf(message.fault));
      else settle?.resolve(message);
    });
    child.onExit((exit) => {
      // A slot whose fit was cancelled has let go of its child, and may have another by now.
      if (slot.child !== child) return;
      slot.child = undefined;
      const { settle } = slot;
      slot.settle = undefined;
      settle?.reject(deathFault('trial', exit, 'The search goes on without it.'));
    });
    child.send(opening);
    return child;
  };
  const free = (slot: Slot) => {
    const next = waiting.shift();
    if (next) return next(slot);
    slot.busy = false;
  };
  const take = (): Promise<Slot> => {
    // A child that is there is quicker than one that has to be started.
    const idle = all.find((slot) => !slot.busy && slot.child) ?? all.find((slot) => !slot.busy);
    if (!idle) return new Promise((resolve) => waiting.push(resolve));
    idle.busy = true;
    return Promise.resolve(idle);
  };
  const ask = async (order: (job: number) => Order): Promise<Done> => {
    const slot = await take();
    try {
      return await new Promise<Done>((resolve, reject) => {
        slot.settle = { resolve, reject };
        (slot.child ?? start(slot)).send(order(job++));
      });
    } finally {
      free(slot);
    }
  };
  const orderOf = ({ id, family, hyper, seed, share }: TrialOrder): TrialOrder => ({
    id,
    family,
    hyper,
    seed,
    ...(share === undefined ? {} : { share }),
  });

  for (const slot of all) start(slot);
  const self: ForkedRunner = {
    slots,
    async fold(trial, fold, ms): Promise<FoldResult> {
      const limit = ms === undefined ? {} : { ms };
      const done = await ask((number) => ({ type: 'fold', job: number, trial: orderOf(trial), fold, ...limit }));
      if (done.type !== 'fold') throw new Fault('internal', 'a trial answered something else');
      const { logits, fitMs, predictMs, size, bestRound } = done;
      return { logits, fitMs, predictMs, size, bestRound };
    },
    async whole(trial, rounds, ms) {
      if (self.local && !all.some(({ child }) => child)) return self.local.whole(trial, rounds, ms);
      const done = await ask((number) => ({
        type: 'whole',
        job: number,
        trial: orderOf(trial),
        rounds,
        ...(ms === undefined ? {} : { ms }),
      }));
      if (done.type !== 'whole') throw new Fault('internal', 'a trial answered something else');
      return done.model;
    },
    cancel() {
      for (const slot of all) {
        const { settle, child } = slot;
        if (!settle) continue;
        slot.settle = undefined;
        slot.child = undefined;
        child?.kill();
        settle.reject(new Fault('cancelled', 'The time for trials is over.'));
      }
    },
    close() {
      for (const { child } of all) child?.kill();
    },
  };
  return self;
}
