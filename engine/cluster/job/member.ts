// One member of a data-parallel job: who belongs to the ring, when a step counts, what to do when somebody is gone. A step counts
// when every member has said that it holds the whole reduced gradient; a loss before that repeats the step in a new generation,
// so that no sample counts twice and none is skipped. Sans I/O: messages, ticks and time come in, messages and orders go out.
import type { Rng } from '../../base/index.ts';
import type { Ballot, Beat, Generation, JobMessage, Standing } from '../../schema/index.ts';
import { whyChange } from './change.ts';
import { createComposer, type Scene } from './compose.ts';
import { jobTimes } from './times.ts';
import { createProposal, createVoter, type Durable, type Proposal } from './vote.ts';

export interface MemberOptions {
  id: string;
  durable: Durable;
  /** Steps of the whole job. */
  steps: number;
  /** What this member's weights stand at; undefined when it has none. */
  applied: number | undefined;
  /** Steps applied to the weights of its newest checkpoint, which survives its process. */
  kept: () => number | undefined;
  random: Rng;
  now: () => number;
  /** Whether steps are whole rounds: then those who join wait for the end of one. */
  inRounds?: () => boolean;
  persist: (durable: Durable) => void;
  send: (to: string, message: JobMessage) => void;
  /** Everybody to whom a beat goes: members and those who want in. */
  others: () => readonly string[];
  /** Form the ring of a generation; `work` follows for each step. */
  form: (generation: Generation) => void;
  /** Compute and reduce this step, then call `holds`. */
  work: (generation: Generation, step: number) => void;
  /** Update the weights with the gradient that is held. */
  apply: (step: number) => void;
  /** Leave the ring and whatever was being computed; a held gradient stays until `apply` or `drop`. */
  halt: () => void;
  /** Forget the held gradient. */
  drop: () => void;
  /** Fetch the weights of this generation's first step from one of its holders, then call `loaded`. */
  fetch: (generation: Generation, from: string) => void;
  /** Take the weights of the checkpoint at this step: nobody has newer ones. */
  restore: (step: number) => void;
  /** The job has ended. */
  over: (generation: Generation) => void;
}

export interface Member {
  tick(): void;
  take(from: string, message: JobMessage): void;
  /** The whole reduced gradient of a step of the present generation is here. */
  holds(number: number, step: number): void;
  /** The ring of a generation failed, and at whose link if that is known. */
  broke(number: number, neighbour: string): void;
  loaded(number: number): void;
  /** 0 while it is not known. */
  setSpeed(samplesPerSecond: number): void;
  /** Whether its loop is at work, so that its numbers are still to come. */
  setComputing(does: boolean): void;
  /** Asks to be let go. */
  leave(): void;
  readonly state: 'outside' | 'waiting' | 'working' | 'over';
  readonly generation: Generation;
  readonly standing: Standing;
}

/** How long after its start a round may be given up for what could wait, ms. */
const softMs = 1000;

/** A member that begins with what it remembers; nothing is sent before the first tick. */
export function createMember(options: MemberOptions): Member {
  const { id, random, now, send } = options;
  const voter = createVoter(options.durable, options.persist);
  const heard = new Map<string, { at: number; beat: Beat }>();
  const composer = createComposer({ id, steps: options.steps, random, now });
  const standing: Standing = { applied: options.applied, held: false, kept: options.kept() };
  let ready = standing.applied === voter.durable.generation.step;
  let going = false;
  let broken: string | undefined;
  let wants: Beat['wants'];
  let speed = 0;
  let computes = false;
  /** When somebody was last seen computing: a ring that waits for a member's numbers is not stuck. */
  let stirredAt = now();
  let proposal: Proposal | undefined;
  let ballotNumber = 0;
  let quietUntil = now();
  let beatAt = Number.NEGATIVE_INFINITY;
  let movedAt = now();
  /** Those of a new generation get their time before they count as silent. */
  let adoptedAt = now();
  /** When the last step counted, or the generation began. */
  let countedAt = now();

  const generation = (): Generation => voter.durable.generation;
  const isMember = (who = id): boolean => generation().members.some((one) => one.id === who);
  const isLeader = (): boolean => generation().leader === id;
  const alive = (who: string): boolean =>
    who === id || now() - Math.max(heard.get(who)?.at ?? 0, adoptedAt) < jobTimes.silent;
  const beatOf = (who: string): Beat | undefined => (who === id ? own() : heard.get(who)?.beat);
  const own = (): Beat => ({
    number: generation().number,
    ...standing,
    ready,
    wants: wants ?? (isMember() ? undefined : 'in'),
    broken,
    speed,
    ...(computes ? { computes } : {}),
  });
  const tell = (message: JobMessage, whom: readonly string[]) => {
    for (const one of whom) if (one !== id) send(one, message);
  };
  const everybody = (): string[] => [...new Set([...options.others(), ...generation().members.map((one) => one.id)])];

  const arrivals = (): string[] =>
    [...heard].filter(([who, { beat }]) => alive(who) && beat.wants === 'in' && !isMember(who)).map(([who]) => who);

  const scene = (): Scene => ({
    present: generation(),
    beatOf,
    alive,
    arrivals: arrivals(),
    adoptedMs: now() - adoptedAt,
  });

  const reason = (): string | undefined =>
    whyChange(scene(), options.steps, !options.inRounds?.() || now() - countedAt < softMs);

  function propose(): void {
    const present = generation();
    const ballot = { number: ++ballotNumber, by: id };
    proposal = createProposal(present, ballot, now());
    composer.blame(scene());
    const number = present.number + 1;
    // Those without a vote stand still too, so that what they told stays true.
    for (const { id: who } of present.members) deliver(who, { type: 'prepare', number, ballot });
  }
  /** To others by message, to oneself at once. */
  function deliver(to: string, message: JobMessage): void {
    if (to === id) take(id, message);
    else send(to, message);
  }

  function consider(): void {
    if (!proposal) return;
    const age = now() - proposal.startedAt;
    if (age > jobTimes.giveUp) {
      proposal = undefined;
      quietUntil = now() + random.int(jobTimes.giveUp);
      return;
    }
    const missing = generation().members.filter((one) => alive(one.id) && !proposal?.told.has(one.id));
    if (missing.length > 0 && age < jobTimes.gather) return;
    const value = proposal.value((told) => composer.compose(scene(), told));
    const { ballot } = proposal;
    if (value) for (const who of generation().voters) deliver(who, { type: 'accept', ballot, value });
  }

  function adopt(value: Generation): void {
    if (!voter.learn(value)) return;
    proposal = undefined;
    broken = undefined;
    going = false;
    ready = false;
    movedAt = now();
    adoptedAt = now();
    countedAt = now();
    options.halt();
    const inside = isMember();
    if (value.holders.includes(id) && standing.applied !== undefined) {
      if (standing.held && standing.applied + 1 === value.step) applyHeld();
      else if (standing.held) {
        options.drop();
        standing.held = false;
      }
      ready = inside && standing.applied === value.step;
    } else {
      if (standing.held) options.drop();
      standing.held = false;
      // In a line that began again from a checkpoint nobody's live weights count.
      if (value.holders.includes(id) && options.kept() === value.step) {
        options.restore(value.step);
        standing.applied = value.step;
        ready = inside;
      }
    }
    if (value.over) return options.over(value);
    if (!inside) return;
    if (!ready) {
      standing.applied = undefined;
      const sources = value.holders.filter((who) => who !== id);
      const from = sources[random.int(Math.max(1, sources.length))];
      if (from) options.fetch(value, from);
    }
    if (isLeader()) lead();
    else beat();
  }
  function applyHeld(): void {
    options.apply(standing.applied as number);
    standing.applied = (standing.applied as number) + 1;
    standing.held = false;
    standing.kept = options.kept();
    movedAt = now();
    countedAt = now();
  }

  /** The leader's part within a generation: lets all begin together, and lets a step count once all hold it. */
  function lead(): void {
    if (promisedOn()) return;
    const present = generation();
    const ids = present.members.map((one) => one.id);
    const here = (who: string) => (beatOf(who)?.number === present.number ? beatOf(who) : undefined);
    if (!going) {
      if (!ids.every((who) => here(who)?.ready)) return;
      tell({ type: 'go', number: present.number }, ids);
      go();
      return;
    }
    const step = standing.applied;
    if (step === undefined || !standing.held) return;
    const done = (one: Beat | undefined) =>
      one?.applied !== undefined && (one.applied > step || (one.applied === step && one.held));
    if (!ids.every((who) => done(here(who)))) return;
    tell({ type: 'apply', number: present.number, step }, ids);
    count(step);
  }
  function go(): void {
    if (going || !ready) return;
    going = true;
    movedAt = now();
    options.form(generation());
    next();
  }
  function next(): void {
    if ((standing.applied ?? 0) < options.steps) options.work(generation(), standing.applied ?? 0);
    else beat();
  }
  function count(step: number): void {
    if (!going || !standing.held || standing.applied !== step) return;
    applyHeld();
    next();
  }
  function beat(): void {
    beatAt = now();
    tell({ type: 'beat', beat: own() }, everybody());
  }

  function take(from: string, message: JobMessage): void {
    const present = generation();
    switch (message.type) {
      case 'beat': {
        heard.set(from, { at: now(), beat: message.beat });
        if (message.beat.number < present.number) send(from, { type: 'chosen', value: present });
        else if (isLeader() && isMember() && message.beat.number === present.number) {
          const { applied, held } = message.beat;
          // What it should have heard already, said again.
          if (going && !message.beat.ready) return;
          if (going && held && applied !== undefined && (standing.applied ?? 0) > applied)
            send(from, { type: 'apply', number: present.number, step: applied });
          else if (going) send(from, { type: 'go', number: present.number });
          lead();
        }
        return;
      }
      case 'chosen':
        adopt(message.value);
        return;
      case 'prepare': {
        if (message.number <= present.number)
          return void (from !== id && send(from, { type: 'chosen', value: present }));
        if (message.number !== present.number + 1 || !isMember()) return;
        if (!voter.promise(message.ballot)) {
          const promised = voter.durable.promised;
          if (promised) deliver(from, { type: 'refused', number: message.number, promised });
          return;
        }
        stand();
        const { accepted } = voter.durable;
        deliver(from, {
          type: 'promise',
          number: message.number,
          ballot: message.ballot,
          standing: { ...standing },
          accepted,
        });
        return;
      }
      case 'promise':
        if (!proposal || message.number !== present.number + 1 || !sameBallot(message.ballot, proposal.ballot)) return;
        proposal.promised(from, message.standing, message.accepted);
        consider();
        return;
      case 'refused':
        ballotNumber = Math.max(ballotNumber, message.promised.number);
        if (proposal && message.number === present.number + 1) {
          proposal = undefined;
          quietUntil = now() + random.int(jobTimes.giveUp);
        }
        return;
      case 'accept':
        if (!voter.accept(message.ballot, message.value)) return;
        stand();
        deliver(from, { type: 'accepted', number: message.value.number, ballot: message.ballot });
        return;
      case 'accepted': {
        if (!proposal || message.number !== present.number + 1 || !sameBallot(message.ballot, proposal.ballot)) return;
        const chosen = proposal.accepted(from);
        if (!chosen) return;
        tell({ type: 'chosen', value: chosen }, [...new Set([...everybody(), ...chosen.members.map((one) => one.id)])]);
        adopt(chosen);
        return;
      }
      case 'go':
        if (message.number === present.number && isMember() && !promisedOn()) go();
        return;
      case 'apply':
        if (message.number === present.number && !promisedOn()) count(message.step);
        return;
      case 'fetch':
      case 'state':
        // The one who carries weights answers these; see node.ts.
        return;
    }
  }
  /** Having promised, this member lets nothing more count in the present generation; its beats say so, should the try fail. */
  function stand(): void {
    going = false;
    broken ??= '';
    options.halt();
  }
  /** Whether this member has promised to leave the present generation. */
  const promisedOn = (): boolean => voter.durable.promised !== undefined;

  return {
    take,
    tick() {
      if (now() - beatAt >= jobTimes.beat) beat();
      const present = generation();
      if (present.over) return;
      consider();
      if (isLeader() && isMember()) lead();
      if (present.members.some(({ id: who }) => alive(who) && beatOf(who)?.computes)) stirredAt = now();
      if (broken === undefined && now() - Math.max(movedAt, stirredAt) > jobTimes.stall) broken = '';
      if (proposal || now() < quietUntil || !present.voters.includes(id)) return;
      if (isLeader()) {
        if (reason() !== undefined) propose();
        return;
      }
      // Somebody else steps in when the leader is gone, the first in line first.
      const turn = present.voters.filter((who) => who !== present.leader).indexOf(id);
      const silence = now() - Math.max(heard.get(present.leader)?.at ?? 0, movedAt);
      const away = !present.members.some((one) => one.id === present.leader);
      if (silence > jobTimes.silent * (1.5 + turn) || (away && reason() !== undefined)) propose();
    },
    holds(number, step) {
      if (number !== generation().number || !going || standing.applied !== step) return;
      standing.held = true;
      movedAt = now();
      beat();
      if (isLeader()) lead();
    },
    broke(number, neighbour) {
      if (number !== generation().number || broken !== undefined) return;
      broken = neighbour;
      beat();
    },
    loaded(number) {
      if (number !== generation().number || !isMember()) return;
      standing.applied = generation().step;
      standing.held = false;
      ready = true;
      movedAt = now();
      beat();
      if (isLeader()) lead();
    },
    setSpeed(samplesPerSecond) {
      speed = samplesPerSecond;
    },
    setComputing(does) {
      computes = does;
    },
    leave() {
      wants = 'out';
      beat();
    },
    get state() {
      if (generation().over) return 'over';
      if (!isMember()) return 'outside';
      return going ? 'working' : 'waiting';
    },
    get generation() {
      return generation();
    },
    get standing() {
      return { ...standing };
    },
  };
}

const sameBallot = (a: Ballot, b: Ballot): boolean => a.number === b.number && a.by === b.by;
