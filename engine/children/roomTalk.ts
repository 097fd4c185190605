// What a trainer and the thread that carries its place in the room say to each other. Types only.
import type { Place, TouchedTable, Turn } from '../cluster/index.ts';
import type { FaultBody, Generation, PeerAddress, RoomFigures, RoomWires } from '../schema/index.ts';

/** What a thread is started with. */
export interface ThreadStart {
  name: string;
  host: string;
  /** First and last port to try; 0 for any free one. */
  ports: readonly [number, number];
  wires: RoomWires;
  /** One number: the generation as the thread last saw it, for a loop that is far from its next word. */
  generation: SharedArrayBuffer;
}

export type Roster = [id: string, address: PeerAddress][];

/** How the ring stands, told with every turn. */
export interface RingStand {
  sent: number;
  received: number;
  generation: number;
  ring: RoomFigures['ring'];
  members: Generation['members'];
}

export type ToThread =
  /** Without a generation, the trainer asks to be let into the job that goes on. */
  | { type: 'begin'; roster: Roster; founding?: Generation }
  | { type: 'roster'; roster: Roster }
  /** Sum the first `length` numbers of the shared buffer; `buffer` when it is a new one. */
  | {
      type: 'sum';
      step: number;
      generation: number;
      length: number;
      exactFrom: number;
      speed: number;
      /** What is summed came of several steps. */
      round: boolean;
      tables: readonly TouchedTable[];
      buffer?: SharedArrayBuffer;
    }
  | { type: 'state'; step: number; state: Uint8Array }
  | { type: 'close' };

export type FromThread =
  | { type: 'open'; id: string; port: number }
  | { type: 'begun'; step: number; place: Place; state?: Uint8Array }
  /** The job ended without this trainer. */
  | { type: 'ended' }
  | { type: 'turn'; turn: Turn; stand: RingStand }
  /** Between turns, when it has changed. */
  | { type: 'stand'; stand: RingStand }
  /** Of the sum that was asked for; before any, of the thread itself. */
  | { type: 'fault'; fault: FaultBody }
  /** Somebody joins at this step and needs all that a member goes on with. */
  | { type: 'want'; step: number }
  | { type: 'refused'; who: string; fault: FaultBody }
  | { type: 'closed' };
