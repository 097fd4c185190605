// Proposals by tree-structured Parzen estimators (Bergstra et al. 2011): values that are likelier among good trials than among the
// others. Pure: the same history and random stream give the same proposal.
import { must, type Rng } from '../base/index.ts';
import type { Hyper } from '../schema/index.ts';
import type { Dimension } from './spaces.ts';

export interface Seen {
  hyper: Hyper;
  /** Smaller is better. */
  loss: number;
}

/** Trials of a space before its history says more than chance. */
const leastSeen = 4;
const candidates = 24;
const redraws = 8;
const goodShare = 0.25;
/** Proposals that are drawn evenly whatever was seen, so that no corner of the space is given up (Falkner et al. 2018). */
const evenShare = 1 / 3;

/** A point of the space. */
export function propose(space: Readonly<Record<string, Dimension>>, seen: readonly Seen[], random: Rng): Hyper {
  const entries = Object.entries(space);
  const isOn = (hyper: Hyper, { when }: Dimension) => !when || hyper[when.name] === when.is;
  if (seen.length < leastSeen || random.next() < evenShare) {
    const drawn: Hyper = {};
    for (const [name, dimension] of entries) if (isOn(drawn, dimension)) drawn[name] = drawOf(dimension, random);
    return drawn;
  }
  const ranked = [...seen].sort((a, b) => a.loss - b.loss);
  const good = ranked.slice(0, Math.max(2, Math.ceil(seen.length * goodShare)));
  const bad = ranked.slice(good.length);
  const densities = new Map(
    entries.map(([name, dimension]) => [
      name,
      [good, bad].map((list) => parzen(dimension, valuesOf(list, name))) as [Density, Density],
    ]),
  );
  let best: { hyper: Hyper; gain: number } | undefined;
  for (let i = 0; i < candidates; i++) {
    const hyper: Hyper = {};
    let gain = 0;
    for (const [name, dimension] of entries) {
      if (!isOn(hyper, dimension)) continue;
      const [likely, unlikely] = must(densities.get(name), name);
      const value = likely.draw(random);
      hyper[name] = value;
      gain += Math.log(likely.density(value)) - Math.log(unlikely.density(value));
    }
    if (!best || gain > best.gain) best = { hyper, gain };
  }
  return best?.hyper ?? {};
}

type Point = string | number;

const valuesOf = (seen: readonly Seen[], name: string): Point[] =>
  seen.flatMap(({ hyper }) => {
    const value = hyper[name];
    return typeof value === 'number' || typeof value === 'string' ? [value] : [];
  });

function drawOf(dimension: Dimension, random: Rng): Point {
  if (dimension.kind === 'choice') return dimension.choices[random.int(dimension.choices.length)];
  return unscale(dimension, random.next());
}

type Scaled = Exclude<Dimension, { kind: 'choice' }>;

function scale({ range: [low, high], log }: Scaled, value: number): number {
  const place = log
    ? (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))
    : (value - low) / (high - low);
  return Math.min(1, Math.max(0, place));
}

function unscale({ range: [low, high], log, kind }: Scaled, place: number): number {
  const at = Math.min(1, Math.max(0, place));
  const value = log ? Math.exp(Math.log(low) + at * (Math.log(high) - Math.log(low))) : low + at * (high - low);
  const held = Math.min(high, Math.max(low, value));
  return kind === 'integer' ? Math.round(held) : Number(held.toPrecision(4));
}

interface Density {
  density(value: Point): number;
  draw(random: Rng): Point;
}

/** A density over a dimension: kernels at the values, and the flat prior as one more of them. */
function parzen(dimension: Dimension, values: readonly Point[]): Density {
  if (dimension.kind === 'choice') {
    const { choices } = dimension;
    const counts = choices.map((choice) => 1 + values.filter((value) => value === choice).length);
    const total = counts.reduce((a, b) => a + b, 0);
    return {
      density: (value: Point) => counts[choices.indexOf(value)] / total,
      draw(random: Rng): Point {
        let left = random.next() * total;
        const at = counts.findIndex((count) => (left -= count) < 0);
        return choices[at < 0 ? choices.length - 1 : at];
      },
    };
  }
  const places = values.map((value) => scale(dimension, Number(value)));
  const width = Math.max(0.05, 0.5 * (places.length + 1) ** -0.4);
  return {
    density(value: Point): number {
      const at = scale(dimension, Number(value));
      const sum = places.reduce((total, place) => total + Math.exp(-0.5 * ((at - place) / width) ** 2) / width, 0);
      return (1 + sum / Math.sqrt(2 * Math.PI)) / (places.length + 1);
    },
    draw(random: Rng): Point {
      const pick = random.int(places.length + 1);
      if (pick === places.length) return unscale(dimension, random.next());
      // Kernels end at the bounds: what is beyond is drawn again, or the bounds would be proposed over and over.
      for (let i = 0; i < redraws; i++) {
        const place = places[pick] + width * random.normal();
        if (place >= 0 && place <= 1) return unscale(dimension, place);
      }
      return unscale(dimension, places[pick]);
    },
  };
}
