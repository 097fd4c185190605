// A user's own space: the families that it names and no others, and of each what the user lets be set. What is not named is as it is
// without a user's space.
import { Fault, type Hyper, type SearchSpace, type Tried } from '../schema/index.ts';
import { settle } from './learner.ts';
import type { Dimension, Space } from './spaces.ts';

/** The spaces that suit the rows, narrowed. Fault `bad_request` naming what is not there, does not suit, or is out of range. */
export function narrowed(spaces: readonly Space[], asked: SearchSpace): Space[] {
  if (Object.keys(asked).length === 0) throw new Fault('bad_request', 'the space names no family');
  return Object.entries(asked).map(([name, values]) => {
    const space = spaces.find(({ family }) => family === name);
    if (!space) {
      const known = spaces.map(({ family }) => family).join(', ');
      throw new Fault(
        'bad_request',
        `the space names ${name}, which a search on these columns does not try; it tries ${known}`,
      );
    }
    const own = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, dimensionOf(name, key, value)]));
    const starts = space.starts.map((start) => within(settledBy(space, start), start, own));
    const shown = starts.map((start) => JSON.stringify(start));
    return {
      ...space,
      dimensions: { ...space.dimensions, ...own },
      starts: starts.filter((_, i) => shown.indexOf(shown[i]) === i),
    };
  });

  function dimensionOf(family: string, key: string, value: Tried): Dimension {
    const space = spaces.find((one) => one.family === family);
    const check = (of: string | number) => {
      if (space) settle(space.family, { [key]: of });
    };
    if (typeof value === 'object' && !Array.isArray(value)) {
      const { from, to, log, whole } = value;
      if (!(from < to)) throw new Fault('bad_request', `${family}.${key}: "from" must be below "to"`);
      if (log && from <= 0) throw new Fault('bad_request', `${family}.${key}: a logarithmic range begins above 0`);
      check(from);
      check(to);
      const isWhole = whole ?? space?.dimensions[key]?.kind === 'integer';
      return { kind: isWhole ? 'integer' : 'number', range: [from, to], ...(log ? { log } : {}) };
    }
    const choices = Array.isArray(value) ? value : [value];
    for (const one of choices) check(one);
    return { kind: 'choice', choices };
  }
}

const settledBy = ({ family }: Space, start: Hyper): Hyper => settle(family, start);

/** A starting point with the asked dimensions inside their bounds: what it says, or what the family does by itself, else the nearest. */
function within(settled: Hyper, start: Hyper, own: Readonly<Record<string, Dimension>>): Hyper {
  const moved = Object.entries(own).map(([key, dimension]) => {
    const value = settled[key];
    if (dimension.kind === 'choice') {
      const isOne = dimension.choices.some((choice) => choice === value);
      return [key, isOne && value !== undefined ? value : dimension.choices[0]] as const;
    }
    const [low, high] = dimension.range;
    const near = Math.min(high, Math.max(low, typeof value === 'number' ? value : low));
    return [key, dimension.kind === 'integer' ? Math.round(near) : near] as const;
  });
  return { ...start, ...Object.fromEntries(moved) };
}
