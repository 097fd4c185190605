// Seeded random numbers: the same seed and labels give the same sequence on every machine.
// sfc32 (Chris Doty-Humphrey, PractRand) seeded through a 32-bit FNV-1a of the labels. Never for secrets.

export interface Rng {
  /** Uniform in [0, 1) with 32 bits. */
  next(): number;
  /** Uniform integer in [0, n), 1 ≤ n ≤ 2^32. */
  int(n: number): number;
  /** Standard normal (Box–Muller). */
  normal(): number;
  /** In-place Fisher–Yates; returns its argument. */
  shuffle<T extends { length: number; [i: number]: unknown }>(items: T): T;
}

function fnv1a(text: string, hash: number): number {
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** A stream named by a seed and any number of labels, e.g. `rng(seed, 'split')`; different labels are independent. */
export function rng(seed: number, ...labels: (string | number)[]): Rng {
  const name = [seed, ...labels].join('\u0000');
  let a = fnv1a(name, 0x811c9dc5);
  let b = fnv1a(name, 0x9e3779b9);
  let c = fnv1a(name, 0x85ebca6b);
  let counter = 1;
  const bits = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 15; i++) bits();
  let spare: number | undefined;
  const self: Rng = {
    next: () => bits() / 4294967296,
    int: (n) => Math.floor((bits() / 4294967296) * n),
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log((bits() + 1) / 4294967297));
      const angle = 2 * Math.PI * self.next();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = self.int(i + 1);
        const held = items[i];
        (items as { [i: number]: unknown })[i] = items[j];
        (items as { [i: number]: unknown })[j] = held;
      }
      return items;
    },
  };
  return self;
}
