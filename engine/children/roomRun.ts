// A run's training together with other machines: opens this trainer's place in the room, meets the others when its appliance says
// so, and goes on from a neighbour's state where they went on without it.
import { Fault, type FromTrainer, type RoomOrder, type ToTrainer } from '../schema/index.ts';
import {
  decodeCheckpoint,
  encodeCheckpoint,
  Moved,
  type RunHooks,
  type RunJob,
  type RunResult,
  type RunState,
  runTraining,
} from '../train/index.ts';
import { openRoomMember } from './roomMember.ts';

type Meeting = Extract<ToTrainer, { type: 'room' }>;

/** The trainer's channel to its appliance, as far as the room goes. */
export interface RoomChannel {
  send(message: Extract<FromTrainer, { type: 'roomOpen' | 'roomFigures' }>): void;
  /** Resolves when the appliance has told who the others are. */
  meeting: Promise<Meeting>;
  /** Hears of those who come and go later. */
  onRoster(hear: (roster: Meeting['roster']) => void): void;
}

/** Between two tellings of how it goes, ms. */
const tellEveryMs = 500;

/** `runTraining` over the room. Throws `cancelled` when the others ended without this trainer. */
export async function runTogether(
  order: RoomOrder,
  channel: RoomChannel,
  job: RunJob,
  hooks: RunHooks,
  from?: RunState,
): Promise<RunResult> {
  const { host, ports, wires } = order;
  const member = await openRoomMember<RunState>({ name: 'trainer', host, ports, wires }, { encode: stateBytes });
  channel.send({ type: 'roomOpen', id: member.id, port: member.port });
  const { roster, founding } = await channel.meeting;
  channel.onRoster((others) => member.setRoster(others));
  const begun = await member.begin(roster, founding);
  if (!begun) throw new Fault('cancelled', 'the run ended before this machine could take part');
  const tell = () => channel.send({ type: 'roomFigures', figures: member.figures() });
  // Until the process ends: who waits for the others tells so, too.
  setInterval(tell, tellEveryMs).unref();
  const ended = (state: RunState) => member.rest(() => Promise.resolve(state));
  let position = begun.state ? readState(begun.state) : from;
  for (;;) {
    try {
      const result = await runTraining({ ...job, averager: begun.averager }, { ...hooks, ended }, position);
      tell();
      return result;
    } catch (error) {
      if (!(error instanceof Moved)) throw error;
      position = readState(error.state);
    }
  }
}

/** A position as one run of bytes: the length of its JSON, the JSON, the tensors. */
export function stateBytes(state: RunState): Uint8Array {
  const files = encodeCheckpoint(state);
  const plain = files['state.json'];
  const tensors = files['tensors.safetensors'];
  const bytes = new Uint8Array(8 + plain.byteLength + tensors.byteLength);
  new DataView(bytes.buffer).setUint32(0, plain.byteLength, true);
  bytes.set(plain, 8);
  bytes.set(tensors, 8 + plain.byteLength);
  return bytes;
}

/** Fault `bad_input` for bytes that are no position. */
export function readState(bytes: Uint8Array): RunState {
  try {
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    // Copies, for tensors must begin where their numbers may.
    return decodeCheckpoint({
      'state.json': bytes.slice(8, 8 + length),
      'tensors.safetensors': bytes.slice(8 + length),
    });
  } catch (error) {
    throw new Fault('bad_input', 'a neighbour sent a state that cannot be read', undefined, error);
  }
}
