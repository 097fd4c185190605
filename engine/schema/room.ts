// Runs over several machines: what their appliances say to each other about one, how it stands, and what people see of it.
import { z } from 'zod';
import { generation, memberId, peerAddress } from './cluster.ts';
import { datasetShape } from './columns.ts';
import { errorCodes } from './errors.ts';
import { trainRequest } from './plan.ts';

const runId = z.string().min(1).max(80);
const amount = z.number().min(0);
const whole = z.number().int().min(0);

/** How a trainer has fared in its job so far. */
export const roomFigures = z.object({
  /** Rows of the steps that were taken, and steps. */
  samples: whole,
  steps: whole,
  /** Time at its own rows, and time that it waited for the sum, ms. */
  computeMs: amount,
  waitMs: amount,
  /** Rows that `computeMs` is for. */
  computedRows: whole,
  /** Samples a second while it computes. */
  speed: amount,
  /** Times at which all members compared their weights and found them equal. */
  checks: whole,
  /** Steps between two meetings, 0 where every step is one; and why, from the member who decided. */
  every: whole.optional(),
  why: z.string().max(1000).optional(),
  /** Bytes over the trainers' pipes. */
  sent: whole,
  received: whole,
  generation: whole,
  /** Whether its ring works, or waits: for others, for their state, or as a minority for its links to heal. */
  ring: z.enum(['outside', 'waiting', 'working', 'over']).default('outside'),
  members: z.array(z.object({ id: memberId, share: z.number().min(0).max(1) })).max(64),
});
export type RoomFigures = z.infer<typeof roomFigures>;

/** A dataset or a pretrained model that a run needs: its pack as it lies on the sender's disk, and the key to it. */
export const roomObject = z.object({
  role: z.enum(['dataset', 'test', 'base']),
  id: z.string().regex(/^[a-z]+_[0-9A-Za-z]{1,60}$/, 'not an object’s id'),
  /** Of the file. */
  bytes: whole,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Data key, base64. */
  key: z.string().max(64),
  /** Of a dataset. */
  dataset: z
    .object({
      id: z.string().max(80),
      name: z.string().max(200),
      sha256: z.string().max(80),
      version: z.number().int().optional(),
      shape: datasetShape,
    })
    .optional(),
});
export type RoomObject = z.infer<typeof roomObject>;

/** Numbers in which gradients travel. */
export const roomEncoding = z.enum(['fp32', 'fp16', 'int8']);
export type RoomEncoding = z.infer<typeof roomEncoding>;

/** What travels between members: gradients of every step, and changes of whole rounds, whose rounding is made up for later. */
export interface RoomWires {
  encoding: RoomEncoding;
  rounds: RoomEncoding;
}
/** The numbers that a request asks for. */
export const wiresOf = ({ wire }: { wire?: RoomEncoding | undefined }): RoomWires => ({
  encoding: wire ?? 'fp32',
  rounds: wire ?? 'int8',
});

const roster = z.array(z.tuple([memberId, peerAddress])).max(64);
const sayable = z.object({ code: z.enum(errorCodes), message: z.string().max(2000) });

/** What two appliances say about a run that one of them leads; engine/cluster/PROTOCOL.md says when. */
export const roomWord = z.discriminatedUnion('say', [
  z.object({
    say: z.literal('invite'),
    job: runId,
    name: z.string().max(200),
    request: trainRequest,
    /** None where the receiver has rows of its own: then what those must look like. */
    objects: z.array(roomObject).max(3),
    federated: z
      .object({
        dataset: z.string().max(200),
        columns: z.array(z.object({ name: z.string(), type: z.string().max(20) })).max(20_000),
      })
      .optional(),
  }),
  /** The receiver has all that it needs and starts its trainer; before that, how much of the packs it holds. */
  z.object({ say: z.literal('got'), job: runId, bytes: whole, of: whole }),
  /** Asks for a piece of an object: `bytes` from `at`, as a frame whose bucket is `tag` and whose chunk is `piece`. */
  z.object({
    say: z.literal('pull'),
    job: runId,
    object: z.string().max(80),
    at: whole,
    bytes: z
      .number()
      .int()
      .min(1)
      .max(1024 * 1024),
    tag: z
      .number()
      .int()
      .min(0)
      .max(2 ** 32 - 1),
    piece: z
      .number()
      .int()
      .min(0)
      .max(2 ** 32 - 1),
  }),
  /** A trainer stands ready and listens there. */
  z.object({
    say: z.literal('ready'),
    job: runId,
    trainer: memberId,
    port: z.number().int().min(1).max(65_535),
    /** Its ring went on without the leader's machine, which is to join it. */
    goes: z.boolean().optional(),
  }),
  /** The ring begins, or goes on and takes the receiver in. The sender's own host is '': where the receiver reaches it. */
  z.object({
    say: z.literal('begin'),
    job: runId,
    roster: z.array(z.tuple([memberId, peerAddress])).max(64),
    founding: generation.optional(),
  }),
  z.object({ say: z.literal('roster'), job: runId, roster }),
  z.object({ say: z.literal('figures'), job: runId, figures: roomFigures }),
  /** From the leader: the run is over. From a member: it takes no part, or no more, and why. */
  z.object({ say: z.literal('over'), job: runId, fault: sayable.optional() }),
]);
export type RoomWord = z.infer<typeof roomWord>;

/** A machine in a run, as people see it. */
export const roomMember = z.object({
  /** Node id of the machine, and its name. */
  peer: z.string(),
  name: z.string(),
  state: z.enum(['invited', 'sending', 'preparing', 'ready', 'working', 'left', 'refused']),
  /** Why it left or refused. */
  why: z.string().optional(),
  /** Part of each batch, 0 to 1. */
  share: z.number(),
  /** Samples a second while it computes. */
  speed: z.number(),
  samples: z.number().int(),
  sent: z.number().int(),
  received: z.number().int(),
  /** Of the packs that it is sent: bytes that it holds, and all. */
  data: z.object({ bytes: z.number(), of: z.number() }).optional(),
});
export type RoomMemberView = z.infer<typeof roomMember>;

/** A run over several machines: who does what, and how well together. */
export const roomJob = z.object({
  /** Id of the run at the machine that leads it. */
  id: z.string(),
  name: z.string(),
  dataset: z.string(),
  /** Whether this machine leads it or helps. */
  role: z.enum(['leads', 'helps']),
  leader: z.object({ peer: z.string(), name: z.string() }),
  state: z.enum(['gathering', 'working', 'waiting', 'over']),
  encoding: roomEncoding,
  /** Steps between two meetings of the members; 0 where every step is one. Left out until it is known. */
  every: z.number().int().optional(),
  /** Why it is done this way, one sentence each. */
  reasons: z.array(z.string()),
  members: z.array(roomMember),
  steps: z.number().int(),
  /** Of all members, in steps that were taken. */
  samples: z.number().int(),
  samplesPerSecond: z.number(),
  /** What was computed together, of what the members compute without ever waiting for each other: 0 to 1. */
  efficiency: z.number(),
  /** Bytes between trainers, counted where they were sent; and of datasets to peers. */
  bytes: z.number(),
  dataBytes: z.number(),
  /** Times at which all members' weights were compared and found equal. */
  checks: z.number().int(),
  /** How often members changed or shares were evened out. */
  generation: z.number().int(),
  startedAt: z.number(),
  endedAt: z.number().optional(),
});
export type RoomJob = z.infer<typeof roomJob>;
