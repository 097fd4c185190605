// Keeps a process's event loop polling instead of sleeping while requests follow each other closely. Waking a sleeping
// (virtual) processor takes longer than a small prediction; four sleeps lie on the way of a request. Burns at most `lingerMs`
// of one core after a request, and nothing where requests are rare, cores are few or others want this one: then polling would
// stand in the way of the very processes that it waits for. (Linux has the same for sockets: busy polling.)
import { availableParallelism } from 'node:os';

export interface Awake {
  /** A request came or went. */
  touch(): void;
}

export interface AwakeOptions {
  /** How long to poll after each touch, ms. */
  lingerMs: number;
  /** Only touches that follow the last one within this time, ms, start polling. */
  withinMs: number;
}

export const awakeDefaults: AwakeOptions = { lingerMs: 2, withinMs: 10 };

/** Client, appliance and host each want a core, and one must be left. */
const leastCores = 4;
/** How often the competition for this core is looked at, and how long polling then rests, ms. */
const lookMs = 20;
const restMs = 1000;
/** Times in `lookMs` that the system took the core away, beyond which somebody else needs it. */
const mostSwitches = 1;

/** Starts asleep. */
export function createAwake({ lingerMs, withinMs }: AwakeOptions = awakeDefaults): Awake {
  let last = Number.NEGATIVE_INFINITY;
  let until = 0;
  let polling = false;
  let lookedAt = 0;
  let switches = 0;
  let restUntil = availableParallelism() < leastCores ? Number.POSITIVE_INFINITY : 0;
  const look = (now: number) => {
    const { involuntaryContextSwitches } = process.resourceUsage();
    if (now - lookedAt < 2 * lookMs && involuntaryContextSwitches - switches > mostSwitches) restUntil = now + restMs;
    lookedAt = now;
    switches = involuntaryContextSwitches;
  };
  // A pending immediate makes the loop look for events without waiting for one.
  const turn = () => {
    const now = performance.now();
    if (now - lookedAt >= lookMs) look(now);
    polling = now < until && now >= restUntil;
    if (polling) setImmediate(turn);
  };
  return {
    touch() {
      const now = performance.now();
      if (now - last <= withinMs && now >= restUntil) {
        until = now + lingerMs;
        if (!polling) {
          polling = true;
          setImmediate(turn);
        }
      }
      last = now;
    },
  };
}
