// A room in virtual time: machines with real members, rings and frames, joined by links that delay, break and heal as a seed says.
// A machine's "weights" count how often each sample was used, so that a sample lost or used twice cannot hide.
import { rng, type Rng } from '../../../engine/base/index.ts';
import { createMember, type Member } from '../../../engine/cluster/job/member.ts';
import type { Durable } from '../../../engine/cluster/job/vote.ts';
import type { Frame, FrameHead } from '../../../engine/cluster/link/frame.ts';
import { createRing, type Ring } from '../../../engine/cluster/ring/ring.ts';
import { Fault, type Generation, type JobMessage } from '../../../engine/schema/index.ts';

export interface RoomOptions {
  size: number;
  seed: number;
  steps: number;
  /** Samples of an epoch, and of a step. */
  samples?: number;
  batch?: number;
  /** Samples a millisecond of every machine; drawn when left out. */
  speed?: number;
}

/** What a machine did, for the laws that tests check. */
export interface Deed {
  at: number;
  who: string;
  what: 'applied' | 'chose' | 'over';
  generation: Generation;
  step: number;
  /** Of an applied gradient. */
  content?: string;
}

type Parcel =
  | { kind: 'job'; message: JobMessage }
  | { kind: 'frame'; head: FrameHead; payload: Uint8Array }
  | { kind: 'fetch'; number: number }
  | { kind: 'state'; number: number; weights: Float32Array };

interface Machine {
  id: string;
  member: Member;
  weights: Float32Array;
  held: Float32Array | undefined;
  ring: { ring: Ring; number: number; right: string; left: string } | undefined;
  durable: Durable;
  /** The newest checkpoint: survives the process. */
  disk: { applied: number; weights: Float32Array } | undefined;
  up: boolean;
  paused: boolean;
  /** Samples a millisecond. */
  speed: number;
  /** Grows at each start: what an earlier life ordered is void. */
  life: number;
  wanted: { number: number; from: string } | undefined;
  backlog: (() => void)[];
}

/** Time between a link's end and both sides' knowing. */
const noticeMs = 400;
/** Steps between checkpoints. */
const checkpointEvery = 4;

export class VirtualRoom {
  readonly deeds: Deed[] = [];
  /** The weights of everybody who was in the job to its end. */
  readonly results: number[][] = [];
  readonly machines = new Map<string, Machine>();
  now = 0;
  #queue: { at: number; order: number; run: () => void }[] = [];
  #order = 0;
  #down = new Set<string>();
  /** When the last parcel of each link arrives: links keep their order. */
  #lastArrival = new Map<string, number>();
  readonly #random: Rng;
  readonly #options: Required<Omit<RoomOptions, 'speed'>> & Pick<RoomOptions, 'speed'>;

  constructor(options: RoomOptions) {
    this.#options = { samples: 60, batch: 20, ...options };
    this.#random = rng(options.seed, 'room');
    const ids = Array.from({ length: options.size }, (_, i) => String.fromCodePoint(97 + i));
    const generation: Generation = {
      number: 1,
      leader: 'a',
      members: ids.map((id) => ({ id, share: 1 / ids.length })),
      voters: ids,
      step: 0,
      holders: ids,
      over: false,
    };
    const durable: Durable = { generation, promised: undefined, accepted: undefined };
    for (const id of ids) this.#start(id, structuredClone(durable), 0);
  }

  get ids(): string[] {
    return [...this.machines.keys()];
  }

  /** Adds a machine that was not there from the beginning. */
  join(id: string): void {
    const known = [...this.machines.values()][0];
    if (!known) throw new Error('nobody to join');
    const generation = { ...structuredClone(known.member.generation), number: 0, voters: [], members: [], holders: [] };
    this.#start(id, { generation, promised: undefined, accepted: undefined }, undefined);
  }
  leave(id: string): void {
    this.#of(id).member.leave();
  }
  /** As SIGKILL: everything but the durable vote is gone; it starts again after a while. */
  kill(id: string, backAfter: number): void {
    const machine = this.#of(id);
    machine.up = false;
    machine.life++;
    for (const other of this.ids) this.#notice(id, other);
    this.after(backAfter, () => this.#start(id, machine.durable, undefined));
  }
  /** As SIGSTOP and SIGCONT. */
  pause(id: string, forMs: number): void {
    const machine = this.#of(id);
    machine.paused = true;
    this.after(forMs, () => {
      machine.paused = false;
      for (const run of machine.backlog.splice(0)) run();
    });
  }
  /** Cuts both ways between machines. */
  cut(a: readonly string[], b: readonly string[], forMs: number): void {
    for (const x of a) {
      for (const y of b) {
        this.#down.add(linkOf(x, y));
        this.#notice(x, y);
        this.#notice(y, x);
        this.after(forMs, () => this.#down.delete(linkOf(x, y)));
      }
    }
  }

  after(ms: number, run: () => void): void {
    this.#queue.push({ at: this.now + ms, order: this.#order++, run });
  }

  /** Runs until `done`, or until the virtual time limit; true when done. */
  async run(done: () => boolean, untilMs: number): Promise<boolean> {
    while (!done()) {
      // A small heap would be faster; schedules are short.
      let first = 0;
      for (let i = 1; i < this.#queue.length; i++) {
        const [a, b] = [this.#queue[i], this.#queue[first]];
        if (a && b && (a.at < b.at || (a.at === b.at && a.order < b.order))) first = i;
      }
      const event = this.#queue[first];
      if (!event || event.at > untilMs) return false;
      this.#queue[first] = this.#queue.at(-1) as typeof event;
      this.#queue.pop();
      this.now = event.at;
      event.run();
      // Sums that are complete say so in microtasks.
      await Promise.resolve();
    }
    return true;
  }

  #of(id: string): Machine {
    const machine = this.machines.get(id);
    if (!machine) throw new Error(`no machine ${id}`);
    return machine;
  }

  #start(id: string, durable: Durable, applied: number | undefined): void {
    const { samples, steps, seed } = this.#options;
    const life = (this.machines.get(id)?.life ?? 0) + 1;
    const machine: Machine = {
      id,
      weights: new Float32Array(samples),
      held: undefined,
      ring: undefined,
      durable,
      disk: this.machines.get(id)?.disk,
      up: true,
      paused: false,
      speed: this.#options.speed ?? 0.05 + this.#random.next() * 0.2,
      life,
      wanted: undefined,
      backlog: [],
      member: undefined as unknown as Member,
    };
    machine.member = createMember({
      id,
      durable,
      steps,
      applied,
      kept: () => machine.disk?.applied,
      restore: (step) => {
        if (machine.disk?.applied !== step) throw new Error(`${id} has no checkpoint of step ${step}`);
        machine.weights = machine.disk.weights.slice();
      },
      random: rng(seed, id, life),
      now: () => this.now,
      persist: (next) => (machine.durable = structuredClone(next)),
      send: (to, message) => this.#send(machine, to, { kind: 'job', message: structuredClone(message) }),
      others: () => this.ids,
      form: (generation) => this.#form(machine, generation),
      work: (generation, step) => this.#work(machine, generation, step),
      apply: (step) => {
        const { held } = machine;
        if (!held) throw new Error(`${id} applies step ${step} and holds nothing`);
        for (let i = 0; i < samples; i++) machine.weights[i] = (machine.weights[i] ?? 0) + (held[i] ?? 0);
        machine.held = undefined;
        if ((step + 1) % checkpointEvery === 0) machine.disk = { applied: step + 1, weights: machine.weights.slice() };
        this.#record(machine, 'applied', step, [...held].join());
      },
      halt: () => {
        machine.ring?.ring.abort(new Fault('cancelled', 'halted'));
        if (machine.ring) for (const other of [machine.ring.left, machine.ring.right]) this.#notice(id, other);
        machine.ring = undefined;
      },
      drop: () => (machine.held = undefined),
      fetch: (generation, from) => {
        machine.wanted = { number: generation.number, from };
        this.#fetch(machine);
      },
      over: () => {
        this.#record(machine, 'over', steps);
        if (machine.member.standing.applied === steps) this.results.push([...machine.weights]);
      },
    });
    machine.member.setSpeed(machine.speed);
    this.machines.set(id, machine);
    const beat = () => {
      if (machine.life !== life || !machine.up) return;
      this.#when(machine, () => machine.member.tick());
      this.after(50, beat);
    };
    this.after(this.#random.int(50), beat);
  }

  #record(machine: Machine, what: Deed['what'], step: number, content?: string): void {
    const { generation } = machine.member;
    this.deeds.push({
      at: this.now,
      who: machine.id,
      what,
      generation,
      step,
      ...(content === undefined ? {} : { content }),
    });
  }

  /** Now, or when the machine goes on; never in another life. */
  #when(machine: Machine, run: () => void): void {
    const { life } = machine;
    const guarded = () => {
      if (machine.life === life && machine.up) run();
    };
    if (machine.paused) machine.backlog.push(guarded);
    else guarded();
  }

  #send(from: Machine, to: string, parcel: Parcel): void {
    if (!this.machines.has(to) || this.#down.has(linkOf(from.id, to))) return;
    const name = `${from.id}>${to}`;
    const at = Math.max(this.#lastArrival.get(name) ?? 0, this.now + 1 + this.#random.int(30));
    this.#lastArrival.set(name, at);
    this.after(at - this.now, () => {
      if (this.#down.has(linkOf(from.id, to))) return;
      const machine = this.#of(to);
      this.#when(machine, () => this.#receive(machine, from.id, parcel));
    });
  }

  #receive(machine: Machine, from: string, parcel: Parcel): void {
    switch (parcel.kind) {
      case 'job':
        machine.member.take(from, parcel.message);
        return;
      case 'frame':
        if (machine.ring?.left !== from) return;
        try {
          machine.ring.ring.take({ ...parcel.head, payload: parcel.payload } satisfies Frame);
        } catch (error) {
          throw new Error(`${machine.id} refuses a frame of ${from}`, { cause: error });
        }
        return;
      case 'fetch': {
        const { generation, standing } = machine.member;
        if (generation.number !== parcel.number || standing.applied !== generation.step) return;
        const weights = machine.weights.slice();
        this.#send(machine, from, { kind: 'state', number: parcel.number, weights });
        return;
      }
      case 'state':
        if (machine.wanted?.number !== parcel.number || machine.member.generation.number !== parcel.number) return;
        machine.wanted = undefined;
        machine.weights = parcel.weights.slice();
        machine.member.loaded(parcel.number);
    }
  }

  #fetch(machine: Machine): void {
    const { wanted } = machine;
    if (!wanted || machine.member.generation.number !== wanted.number) return;
    this.#send(machine, wanted.from, { kind: 'fetch', number: wanted.number });
    this.after(500, () => this.#when(machine, () => this.#fetch(machine)));
  }

  /** Both ends of a broken link learn of it after a while. */
  #notice(who: string, other: string): void {
    const victim = this.machines.get(other);
    const number = victim?.ring?.number;
    if (!victim?.ring || number === undefined || (victim.ring.left !== who && victim.ring.right !== who)) return;
    this.after(noticeMs, () => this.#when(victim, () => victim.member.broke(number, who)));
  }

  #form(machine: Machine, generation: Generation): void {
    const ids = generation.members.map((one) => one.id);
    const rank = ids.indexOf(machine.id);
    const right = ids[(rank + 1) % ids.length] ?? machine.id;
    const left = ids[(rank + ids.length - 1) % ids.length] ?? machine.id;
    const ring = createRing({
      rank,
      size: ids.length,
      generation: generation.number,
      chunk: 7,
      send: (head, payload) => {
        this.#send(machine, right, { kind: 'frame', head, payload: payload.slice() });
        if (this.#down.has(linkOf(machine.id, right))) this.#notice(right, machine.id);
        return true;
      },
    });
    machine.ring = { ring, number: generation.number, left, right };
    if (this.#down.has(linkOf(machine.id, left))) this.#notice(left, machine.id);
  }

  #work(machine: Machine, generation: Generation, step: number): void {
    const { samples, batch } = this.#options;
    const ids = generation.members.map((one) => one.id);
    const rank = ids.indexOf(machine.id);
    const sum = generation.members.reduce((all, one) => all + one.share, 0);
    const upTo = (n: number) =>
      Math.round((batch * generation.members.slice(0, n).reduce((all, one) => all + one.share, 0)) / sum);
    const mine = Array.from(
      { length: upTo(rank + 1) - upTo(rank) },
      (_, i) => (step * batch + upTo(rank) + i) % samples,
    );
    this.after(10 + mine.length / machine.speed / 10, () =>
      this.#when(machine, () => {
        if (machine.ring?.number !== generation.number) return;
        const gradient = new Float32Array(samples);
        for (const sample of mine) gradient[sample] = (gradient[sample] ?? 0) + 1;
        machine.ring.ring.reduce(step, 0, gradient).then(
          () =>
            this.after(0, () =>
              this.#when(machine, () => {
                if (machine.ring?.number !== generation.number) return;
                machine.held = gradient;
                machine.member.holds(generation.number, step);
              }),
            ),
          () => undefined,
        );
      }),
    );
  }
}

const linkOf = (a: string, b: string): string => [a, b].sort().join('~');
