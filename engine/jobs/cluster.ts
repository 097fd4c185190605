// This machine in its room: opens the cluster port where the settings say so, keeps whom it trusts in the store, answers the
// routes about peers. A port that is taken does not stop the appliance; `cluster.status` says so.
import { availableParallelism, cpus, freemem, hostname, totalmem } from 'node:os';
import { type Cluster, openCluster, type Trusted, type TrustBook } from '../cluster/index.ts';
import {
  type ClusterStatus,
  type DatasetGrant,
  Fault,
  faultBody,
  type Handlers,
  type Load,
  type Peer,
  permissions,
  type RoomWord,
} from '../schema/index.ts';
import { type Identity, nodeId, showNodeId } from '../security/index.ts';
import type { JobContext } from './context.ts';
import { createGuests } from './guests.ts';
import { createRoomLead, type RoomLead } from './roomLead.ts';
import type { RoomLine } from './roomLine.ts';
import type { DeviceList } from './devices.ts';

type Names =
  | 'datasets.keep'
  | `cluster.${'status' | 'diagnose' | 'jobs' | 'endJob'}`
  | `peers.${'list' | 'show' | 'pair' | 'confirm' | 'reject' | 'update' | 'measure' | 'unpair'}`;

export interface ClusterJobs {
  handlers: Pick<Handlers, Names>;
  /** The runs over several machines that this one leads. */
  lead: RoomLead;
  /** Opens the port; what goes wrong is kept for `cluster.status`. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Between events of a peer of which only the load changed, ms. */
const quietMs = 10_000;

/** Threads lent out, asked when a peer is told. */
const loadOf = ({ leases, store }: JobContext, used: () => number): Load => {
  const held = leases.list();
  return {
    threads: held.reduce((sum, lease) => sum + lease.threads, 0),
    cpu: used(),
    memory: freemem(),
    runs: store.runs.list({ state: 'running', limit: 1 }).total,
  };
};

/** The cluster of an appliance; closed until `start`. */
export function createClusterJobs(
  context: JobContext,
  parts: {
    identity: Identity;
    version: string;
    devices: DeviceList;
    /** What a trainer needs of a dataset. */
    grant: (dataset: string) => DatasetGrant;
  },
): ClusterJobs {
  const { config, store, events, log } = context;
  const { identity, version } = parts;
  const name = config.name ?? hostname();
  const id = nodeId(identity.certificate);
  const used = processorUse();
  const told = new Map<string, { standing: string | undefined; at: number }>();
  let cluster: Cluster | undefined;
  /** The end may come while the port is being opened. */
  let closed = false;
  let why = context.lasting
    ? config.cluster.enabled
      ? 'the cluster port is being opened; ask again in a moment'
      : 'the cluster port is closed; start without --no-cluster to open it'
    : 'no appliance is running: neutrino start';

  const trusted = (peer: Peer | undefined): Trusted | undefined =>
    peer?.state === 'paired'
      ? { id: peer.id, name: peer.name, addresses: peer.addresses, permissions: peer.permissions }
      : undefined;
  /** By id only: a peer's name may be another's id. */
  const kept = (peerId: string): Peer | undefined => {
    const found = store.peers.look(peerId);
    return found?.id === peerId ? found : undefined;
  };
  const note = (peer: string, action: string, actor: string) =>
    store.audit.append({ actor, action, subject: peer, outcome: 'ok' });

  const line: RoomLine = {
    id,
    name,
    build: version,
    cores: availableParallelism(),
    peers: () => cluster?.peers() ?? [],
    find: (text) => room().find(text),
    say: (peer, word) => cluster?.say(peer, word) ?? false,
    sendPiece: (peer, tag, piece, bytes) => room().sendPiece(peer, tag, piece, bytes),
  };
  const lead = createRoomLead(context, line, (peer) => trust.get(peer) !== undefined);
  const guests = createGuests(context, line, (peer) => trust.get(peer)?.permissions, parts.grant);

  const trust: TrustBook = {
    list: () => store.peers.list({ state: 'paired', limit: 1000 }).items.flatMap((peer) => trusted(peer) ?? []),
    get: (peerId) => trusted(kept(peerId)),
    pair({ id: peerId, name: called, address }) {
      const fields = { name: called, addresses: [address], pairedAt: context.now() };
      if (kept(peerId)) store.peers.update(peerId, { state: 'paired', ...fields });
      else store.peers.insert({ id: peerId, state: 'paired', permissions: permissions.parse({}), ...fields });
      note(peerId, 'peers.paired', 'system');
    },
    reached(peerId, called, addresses) {
      const known = kept(peerId);
      if (!known || (known.name === called && JSON.stringify(known.addresses) === JSON.stringify(addresses))) return;
      store.peers.update(peerId, { name: called, addresses });
    },
    unpair(peerId) {
      if (kept(peerId)?.state !== 'paired') return;
      store.peers.update(peerId, { state: 'unpaired' });
      note(peerId, 'peers.unpaired', 'system');
    },
  };
  const room = (): Cluster => {
    if (!cluster) throw new Fault(context.lasting ? 'unavailable' : 'not_running', why);
    return cluster;
  };
  const changed = (peerId: string) => {
    guests.changed();
    lead.changed();
    const view = cluster?.peers().find((peer) => peer.id === peerId);
    // Load is told every two seconds: alone it is worth an event now and then.
    const standing = view && `${view.trust} ${view.link} ${view.name} ${JSON.stringify(view.granted)}`;
    const before = told.get(peerId);
    if (view && before && before.standing === standing && context.now() - before.at < quietMs) return;
    if (view) told.set(peerId, { standing, at: context.now() });
    events.emit('peer.changed', peerId, view ?? cluster?.status() ?? null);
  };
  const off = (): ClusterStatus => ({
    state: config.cluster.enabled && context.lasting ? 'failed' : 'off',
    why,
    id,
    shown: showNodeId(id),
    name,
    addresses: [],
    discovery: false,
    paired: trust.list().length,
    linked: 0,
    seen: 0,
    pairings: [],
    clones: [],
  });

  return {
    handlers: {
      'cluster.status': () => cluster?.status() ?? off(),
      'cluster.diagnose': async () => ({ findings: await room().diagnose() }),
      'datasets.keep': ({ params, body }) => {
        const { id: kept } = store.datasets.find(params.id);
        const { stays, federates } = body;
        const changed = store.datasets.update(kept, {
          ...(stays === undefined ? {} : { stays }),
          ...(federates === undefined ? {} : { federates }),
        });
        events.emit('dataset.changed', kept, changed);
        return changed;
      },
      'cluster.jobs': () => ({ items: [...lead.jobs(), ...guests.jobs()].sort((a, b) => b.startedAt - a.startedAt) }),
      'cluster.endJob': ({ params }) => {
        guests.end(params.id);
        return { ok: true as const };
      },
      'peers.list': () => ({ items: cluster?.peers() ?? [] }),
      'peers.show': ({ params }) => room().find(params.id),
      'peers.pair': ({ body }) => room().pair(body.node),
      'peers.confirm': ({ params, body }) => room().confirm(params.id, body.code),
      'peers.reject': ({ params }) => {
        room().reject(params.id);
        return { ok: true as const };
      },
      'peers.update': ({ params, body }) => {
        const found = room().find(params.id);
        if (found.trust !== 'paired') throw new Fault('conflict', `${found.name} is not paired; pair it first`);
        store.peers.update(found.id, { permissions: { ...found.permissions, ...body.permissions } });
        room().granted(found.id);
        guests.changed();
        return room().find(found.id);
      },
      'peers.measure': async ({ params }) => {
        const { id: peerId } = room().find(params.id);
        return { bandwidth: await room().measure(peerId) };
      },
      'peers.unpair': ({ params }) => {
        const found = room().find(params.id);
        if (found.trust !== 'paired') throw new Fault('conflict', `${found.name} is not paired`);
        room().unpair(found.id);
        return { ok: true as const };
      },
    },
    lead,
    async start() {
      await guests.recover();
      await open();
    },
    async close() {
      closed = true;
      await guests.close();
      await cluster?.close();
      cluster = undefined;
      why = 'the appliance stops';
    },
  };

  async function open(): Promise<void> {
    if (!config.cluster.enabled || !context.lasting) return;
    const devices = await parts.devices.look();
    if (closed) return;
    try {
      const opened = await openCluster({
        identity,
        name,
        build: version,
        host: config.cluster.host,
        port: config.cluster.port,
        discovery: config.discovery,
        peers: config.peers,
        trust,
        hardware: {
          platform: process.platform,
          arch: process.arch,
          cpu: cpus()[0]?.model.trim().slice(0, 200) ?? '',
          cores: availableParallelism(),
          memory: totalmem(),
          devices: devices.filter((device) => device.available).map((device) => device.id),
        },
        load: () => loadOf(context, used),
        changed,
        word(peer, word) {
          if (fromLeader(word) || !lead.hear(peer, word)) guests.hear(peer, word);
        },
        piece: (peer, tag, piece, bytes) => guests.piece(peer, tag, piece, bytes),
        now: () => context.now(),
      });
      if (closed) return await opened.close();
      cluster = opened;
      log.info({ port: opened.port }, 'cluster port open');
    } catch (error) {
      why = faultBody(error).message;
      log.warn({ code: faultBody(error).code }, 'cluster port not open');
    }
  }
}

/** Words that only a leader says. */
const fromLeader = ({ say }: RoomWord): boolean => say === 'invite' || say === 'begin' || say === 'roster';

/** Share of all processors used since the last question, 0 to 1. */
function processorUse(): () => number {
  let before = { busy: 0, all: 0 };
  return () => {
    const now = { busy: 0, all: 0 };
    for (const { times } of cpus()) {
      const all = times.user + times.nice + times.sys + times.idle + times.irq;
      now.all += all;
      now.busy += all - times.idle;
    }
    const span = now.all - before.all;
    const share = span > 0 ? (now.busy - before.busy) / span : 0;
    before = now;
    return Math.min(1, Math.max(0, share));
  };
}
