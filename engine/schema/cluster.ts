// What appliances in a room say to each other before and while they work together. Protocol prose: engine/cluster/PROTOCOL.md.
// Wire values are checked here, once, where they enter; the cap on a message's size is `linkLimits.message`.
import { z } from 'zod';
import { errorCodes, type ErrorCode, exitCode } from './errors.ts';

/** Versions of the protocol that this build speaks. One version back is supported. */
export const clusterProtocol = { min: 1, max: 1 } as const;

export const linkLimits = {
  /** Greatest control message, bytes: checked before it is parsed. */
  message: 1024 * 1024,
  /** Greatest binary frame, bytes: a header and a chunk. */
  frame: 4 * 1024 * 1024,
} as const;

/** WebSocket close codes of a link, one an error (RFC 6455 section 7.4 leaves 4000 to 4999 to applications). */
export const closeCode = Object.fromEntries(errorCodes.map((code) => [code, 4000 + exitCode[code]])) as Record<
  ErrorCode,
  number
>;

/** The error behind a close code, or undefined for a code that is not ours. */
export const codeOfClose = (close: number): ErrorCode | undefined =>
  errorCodes.find((code) => closeCode[code] === close);

const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'not 64 hex digits');
const shortText = z.string().max(200);

/** What one machine lets another do with it. */
export const permissions = z.object({
  /** Run training and search trials here. */
  train: z.boolean().default(true),
  /** Send datasets here. */
  data: z.boolean().default(true),
  /** Run replicas of deployments here. */
  serve: z.boolean().default(false),
});
export type Permissions = z.infer<typeof permissions>;

/** A machine as its owner would describe it. */
export const hardware = z.object({
  platform: shortText,
  arch: shortText,
  cpu: shortText,
  cores: z.number().int().min(1).max(65_536),
  /** Bytes. */
  memory: z.number().min(0),
  /** Devices that runs may name, `cpu` first. */
  devices: z.array(shortText).max(64),
});
export type Hardware = z.infer<typeof hardware>;

/** How busy a machine is now. */
export const load = z.object({
  /** Threads that are lent to trainers, hosts and importers. */
  threads: z.number().int().min(0),
  /** Processor use of the whole machine, 0 to 1. */
  cpu: z.number().min(0).max(1),
  /** Free bytes. */
  memory: z.number().min(0),
  runs: z.number().int().min(0),
});
export type Load = z.infer<typeof load>;

/** The first message of every link, both ways. */
const hello = z.object({
  type: z.literal('hello'),
  /** Least and greatest version spoken. */
  proto: z.tuple([z.number().int().min(1).max(1000), z.number().int().min(1).max(1000)]),
  build: shortText,
  name: z.string().min(1).max(100),
  /** Random, made at each start: the same identity with two of these is a copied data directory. */
  instance: sha256Hex,
  capabilities: z.array(shortText).max(64),
  /** Where the sender listens. */
  port: z.number().int().min(1).max(65_535),
  /** The sender's clock, ms since 1970. */
  at: z.number(),
  hardware,
});
export type Hello = z.infer<typeof hello>;

/** What flows on a link between two machines that trust each other. */
export const linkMessage = z.discriminatedUnion('type', [
  hello,
  z.object({ type: z.literal('ping'), n: z.number().int().min(0) }),
  z.object({ type: z.literal('pong'), n: z.number().int().min(0), at: z.number() }),
  z.object({ type: z.literal('status'), load }),
  /** What the sender lets the receiver do. */
  z.object({ type: z.literal('grant'), permissions }),
  /** Measures the link: `bytes` of binary frames follow; the receiver answers with the time that they took. */
  z.object({
    type: z.literal('probe'),
    bytes: z
      .number()
      .int()
      .min(1)
      .max(64 * 1024 * 1024),
  }),
  z.object({ type: z.literal('probed'), ms: z.number().min(0) }),
  /** About a run over several machines: a `roomWord` (room.ts), checked where it is heard. */
  z.object({ type: z.literal('room'), word: z.unknown() }),
  /** The sender no longer trusts the receiver. */
  z.object({ type: z.literal('unpair') }),
]);
export type LinkMessage = z.infer<typeof linkMessage>;

/** What flows on a link between strangers who want to trust each other: commit, then reveal. */
export const pairMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('commit'),
    proto: z.tuple([z.number().int().min(1), z.number().int().min(1)]),
    name: z.string().min(1).max(100),
    commitment: sha256Hex,
    /** Where the sender listens, so that the other side can call back. */
    port: z.number().int().min(1).max(65_535),
  }),
  z.object({
    type: z.literal('nonce'),
    name: z.string().min(1).max(100),
    nonce: sha256Hex,
    port: z.number().int().min(1).max(65_535),
  }),
  z.object({ type: z.literal('reveal'), nonce: sha256Hex }),
  z.object({ type: z.literal('confirm') }),
  z.object({ type: z.literal('refuse'), why: shortText }),
]);
export type PairMessage = z.infer<typeof pairMessage>;

export const peerAddress = z.object({ host: z.string().max(255), port: z.number().int().min(1).max(65_535) });
export type PeerAddress = z.infer<typeof peerAddress>;

/** A pairing under way: both screens must show the same code. */
export const pairing = z.object({
  /** Id of the other machine. */
  id: z.string(),
  name: z.string(),
  address: z.string(),
  /** Six digits; absent until both sides have revealed. */
  code: z.string().optional(),
  /** Whether the person here, and the one there, has confirmed. */
  here: z.boolean(),
  there: z.boolean(),
  asked: z.enum(['here', 'there']),
  /** How it ended; kept for a minute so that whoever waits can read it. */
  outcome: z.enum(['paired', 'failed']).optional(),
  why: z.string().optional(),
  expiresAt: z.number(),
});
export type Pairing = z.infer<typeof pairing>;

/** A machine of the room: trusted, or only seen. */
export const peerView = z.object({
  /** SHA-256 of its certificate, hex. */
  id: z.string(),
  /** The id in groups, as screens show it. */
  shown: z.string(),
  name: z.string(),
  trust: z.enum(['paired', 'unpaired', 'seen']),
  link: z.enum(['up', 'connecting', 'down']),
  addresses: z.array(peerAddress),
  /** What it may do here, and what we may do there. */
  permissions,
  granted: permissions.optional(),
  build: z.string().optional(),
  hardware: hardware.optional(),
  load: load.optional(),
  /** Round trip, ms; bytes a second. */
  latencyMs: z.number().optional(),
  bandwidth: z.number().optional(),
  /** Its clock less ours, ms. */
  clockMs: z.number().optional(),
  lastSeenAt: z.number().optional(),
  /** Why there is no link, in words. */
  why: z.string().optional(),
});
export type PeerView = z.infer<typeof peerView>;

/** How this machine stands in the room. */
export const clusterStatus = z.object({
  state: z.enum(['up', 'off', 'failed']),
  /** Why it is off or failed. */
  why: z.string().optional(),
  id: z.string(),
  shown: z.string(),
  name: z.string(),
  port: z.number().int().optional(),
  addresses: z.array(z.string()),
  discovery: z.boolean(),
  paired: z.number().int(),
  linked: z.number().int(),
  seen: z.number().int(),
  pairings: z.array(pairing),
  /** Identities met that claim to be this one: a copied data directory. */
  clones: z.array(z.object({ address: z.string(), at: z.number() })),
});
export type ClusterStatus = z.infer<typeof clusterStatus>;

/** One finding of `cluster diagnose`. */
export const clusterFinding = z.object({
  level: z.enum(['ok', 'note', 'problem']),
  subject: z.string(),
  says: z.string(),
});
export type ClusterFinding = z.infer<typeof clusterFinding>;

const count = z
  .number()
  .int()
  .min(0)
  .max(2 ** 40);
export const memberId = z.string().min(1).max(80);
/** A try at agreeing on a generation: a number, and who runs it; ties fall to the greater id. */
const ballot = z.object({ number: count, by: memberId });
export type Ballot = z.infer<typeof ballot>;
/** Which members and step a ring works on; agreed by vote before anybody begins. */
export const generation = z.object({
  number: count,
  leader: memberId,
  /** Everybody who works, in the order of the ring, with the share of a batch that each gets. */
  members: z.array(z.object({ id: memberId, share: z.number().min(0).max(1) })).max(64),
  /** Who decides on the next generation: members that had the weights when this one began. */
  voters: z.array(memberId).max(64),
  /** So many steps have been applied. */
  step: count,
  /** Members that have the weights of `step`, or the gradient that leads to them; the others fetch them. */
  holders: z.array(memberId).max(64),
  /** Set by the last generation: the job is over at `step`. */
  over: z.boolean(),
});
export type Generation = z.infer<typeof generation>;
const standing = z.object({
  /** Steps applied to its weights; absent without weights. */
  applied: count.optional(),
  /** Whether it holds the whole gradient of step `applied`. */
  held: z.boolean(),
  /** Steps applied to the weights of its newest checkpoint. */
  kept: count.optional(),
});
/** What a voter knows of its own work, told with its promise. */
export type Standing = z.infer<typeof standing>;
/** How a member is, told to everybody again and again: what was lost on the way is made good by the next one. */
const beat = standing.extend({
  number: count,
  /** Has the weights that its generation begins with. */
  ready: z.boolean(),
  /** Wants into the job, or out of it. */
  wants: z.enum(['in', 'out']).optional(),
  /** The neighbour whose link failed in this generation; '' when it is not known which. */
  broken: z.string().max(80).optional(),
  /** Samples a second, as measured, 0 while it is not; shares follow it. */
  speed: z.number().min(0),
  /** Its loop is at work: its numbers for the step are still to come. */
  computes: z.boolean().optional(),
});
export type Beat = z.infer<typeof beat>;
/** A value that a voter accepted under a ballot. */
const accepted = z.object({ ballot, value: generation });

/** What members of a data-parallel job say to each other; engine/cluster/job/member.ts gives it meaning. */
export const jobMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('beat'), beat }),
  z.object({ type: z.literal('chosen'), value: generation }),
  z.object({ type: z.literal('prepare'), number: count, ballot }),
  z.object({
    type: z.literal('promise'),
    number: count,
    ballot,
    standing,
    accepted: accepted.optional(),
  }),
  z.object({ type: z.literal('accept'), ballot, value: generation }),
  /** A higher ballot was promised, or this one accepted. */
  z.object({ type: z.literal('accepted'), number: count, ballot }),
  z.object({ type: z.literal('refused'), number: count, promised: ballot }),
  /** All are ready: the ring of this generation begins. */
  z.object({ type: z.literal('go'), number: count }),
  /** Everybody holds the gradient of this step. */
  z.object({ type: z.literal('apply'), number: count, step: count }),
  /** Asks for the weights that a generation begins with. */
  z.object({ type: z.literal('fetch'), number: count }),
  /** The weights follow in frames, so many bytes. */
  z.object({ type: z.literal('state'), number: count, bytes: count }),
]);
export type JobMessage = z.infer<typeof jobMessage>;

/** The first frame of a pipe between trainers: what it is for. */
export const pipeHello = z.object({
  purpose: z.enum(['talk', 'ring']),
  /** Of a ring's pipe: the generation whose frames it carries. */
  generation: count.optional(),
});
