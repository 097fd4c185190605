// How a run over several machines stands, from what its members tell: who does what, how fast, how well together. Says nothing to
// anybody.
import type { RoomFigures, RoomJob, RoomMemberView, RoomWires } from '../schema/index.ts';

type State = RoomMemberView['state'];

/** A machine in a run. */
export interface Entry {
  peer: string;
  name: string;
  state: State;
  why?: string;
  /** Its trainer's id in the ring. */
  trainer?: string;
  figures?: RoomFigures;
  data?: { bytes: number; of: number };
}

export interface RoomBook {
  readonly entries: Map<string, Entry>;
  state: RoomJob['state'];
  view(): RoomJob;
}

/** Time over which the pace is measured, ms. */
const paceMs = 5000;

/** A book with nobody in it. */
export function createRoomBook(
  about: Pick<RoomJob, 'id' | 'name' | 'dataset' | 'role' | 'leader' | 'reasons'> & { wires: RoomWires },
  now: () => number,
): RoomBook {
  const entries = new Map<string, Entry>();
  const startedAt = now();
  let endedAt: number | undefined;
  let state: RoomJob['state'] = 'gathering';
  let beganAt: number | undefined;
  let marks: { at: number; samples: number }[] = [];

  const all = () => [...entries.values()];
  const sum = (of: (figures: RoomFigures) => number) =>
    all().reduce((total, { figures }) => total + (figures ? of(figures) : 0), 0);
  /** Samples a second lately; over all of it once it is over. */
  function pace(samples: number): number {
    const at = endedAt ?? now();
    if (state !== 'over') {
      marks = marks.filter((mark) => at - mark.at < paceMs);
      marks.push({ at, samples });
    }
    const first = state === 'over' ? { at: beganAt ?? at, samples: 0 } : marks[0];
    return first && at > first.at ? ((samples - first.samples) / (at - first.at)) * 1000 : 0;
  }
  /** Time at their rows, of that and the time that they waited for each other, weighted by what each can do. */
  function efficiency(): number {
    const busy = sum((one) => one.speed * one.computeMs);
    const whole = sum((one) => one.speed * (one.computeMs + one.waitMs));
    return whole > 0 ? busy / whole : 0;
  }
  /** The ring as the member who knows it best sees it. */
  const newest = () =>
    all()
      .flatMap(({ figures }) => figures ?? [])
      .toSorted((a, b) => b.generation - a.generation)[0];

  return {
    entries,
    get state() {
      return state;
    },
    set state(next) {
      if (next === 'working') beganAt ??= now();
      if (next === 'over') endedAt ??= now();
      state = next;
    },
    view() {
      const ring = newest();
      const samples = sum((one) => one.samples);
      const { wires, reasons, ...known } = about;
      const met = all().flatMap(({ figures }) => figures?.every ?? []);
      const every = met.length > 0 ? Math.max(...met) : undefined;
      const why = all().flatMap(({ figures }) => figures?.why ?? [])[0];
      const shareOf = (trainer: string | undefined) => ring?.members.find((one) => one.id === trainer)?.share ?? 0;
      return {
        ...known,
        encoding: every ? wires.rounds : wires.encoding,
        ...(every === undefined ? {} : { every }),
        reasons: [...reasons, ...(why === undefined ? [] : [why])],
        state,
        members: all().map(({ peer, name, state: own, why, trainer, figures, data }) => ({
          peer,
          name,
          state: own,
          ...(why === undefined ? {} : { why }),
          share: own === 'working' ? shareOf(trainer) : 0,
          speed: figures?.speed ?? 0,
          samples: figures?.samples ?? 0,
          sent: figures?.sent ?? 0,
          received: figures?.received ?? 0,
          ...(data ? { data } : {}),
        })),
        steps: Math.max(0, ...all().map(({ figures }) => figures?.steps ?? 0)),
        samples,
        samplesPerSecond: pace(samples),
        efficiency: efficiency(),
        bytes: sum((one) => one.sent),
        dataBytes: all().reduce((total, { data }) => total + (data?.bytes ?? 0), 0),
        checks: Math.max(0, ...all().map(({ figures }) => figures?.checks ?? 0)),
        generation: ring?.generation ?? 0,
        startedAt,
        ...(endedAt === undefined ? {} : { endedAt }),
      };
    },
  };
}
