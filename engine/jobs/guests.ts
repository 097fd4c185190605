// Other machines' runs that this one helps with: takes what they need by content hash, starts a trainer that keeps nothing, and removes
// every byte when it ends. Nothing is done that the owner has not allowed; what was done stands in the audit log.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deathFault, spawnChild } from '../children/index.ts';
import {
  type ChildPort,
  type DatasetGrant,
  Fault,
  faultBody,
  type PackGrant,
  type RoomJob,
  type RoomObject,
  type RoomWord,
  wiresOf,
} from '../schema/index.ts';
import { type JobContext, needDisk, throttle } from './context.ts';
import { needOffered, ownData } from './federation.ts';
import { createRoomBook, type Entry, type RoomBook } from './roomBook.ts';
import type { RoomLine } from './roomLine.ts';
import { type Fetch, fetchFile } from './transfer.ts';

type Word<S extends RoomWord['say']> = Extract<RoomWord, { say: S }>;

export interface Guests {
  /** A word of a peer about a run that it leads. */
  hear(peer: string, word: RoomWord): void;
  /** A piece of a pack that was asked for. */
  piece(peer: string, tag: number, piece: number, bytes: Uint8Array): void;
  /** A peer may have been unpaired, lost its permission or its link. */
  changed(): void;
  jobs(): RoomJob[];
  /** Stops helping. Fault `not_found`. */
  end(id: string): void;
  /** Removes what a dead appliance left of others' data. */
  recover(): Promise<void>;
  close(): Promise<void>;
}

interface Guest {
  job: string;
  peer: string;
  book: RoomBook;
  own: Entry;
  stop: AbortController;
  child?: ChildPort<'trainer'>;
  /** Where its trainer listens. */
  port?: number;
  fetches: Map<number, Fetch>;
  /** Name of the dataset of this machine that it trains on, where it does. */
  federated: string | undefined;
  /** Id of its leader's trainer. */
  leads?: string;
  /** When there was a link to its leader last. */
  linkedAt: number;
  done: Promise<void>;
}

/** How long the leading machine may be out of reach before its run is let go here, ms: before its ring began, and after. */
const awayMs = 60_000;
const goOnMs = 30 * 60_000;
/** How long members take, at most, to agree that their leader's trainer is gone, ms. */
const agreeMs = 8000;
const lookEveryMs = 2000;
const tellEveryMs = 1000;
/** How long an ended run stays in the list, ms. */
const keepMs = 10 * 60_000;
const mostGuests = 8;
const anew = new Fault('cancelled', 'the run begins anew');

/** The guests of an appliance; `mayTrain` says what its owner allows a peer now. */
export function createGuests(
  context: JobContext,
  line: RoomLine,
  mayTrain: (peer: string) => { train: boolean; data: boolean } | undefined,
  grant: (dataset: string) => DatasetGrant,
): Guests {
  const { config, store, events, leases, log } = context;
  const folder = join(config.dataDir, 'guests');
  const guests = new Map<string, Guest>();
  let tags = 0;
  const nameOf = (peer: string, job: string) => `${peer} ${job}`;
  const audit = (action: string, subject: string, outcome: 'ok' | 'refused', details: Record<string, unknown>) =>
    store.audit.append({ actor: 'system', action, subject, outcome, details });
  const peerName = (peer: string) => line.peers().find((one) => one.id === peer)?.name ?? peer.slice(0, 8);

  /** Why a peer may not be helped now. */
  function refusal(peer: string, federated: boolean): Fault | undefined {
    const may = mayTrain(peer);
    if (!may) return new Fault('untrusted', `${line.name} does not trust this machine`);
    if (!may.train) return new Fault('forbidden', `${line.name} does not let this machine train there`);
    if (!may.data && !federated) return new Fault('forbidden', `${line.name} takes no datasets from this machine`);
    return undefined;
  }

  /** Whether its owner has taken the dataset back that a guest trains on here. */
  function withdrawn({ federated: name }: Guest): Fault | undefined {
    if (name === undefined) return undefined;
    try {
      needOffered(store.datasets.look(name) ?? { name }, line.name);
      return undefined;
    } catch (fault) {
      return fault as Fault;
    }
  }

  function invite(peer: string, word: Word<'invite'>): void {
    const name = nameOf(peer, word.job);
    const busy = [...guests.values()].filter(({ book }) => book.state !== 'over').length >= mostGuests;
    // An invitation may be said twice, where the link was lost meanwhile.
    const known = guests.get(name);
    if (known?.book.state === 'gathering') return;
    if (known && known.book.state !== 'over' && !refusal(peer, known.federated !== undefined))
      return void rejoin(known, word);
    const no =
      refusal(peer, word.federated !== undefined) ??
      (busy ? new Fault('too_many_requests', `${line.name} helps with ${mostGuests} runs already`) : undefined);
    if (no) {
      const fault = no;
      audit('rooms.join', peer, 'refused', { run: word.job, why: fault.code });
      line.say(peer, { say: 'over', job: word.job, fault: sayable(fault) });
      return;
    }
    const leader = { peer, name: peerName(peer) };
    const book = createRoomBook(
      {
        id: word.job,
        name: word.name,
        dataset: word.federated?.dataset ?? word.objects.find(({ role }) => role === 'dataset')?.dataset?.name ?? '',
        role: 'helps',
        leader,
        wires: wiresOf(word.request),
        reasons: word.federated ? ['this machine trains on rows of its own, which stay here'] : [],
      },
      () => context.now(),
    );
    const own: Entry = { peer: line.id, name: line.name, state: 'invited' };
    book.entries.set(line.id, own);
    const stop = new AbortController();
    const guest: Guest = {
      job: word.job,
      peer,
      book,
      own,
      stop,
      federated: word.federated?.dataset,
      fetches: new Map(),
      linkedAt: context.now(),
      done: Promise.resolve(),
    };
    guests.set(name, guest);
    audit('rooms.join', peer, 'ok', { run: word.job, objects: word.objects.map((one) => one.sha256) });
    guest.done = help(guest, word).finally(() => {
      book.state = 'over';
      events.emit('job.changed', guest.job, book.view());
      setTimeout(() => {
        if (guests.get(name) === guest) guests.delete(name);
      }, keepMs).unref();
    });
  }

  /**
   * The leader of a run that is helped with asks again: its trainer was lost. Where the ring went on without it, it is to join; a
   * minority, which could only wait, begins anew with it.
   */
  async function rejoin(guest: Guest, word: Word<'invite'>): Promise<void> {
    const { own, port, peer, job } = guest;
    const goes = () =>
      own.figures?.ring === 'working' && !own.figures.members.some(({ id }) => id === guest.leads) && own.trainer;
    const until = context.now() + agreeMs;
    while (guest.federated === undefined && !goes() && context.now() < until && guest.book.state !== 'over')
      await new Promise((soon) => setTimeout(soon, 200));
    if (goes() && own.trainer && port) {
      line.say(peer, { say: 'ready', job, trainer: own.trainer, port, goes: true });
      return;
    }
    guest.stop.abort(anew);
    await guest.done;
    guests.delete(nameOf(peer, job));
    invite(peer, word);
  }

  /** From the invitation to the last byte removed. Never rejects. */
  async function help(guest: Guest, word: Word<'invite'>): Promise<void> {
    const { peer, job, own, stop, book } = guest;
    const dir = join(folder, Buffer.from(nameOf(peer, job)).toString('hex').slice(0, 80));
    const show = throttle(tellEveryMs, () => events.emit('job.changed', job, book.view()));
    events.emit('job.changed', job, book.view());
    try {
      await needDisk(context, 'Helping with a run');
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const grants = await fetchAll(guest, word.objects, dir, show);
      own.state = 'preparing';
      const memory = config.limits.trainerMemory;
      const request = { kind: 'trainer', holder: `${peer}/${job}`, device: word.request.device, memory } as const;
      const lease = await leases.wait(request, stop.signal);
      try {
        stop.signal.throwIfAborted();
        await train(guest, word, grants, lease, show);
      } finally {
        leases.release(lease.id);
      }
    } catch (error) {
      const fault = stop.signal.aborted ? (stop.signal.reason as Fault) : error;
      own.why = faultBody(fault).message;
      own.state = 'left';
      // Who asked anew knows.
      if (fault !== anew) line.say(peer, { say: 'over', job, fault: sayable(fault) });
      log.info({ run: job, peer, code: faultBody(fault).code }, 'helping with a run ended');
    } finally {
      await rm(dir, { recursive: true, force: true });
      audit('rooms.leave', peer, 'ok', { run: job, samples: own.figures?.samples ?? 0, deleted: word.objects.length });
    }
  }

  async function fetchAll(
    guest: Guest,
    objects: readonly RoomObject[],
    dir: string,
    show: () => void,
  ): Promise<Map<RoomObject['role'], { grant: PackGrant; object: RoomObject }>> {
    const { peer, job, own, stop } = guest;
    const of = objects.reduce((sum, one) => sum + one.bytes, 0);
    const came = new Map<string, number>();
    const tell = throttle(tellEveryMs / 2, (bytes: number) => line.say(peer, { say: 'got', job, bytes, of }));
    own.state = 'sending';
    const grants = new Map<RoomObject['role'], { grant: PackGrant; object: RoomObject }>();
    for (const object of objects) {
      const path = join(dir, `${object.id}.sqlite`);
      const tag = ++tags;
      const fetch = fetchFile({
        path,
        bytes: object.bytes,
        sha256: object.sha256,
        pull: (piece, at, bytes) => line.say(peer, { say: 'pull', job, object: object.id, at, bytes, tag, piece }),
        progress(bytes) {
          came.set(object.id, bytes);
          const sum = [...came.values()].reduce((a, b) => a + b, 0);
          own.data = { bytes: sum, of };
          tell(sum);
          show();
        },
        signal: stop.signal,
      });
      guest.fetches.set(tag, fetch);
      try {
        await fetch.done;
      } finally {
        guest.fetches.delete(tag);
      }
      grants.set(object.role, { grant: { id: object.id, path, key: Buffer.from(object.key, 'base64') }, object });
    }
    line.say(peer, { say: 'got', job, bytes: of, of });
    return grants;
  }

  /** Runs the trainer to its end, which its leader, this owner or a fault brings; throws what ended it. */
  async function train(
    guest: Guest,
    word: Word<'invite'>,
    grants: Awaited<ReturnType<typeof fetchAll>>,
    lease: Awaited<ReturnType<typeof leases.wait>>,
    show: () => void,
  ): Promise<never> {
    const { peer, job, own, stop } = guest;
    const dataset = word.federated
      ? ownData(word, line.name, (name) => store.datasets.look(name), grant)
      : datasetOf(grants.get('dataset'));
    const test = grants.get('test') && datasetOf(grants.get('test'));
    const base = grants.get('base')?.grant;
    const child = spawnChild('trainer', { log, memory: lease.memory });
    guest.child = child;
    let fault: Fault | undefined;
    child.onMessage((message) => {
      if (message.type === 'roomOpen') {
        own.trainer = message.id;
        own.state = 'ready';
        guest.port = message.port;
        line.say(peer, { say: 'ready', job, trainer: message.id, port: message.port });
      } else if (message.type === 'roomFigures') {
        own.figures = message.figures;
        line.say(peer, { say: 'figures', job, figures: message.figures });
      } else if (message.type === 'failed') {
        fault = new Fault(message.fault.code, message.fault.message);
        child.kill();
      }
      show();
    });
    const kill = () => child.kill();
    stop.signal.addEventListener('abort', kill, { once: true });
    child.send({
      type: 'join',
      request: word.request,
      dataset,
      ...(test ? { test } : {}),
      ...(base ? { base } : {}),
      lease,
      room: { host: config.cluster.host, ports: config.cluster.trainerPorts, wires: wiresOf(word.request) },
    });
    if (stop.signal.aborted) kill();
    const exit = await new Promise<Parameters<typeof deathFault>[1]>((resolve) => child.onExit(resolve));
    stop.signal.removeEventListener('abort', kill);
    throw fault ?? deathFault('trainer', exit, 'The run goes on without this machine.');
  }

  function host(peer: string): string {
    return line.peers().find((one) => one.id === peer)?.addresses[0]?.host ?? '';
  }
  /** The leader's trainer is the one without a host: another one, after the first was lost. */
  function noteLeader(guest: Guest, roster: Word<'roster'>['roster']): void {
    const leads = roster.find(([, { host: at }]) => at === '');
    if (leads) [guest.leads] = leads;
  }
  /** The leader's own address is where this machine reaches it. */
  const reached = (peer: string, roster: Word<'roster'>['roster']): Word<'roster'>['roster'] =>
    roster.map(([id, address]) => [id, address.host === '' ? { ...address, host: host(peer) } : address]);

  const look = setInterval(() => self.changed(), lookEveryMs).unref();
  const self: Guests = {
    hear(peer, word) {
      if (word.say === 'invite') return invite(peer, word);
      const guest = guests.get(nameOf(peer, word.job));
      if (!guest || guest.book.state === 'over') return;
      if (word.say === 'begin') {
        guest.own.state = 'working';
        guest.book.state = 'working';
        noteLeader(guest, word.roster);
        const roster = reached(peer, word.roster);
        guest.child?.send({ type: 'room', roster, ...(word.founding ? { founding: word.founding } : {}) });
        events.emit('job.changed', guest.job, guest.book.view());
      } else if (word.say === 'roster') {
        noteLeader(guest, word.roster);
        guest.child?.send({ type: 'roster', roster: reached(peer, word.roster) });
      } else if (word.say === 'over') {
        guest.stop.abort(new Fault('cancelled', 'the run is over'));
      }
    },
    piece(peer, tag, piece, bytes) {
      for (const guest of guests.values()) if (guest.peer === peer) guest.fetches.get(tag)?.take(piece, bytes);
    },
    changed() {
      for (const guest of guests.values()) {
        if (guest.book.state === 'over') continue;
        const no = refusal(guest.peer, guest.federated !== undefined) ?? withdrawn(guest);
        if (no) guest.stop.abort(no);
        const { own, port, peer, job, book } = guest;
        // Said again until it is heard: a word is lost with its link.
        if (own.state === 'ready' && own.trainer && port)
          line.say(peer, { say: 'ready', job, trainer: own.trainer, port });
        const { ring } = own.figures ?? {};
        if (book.state !== 'gathering') book.state = ring === 'waiting' ? 'waiting' : 'working';
        const isUp = line.peers().some((one) => one.id === guest.peer && one.link === 'up');
        if (isUp) guest.linkedAt = context.now();
        else if (context.now() - guest.linkedAt > (book.state === 'gathering' ? awayMs : goOnMs))
          guest.stop.abort(new Fault('unreachable', 'the machine that leads the run is out of reach'));
      }
    },
    jobs: () => [...guests.values()].map(({ book }) => book.view()),
    end(id) {
      const own = [...guests.values()].filter(({ job, book }) => job === id && book.state !== 'over');
      if (own.length === 0) throw new Fault('not_found', `this machine helps with no run ${id}; neutrino cluster jobs`);
      for (const guest of own) guest.stop.abort(new Fault('cancelled', `${line.name} was taken out by its owner`));
    },
    async recover() {
      for (const name of await readdir(folder).catch(() => []))
        await rm(join(folder, name), { recursive: true, force: true });
    },
    async close() {
      clearInterval(look);
      for (const { stop } of guests.values()) stop.abort(new Fault('unavailable', `${line.name} is being stopped`));
      await Promise.all([...guests.values()].map(({ done }) => done));
    },
  };
  return self;
}

function sayable(error: unknown): { code: ReturnType<typeof faultBody>['code']; message: string } {
  const { code, message } = faultBody(error);
  return { code, message: message.slice(0, 2000) };
}

function datasetOf(found: { grant: PackGrant; object: RoomObject } | undefined): DatasetGrant {
  const about = found?.object.dataset;
  if (!found || !about) throw new Fault('bad_input', 'the invitation names no dataset');
  const { version, ...rest } = about;
  return { ...rest, ...(version === undefined ? {} : { version }), pack: found.grant };
}
