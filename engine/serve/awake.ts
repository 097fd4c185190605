// Keeps a process's event loop polling instead of sleeping while requests follow each other closely. Waking a sleeping
// (virtual) processor takes longer than a small prediction; four sleeps lie on the way of a request. Burns at most `lingerMs`
// of one core after a request, and nothing where requests are rare. (Linux has the same for sockets: busy polling.)

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

/** Starts asleep. */
export function createAwake({ lingerMs, withinMs }: AwakeOptions = awakeDefaults): Awake {
  let last = Number.NEGATIVE_INFINITY;
  let until = 0;
  let polling = false;
  // A pending immediate makes the loop look for events without waiting for one.
  const turn = () => {
    polling = performance.now() < until;
    if (polling) setImmediate(turn);
  };
  return {
    touch() {
      const now = performance.now();
      if (now - last <= withinMs) {
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
