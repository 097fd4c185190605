// The leading side of runs over several machines: asks peers to train along, gives them the packs that they need, brings their trainers
// together, and keeps the book of who did what. What a trainer computes it never sees.
import { stat } from 'node:fs/promises';
import {
  type DatasetGrant,
  Fault,
  faultBody,
  type Generation,
  isClassic,
  isRunOver,
  meetingOf,
  type PackGrant,
  type PeerView,
  type RoomFigures,
  type RoomJob,
  type RoomObject,
  type RoomOrder,
  type RoomWord,
  type Run,
  type ToTrainer,
  type TrainRequest,
  taskAsked,
  wiresOf,
} from '../schema/index.ts';
import { type JobContext, throttle } from './context.ts';
import { checkFederated, federationOf, isFederated } from './federation.ts';
import { createRoomBook, type Entry, type RoomBook } from './roomBook.ts';
import { chosenPeers, namedPeers, type RoomLine } from './roomLine.ts';
import { hashFile, readPiece } from './transfer.ts';

type Word<S extends RoomWord['say']> = Extract<RoomWord, { say: S }>;
type ToMeeting = Extract<ToTrainer, { type: 'room' | 'roster' }>;

/** One run that this machine leads. */
export interface LeadSession {
  readonly order: RoomOrder;
  /** The run's own trainer listens there; `tell` reaches it. */
  opened(trainer: string, port: number, tell: (message: ToMeeting) => void): void;
  figures(figures: RoomFigures): void;
  /** Ends everybody's part, and tells how it went. */
  end(): RoomJob;
  /** Its trainer is lost: true where the others are enough to go on without it, and are left to. */
  release(): boolean;
}

export interface RoomLead {
  /** Refuses a request that cannot be trained over the room, by name. */
  check(request: TrainRequest): void;
  /**
   * Resolves once a run may begin anew without another ring of it going on: when all that could go on without this machine are in
   * reach, or must have let it go by now.
   */
  reunite(run: Run, signal: AbortSignal): Promise<void>;
  /** Asks the peers that the run's request names. */
  open(run: Run, packs: { dataset: DatasetGrant; test?: DatasetGrant; base?: PackGrant }): LeadSession;
  /** True when the word was about a run that is led here. */
  hear(peer: string, word: RoomWord): boolean;
  /** A peer may have been unpaired, or lost its permission. */
  changed(): void;
  jobs(): RoomJob[];
}

/** How long peers are waited for once this machine stands ready, ms; later ones join as they come. */
const patienceMs = 20_000;
const tellEveryMs = 1000;

/** Beyond this members let go of a run whose leader is away, ms; guests.ts has half an hour. */
const letGoMs = 31 * 60_000;
const lookEveryMs = 250;
/** Others that can be a majority without their leader, whose vote weighs a little more. */
const fewestOthers = 2;

interface Invited extends Entry {
  host: string;
  cores: number;
  port?: number;
  /** Its ring went on without this machine. */
  goes?: boolean;
}

interface Led {
  book: RoomBook;
  invited: Map<string, Invited>;
  /** Paths of the objects that peers may ask for. */
  paths: Map<string, string>;
  word(peer: string, word: RoomWord): void;
  settle(): void;
}

/** The runs that an appliance leads; `isPaired` says whom its trust book knows. */
export function createRoomLead(context: JobContext, line: RoomLine, isPaired: (peer: string) => boolean): RoomLead {
  const { config, store, events, log } = context;
  const led = new Map<string, Led>();
  const audit = (action: string, subject: string, details: Record<string, unknown>) =>
    store.audit.append({ actor: 'system', action, subject, outcome: 'ok', details });

  /** Fault `forbidden` for a dataset that its owner keeps here. */
  function mayLeave(name: string): void {
    const found = store.datasets.look(name.replace(/@\d+$/, ''));
    if (!found?.stays) return;
    throw new Fault(
      'forbidden',
      `dataset ${found.name} stays on this machine; allow it to go to peers first: neutrino cluster keep ${found.name} no`,
    );
  }

  function open(run: Run, packs: Parameters<RoomLead['open']>[1]): LeadSession {
    const { id, request } = run;
    const apart = isFederated(request);
    if (!apart) for (const data of [run.dataset, run.test]) if (data) mayLeave(data.id);
    const wires = wiresOf(request);
    // Who could take part when the run was asked for may be away by now: then it goes on without.
    const asked = namedPeers(line, request.peers ?? [], apart);
    const peers = asked.flatMap(({ peer, fault }) => (fault ? [] : [peer]));
    const book = createRoomBook(
      {
        id,
        name: run.name,
        dataset: run.dataset.name,
        role: 'leads',
        leader: { peer: line.id, name: line.name },
        wires,
        reasons: reasonsOf(peers, request),
      },
      () => context.now(),
    );
    const own: Invited = { peer: line.id, name: line.name, state: 'preparing', host: '', cores: line.cores };
    book.entries.set(line.id, own);
    const invited = new Map<string, Invited>();
    const paths = new Map<string, string>();
    let tellOwn: ((message: ToMeeting) => void) | undefined;
    let founding: Generation | undefined;
    let begun = false;
    let invitation: RoomWord | undefined;
    let over = false;
    let patience: NodeJS.Timeout | undefined;

    const show = () => events.emit('job.changed', id, book.view());
    const showSoon = throttle(tellEveryMs, show);
    const say = (peer: string, word: RoomWord) => line.say(peer, word);
    const present = (): Invited[] =>
      [own, ...invited.values()].filter((one) => one.state === 'ready' || one.state === 'working');
    const roster = () =>
      present().flatMap(({ trainer, host, port }) =>
        trainer && port ? [[trainer, { host, port }] as [string, { host: string; port: number }]] : [],
      );
    const tellRoster = () => {
      const known = roster();
      tellOwn?.({ type: 'roster', roster: known });
      for (const { peer, state } of invited.values())
        if (state === 'working') say(peer, { say: 'roster', job: id, roster: known });
    };
    /** Begins with those who are ready, once all are or the others took too long. */
    const settle = (waited = false) => {
      if (begun || over || !own.trainer || !tellOwn) return;
      if ([...invited.values()].some(({ goes }) => goes)) return join(tellOwn);
      const waiting = [...invited.values()].some(({ state }) => ['invited', 'sending', 'preparing'].includes(state));
      const alone = ![...invited.values()].some(({ state }) => state === 'ready');
      if (waiting && (!waited || alone)) return;
      const members = present();
      begun = true;
      founding = foundingOf(members, run.checkpoint !== undefined);
      const known = roster();
      for (const one of members) one.state = 'working';
      tellOwn({ type: 'room', roster: known, founding });
      for (const { peer } of members)
        if (peer !== line.id) say(peer, { say: 'begin', job: id, roster: known, founding });
      began();
    };
    /** From here on others may go on without this machine: who they are must outlive it. */
    const began = () => {
      book.state = 'working';
      store.runs.update(id, { room: book.view() });
      show();
    };
    /** This machine joins the ring that went on without it, and brings those who have no place in it yet. */
    const join = (tell: (message: ToMeeting) => void) => {
      begun = true;
      const members = present();
      for (const one of members) one.state = 'working';
      const known = roster();
      tell({ type: 'room', roster: known });
      for (const { peer, goes } of members)
        if (peer !== line.id) say(peer, { say: goes ? 'roster' : 'begin', job: id, roster: known });
      began();
    };
    const leave = (one: Invited, state: 'left' | 'refused', why: string) => {
      if (one.state === 'left' || one.state === 'refused') return;
      const was = one.state;
      Object.assign(one, { state, why });
      log.info({ run: id, peer: one.peer, state }, 'a peer takes no part in a run any more');
      if (was === 'working') tellRoster();
      settle();
      show();
    };

    const heard: { [S in RoomWord['say']]?: (one: Invited, word: Word<S>) => void } = {
      got(one, { bytes, of }) {
        one.data = { bytes, of };
        if (one.state === 'invited' || one.state === 'sending') one.state = bytes < of ? 'sending' : 'preparing';
        showSoon();
      },
      pull: (one, word) => void give(one, word),
      ready(one, { trainer, port, goes = false }) {
        if (one.state === 'ready') return;
        const again = one.state === 'working';
        Object.assign(one, { trainer, port, goes, state: 'ready' });
        if (!begun) return settle();
        one.state = 'working';
        const founder = founding?.members.some((member) => member.id === trainer);
        say(one.peer, { say: 'begin', job: id, roster: roster(), ...(founder && founding ? { founding } : {}) });
        if (again) return;
        tellRoster();
        began();
      },
      figures(one, { figures }) {
        one.figures = figures;
        showSoon();
      },
      over(one, { fault }) {
        leave(one, one.state === 'working' ? 'left' : 'refused', fault?.message ?? 'it left');
      },
    };
    async function give(one: Invited, { object, at, bytes, tag, piece }: Word<'pull'>): Promise<void> {
      const path = paths.get(object);
      if (!path || one.state === 'left' || one.state === 'refused') return;
      try {
        await line.sendPiece(one.peer, tag, piece, await readPiece(path, at, bytes));
      } catch (error) {
        // It asks again.
        log.debug({ run: id, peer: one.peer, err: error }, 'a piece was not sent');
      }
    }
    async function invite(): Promise<void> {
      const objects: RoomObject[] = [];
      const add = async (role: RoomObject['role'], pack: PackGrant, dataset?: DatasetGrant) => {
        const { size, sha256 } = await measured(pack.path);
        paths.set(pack.id, pack.path);
        const key = Buffer.from(pack.key).toString('base64');
        const about = dataset && withoutPack(dataset);
        objects.push({ role, id: pack.id, bytes: size, sha256, key, ...(about ? { dataset: about } : {}) });
      };
      if (!apart) {
        await add('dataset', packs.dataset.pack, packs.dataset);
        if (packs.test) await add('test', packs.test.pack, packs.test);
        if (packs.base) await add('base', packs.base);
      }
      const federated = apart ? { federated: federationOf(packs.dataset) } : {};
      if (over) return;
      for (const one of invited.values()) {
        invitation = { say: 'invite', job: id, name: run.name, request, objects, ...federated };
        if (!say(one.peer, invitation)) leave(one, 'refused', 'the link to it was lost');
        else audit('rooms.invite', one.peer, { run: id, objects: objects.map((object) => object.sha256) });
      }
    }

    for (const { id: peer, name, addresses, hardware } of peers) {
      const one: Invited = {
        peer,
        name,
        state: 'invited',
        host: addresses[0]?.host ?? '',
        cores: hardware?.cores ?? 1,
      };
      invited.set(peer, one);
      book.entries.set(peer, one);
    }
    for (const { peer, fault } of asked)
      if (fault) book.entries.set(peer.id, { peer: peer.id, name: peer.name, state: 'refused', why: fault.message });
    invite().catch((error: unknown) => {
      for (const one of invited.values()) leave(one, 'refused', faultBody(error).message);
    });
    const self: Led = {
      book,
      invited,
      paths,
      word(peer, word) {
        const one = invited.get(peer);
        if (!one || over) return;
        (heard[word.say] as ((one: Invited, word: RoomWord) => void) | undefined)?.(one, word);
      },
      settle() {
        for (const one of invited.values()) {
          if (one.state === 'invited' && invitation) say(one.peer, invitation);
          const view = line.peers().find((peer) => peer.id === one.peer);
          if (view?.trust !== 'paired') leave(one, 'left', 'it is not paired any more');
        }
      },
    };
    led.set(id, self);
    show();
    return {
      order: { host: config.cluster.host, ports: config.cluster.trainerPorts, wires },
      opened(trainer, port, tell) {
        Object.assign(own, { trainer, port, state: 'ready' });
        tellOwn = tell;
        patience = setTimeout(() => settle(true), patienceMs).unref();
        settle();
      },
      figures(figures) {
        own.figures = figures;
        showSoon();
      },
      release() {
        const others = [...invited.values()].filter(({ state }) => state === 'working');
        if (apart || !begun || over || others.length < fewestOthers) return false;
        over = true;
        clearTimeout(patience);
        if (led.get(id) === self) led.delete(id);
        return true;
      },
      end() {
        over = true;
        clearTimeout(patience);
        book.state = 'over';
        for (const one of invited.values()) {
          say(one.peer, { say: 'over', job: id });
          if (one.state !== 'left' && one.state !== 'refused') audit('rooms.end', one.peer, { run: id });
        }
        show();
        setTimeout(() => {
          if (led.get(id) === self) led.delete(id);
        }, keepMs).unref();
        return book.view();
      },
    };
  }

  return {
    check(request) {
      const apart = isFederated(request);
      if (apart) checkFederated(request, chosenPeers(line, request.peers ?? [], apart).length);
      if (!request.peers) return;
      const refuse = (why: string): never => {
        throw new Fault('bad_request', why);
      };
      if (isClassic(request.model))
        refuse(`${request.model} is not trained in steps, which is what machines share; leave --peers out`);
      if (request.model === 'auto' && (request.trials !== undefined || request.budget !== undefined))
        refuse('a search is run on one machine; name a network with --model to train it over several');
      if (taskAsked(request) === 'ranking')
        refuse(
          'a ranking compares the rows of a batch with each other, so that they cannot be shared out; leave --peers out',
        );
      if (request.device !== 'auto' && request.device !== 'cpu')
        refuse('runs over several machines are computed on processors; leave --device out');
      if (!apart) for (const name of [request.dataset, request.test]) if (name !== undefined) mayLeave(name);
      chosenPeers(line, request.peers, apart);
    },
    open,
    async reunite(run, signal) {
      const others = (run.room?.members ?? []).filter(({ peer, state }) => peer !== line.id && state === 'working');
      if (isFederated(run.request) || others.length < fewestOthers || !config.cluster.enabled) return;
      const since = run.room?.endedAt ?? run.endedAt ?? run.updatedAt;
      // Whom the trust book does not know any more cannot be waited for; the room itself may open later than this is asked.
      const isHere = (id: string) => !isPaired(id) || line.peers().some((peer) => peer.id === id && peer.link === 'up');
      const isWaited = () => context.now() - since < letGoMs && store.runs.get(run.id).state !== 'stopping';
      while (!others.every(({ peer }) => isHere(peer)) && isWaited()) {
        signal.throwIfAborted();
        await new Promise((soon) => setTimeout(soon, lookEveryMs));
      }
    },
    hear(peer, word) {
      const one = led.get(word.job);
      one?.word(peer, word);
      // A peer that goes on with what ended here, perhaps while the link was lost, is told so; not where it is to go on.
      const run = one ? undefined : store.runs.look(word.job);
      if (run?.room?.state === 'working' && (run.state === 'interrupted' || !isRunOver(run.state))) return true;
      if (
        (!one || one.book.state === 'over') &&
        (word.say === 'figures' || word.say === 'ready' || word.say === 'pull')
      )
        line.say(peer, { say: 'over', job: word.job });
      return one !== undefined;
    },
    changed() {
      for (const one of led.values()) if (one.book.state !== 'over') one.settle();
    },
    jobs: () => [...led.values()].map(({ book }) => book.view()),
  };
}

/** How long an ended run stays in the list, ms. */
const keepMs = 10 * 60_000;

async function measured(path: string): Promise<{ size: number; sha256: string }> {
  return { size: (await stat(path)).size, sha256: await hashFile(path) };
}

function withoutPack({ id, name, sha256, version, shape }: DatasetGrant): RoomObject['dataset'] {
  return { id, name, sha256, ...(version === undefined ? {} : { version }), shape };
}

/** The first ring: shares after cores, until speeds are measured. Who cannot know a checkpoint's state is given it. */
function foundingOf(members: readonly Invited[], resumes: boolean): Generation {
  const ids = members.flatMap(({ trainer }) => trainer ?? []);
  const cores = members.reduce((sum, one) => sum + one.cores, 0);
  const holders = resumes ? ids.slice(0, 1) : ids;
  return {
    number: 1,
    leader: ids[0] ?? '',
    members: members.flatMap(({ trainer, cores: own }) => (trainer ? [{ id: trainer, share: own / cores }] : [])),
    voters: holders,
    step: 0,
    holders,
    over: false,
  };
}

function reasonsOf(peers: readonly PeerView[], request: TrainRequest): string[] {
  const names = peers.map((peer) => peer.name).join(', ');
  if (names === '') return ['nobody else could take part when the run began'];
  const { wire, sync } = request;
  if (sync === 'federated')
    return [
      `each machine trains on rows of its own: ${names} and this one`,
      `they meet every ${meetingOf(request)} steps; what changed is summed under masks, so that nobody sees what one machine brought`,
    ];
  const rows = `every batch is shared with ${names}, each machine its part after its speed`;
  if (sync === 'local')
    return [
      rows,
      `machines meet every ${meetingOf(request)} steps, because that was asked for: about a hundredth of the bytes, and a model close to one machine’s`,
      ...(wire ? [`what changed travels as ${wire}, because that was asked for`] : []),
    ];
  const asked = wire ? `gradients travel as ${wire}, because that was asked for` : 'gradients travel as they are';
  if (sync === 'sync') return [rows, `machines meet at every step, because that was asked for; ${asked}`];
  return [rows, asked];
}
