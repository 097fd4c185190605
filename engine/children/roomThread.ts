// The thread beside a trainer's loop in which its place in the room lives: steps hold the loop's own thread, and members must beat
// all the while. Runs no model.
import { parentPort, workerData } from 'node:worker_threads';
import { must } from '../base/index.ts';
import { type JobNode, openJobNode } from '../cluster/index.ts';
import { faultBody, type Generation, type PeerAddress } from '../schema/index.ts';
import { createIdentity, type Identity } from '../security/index.ts';
import type { FromThread, RingStand, ThreadStart, ToThread } from './roomTalk.ts';

const port = must(parentPort, 'a parent');
const start = workerData as ThreadStart;
const say = (message: FromThread, move: ArrayBuffer[] = []) => port.postMessage(message, move);
const roster = new Map<string, PeerAddress>();
const wanted = new Map<number, { promise: Promise<Uint8Array>; resolve(state: Uint8Array): void }>();
let shared: Float32Array = new Float32Array(0);

/** Nobody is in it, and nothing has been done. */
const nowhere: Generation = {
  number: 0,
  leader: '',
  members: [],
  voters: [],
  step: 0,
  holders: [],
  over: false,
};
/** How often it is looked whether there is a new generation to tell of, ms. */
const lookEveryMs = 50;
/** A job ends when its leader's appliance says so, not after so many steps. */
const endless = 2 ** 40;

/** The trainer's own state after a step, once its loop stands there. */
function stateOf(step: number): Promise<Uint8Array> {
  const known = wanted.get(step);
  if (known) return known.promise;
  const made = Promise.withResolvers<Uint8Array>();
  wanted.set(step, made);
  say({ type: 'want', step });
  return made.promise;
}

/** On the first free port of the range. */
async function open(identity: Identity): Promise<JobNode> {
  const [from, to] = start.ports;
  for (let at = from; ; at++) {
    try {
      return await openJobNode({
        identity,
        host: start.host,
        port: at,
        roster: () => roster,
        durable: { generation: nowhere, promised: undefined, accepted: undefined },
        steps: endless,
        has: true,
        wires: start.wires,
        // A trainer that ends never comes back as the same member: each has a certificate of its own. So votes need no disk.
        persist: () => undefined,
        state: stateOf,
        refused: (who, fault) => say({ type: 'refused', who, fault: faultBody(fault) }),
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || at >= to) throw error;
    }
  }
}

function take(node: JobNode, message: ToThread): void {
  switch (message.type) {
    case 'begin':
      for (const [id, address] of message.roster) roster.set(id, address);
      void begin(node, message.founding);
      return;
    case 'roster':
      roster.clear();
      for (const [id, address] of message.roster) roster.set(id, address);
      return;
    case 'sum': {
      if (message.buffer) shared = new Float32Array(message.buffer);
      const { step, generation, length, exactFrom, speed, round, tables } = message;
      for (const asked of wanted.keys()) if (asked < step) wanted.delete(asked);
      node.member.setSpeed(speed);
      void sum(node, { step, generation, values: shared.subarray(0, length), exactFrom, round, tables });
      return;
    }
    case 'state':
      wanted.get(message.step)?.resolve(message.state);
      return;
    case 'close':
      void close(node);
  }
}

async function begin(node: JobNode, founding: Generation | undefined): Promise<void> {
  try {
    const begun = await node.begin(founding);
    say(begun ? { type: 'begun', ...begun } : { type: 'ended' });
  } catch (error) {
    failed(error);
  }
}

async function sum(node: JobNode, given: Parameters<JobNode['reduce']>[0]): Promise<void> {
  try {
    const turn = await node.reduce(given);
    say({ type: 'turn', turn, stand: standOf(node) });
  } catch (error) {
    failed(error);
  }
}

function standOf(node: JobNode): RingStand {
  const { number, members } = node.member.generation;
  return { ...node.bytes, generation: number, ring: node.member.state, members };
}

async function close(node: JobNode): Promise<void> {
  await node.close();
  say({ type: 'closed' });
  port.close();
}

function failed(error: unknown): void {
  say({ type: 'fault', fault: faultBody(error) });
}

try {
  const node = await open(await createIdentity(start.name));
  port.on('message', (message: ToThread) => take(node, message));
  const known = new Int32Array(start.generation);
  let told = '';
  setInterval(() => {
    const stand = standOf(node);
    Atomics.store(known, 0, stand.generation);
    const now = `${stand.generation} ${stand.ring}`;
    if (now === told) return;
    told = now;
    say({ type: 'stand', stand });
  }, lookEveryMs).unref();
  say({ type: 'open', id: node.id, port: node.port });
} catch (error) {
  failed(error);
}
