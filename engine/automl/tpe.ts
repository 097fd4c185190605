// Proposals by tree-structured Parzen estimators (Bergstra et al. 2011): values that are likelier among good trials than among the
// others. Pure: the same history and random stream give the same proposal.
import { must, type Rng } from '../base/index.ts';
import type { Hyper } from '../schema/index.ts';
import type { Dimension } from './spaces.ts';

export interface Seen {
  hyper: Hyper;
  /** Smaller is better. */
  loss: number;
  /** Of one fold, ms, where time counts. */
  cost?: number;
}

/** Trials of a space before its history says more than chance. */
const leastSeen = 4;
const candidates = 24;
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
  const dearness = dearnessOf(space, seen);
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
    gain -= thrift * dearness(hyper);
    if (!best || gain > best.gain) best = { hyper, gain };
  }
  return best?.hyper ?? {};
}

/** What a proposal that takes e times as long must be likelier by, as a power of e. */
const thrift = Number(process.env['THRIFT'] ?? 0.5);
/** Distance, as a share of an axis, over which costs are held to be alike. */
const alike = 0.2;

/** The logarithm of what a fold of a configuration is likely to take: that of those seen, the nearer the more; 0 where nothing is known. */
function dearnessOf(space: Readonly<Record<string, Dimension>>, seen: readonly Seen[]): (hyper: Hyper) => number {
  const known = seen.flatMap(({ hyper, cost }) => (cost === undefined ? [] : [{ hyper, log: Math.log(1 + cost) }]));
  if (known.length === 0) return () => 0;
  const entries = Object.entries(space);
  const far = (a: Hyper, b: Hyper) =>
    entries.reduce((sum, [name, dimension]) => {
      const [one, other] = [a[name], b[name]];
      if (one === undefined || other === undefined || dimension.kind === 'choice')
        return sum + Number(one !== other) / 4;
      return sum + (scale(dimension, Number(one)) - scale(dimension, Number(other))) ** 2;
    }, 0);
  return (hyper) => {
    let [sum, total] = [0, 0];
    for (const { hyper: other, log } of known) {
      const weight = Math.exp(-far(hyper, other) / (2 * alike * alike)) + 1e-6;
      sum += weight * log;
      total += weight;
    }
    return sum / total;
  };
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
      return unscale(dimension, places[pick] + width * random.normal());
    },
  };
}
