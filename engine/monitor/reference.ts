// What a model was trained on, as far as drift needs it: samples of each column and of the predictions. And the comparison
// of a window of live rows with it.
import { type Rng, rng } from '../base/index.ts';
import type { Column, DriftFigure } from '../schema/index.ts';
import { dimensions, embed } from './embed.ts';
import { binCounts, chiSquare, kolmogorovSmirnov, quantileEdges, stabilityIndex, upperGamma } from './figures.ts';

export type FigureKind = 'number' | 'category' | 'text';

/** One thing that is compared: its name and how its values are read. */
export interface Subject {
  name: string;
  kind: FigureKind;
}

/** Values of one subject: numbers (dates as ms), or texts and categories; null where missing. */
export type Values = (number | string | null)[];

export interface Comparer {
  readonly subject: Subject;
  compare(values: Values): Omit<DriftFigure, 'name' | 'drifted'>;
}

/** Chance that a window of unchanged data is said to have drifted; divided among its figures. */
const falseAlarms = 0.01;
/** A difference that is certain and small is no drift. */
const leastIndex = 0.1;
/** Splits of the reference by which the distance of unchanged texts is learnt. */
const splits = 200;

/**
 * Compares with what is known of a training column when its rows are not here: quartiles of numbers, and values whose counts
 * are all known. Undefined where that says too little.
 */
export function figuresComparer(subject: Subject, column: Column, rows: number): Comparer | undefined {
  const present = rows - column.missing;
  if (present < 50) return undefined;
  if (subject.kind === 'category') {
    if (!column.top || column.top.length < column.distinct) return undefined;
    const values: Values = column.top.flatMap(({ value, count }) => Array.from({ length: count }, () => value));
    return categories(subject, [...values, ...Array.from({ length: column.missing }, () => null)]);
  }
  const edges = column.quantiles?.slice(1, 4) ?? [];
  // Where quartiles fall together, the shares between them are not a quarter each.
  if (subject.kind !== 'number' || edges.length < 3 || new Set([...edges, column.min, column.max]).size < 5)
    return undefined;
  const quarter = Math.round(present / 4);
  const held = [quarter, quarter, quarter, quarter, column.missing];
  return {
    subject,
    compare(values) {
      const numbers = values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
      const given = [...binCounts(numbers, edges), values.length - numbers.length];
      return { psi: stabilityIndex(held, given), test: 'chi2', ...chiSquare(held, given) };
    },
  };
}

/** Compares windows with the reference values of a subject. */
export function createComparer(subject: Subject, reference: Values, seed = 1): Comparer {
  if (subject.kind === 'number') return numbers(subject, reference);
  if (subject.kind === 'category') return categories(subject, reference);
  return texts(subject, reference, rng(seed, 'drift', subject.name));
}

/** The figures of a window, and whether it drifted: some figure is both surely and notably different. */
export function compareAll(comparers: readonly Comparer[], values: ReadonlyMap<string, Values>): DriftFigure[] {
  const bound = falseAlarms / Math.max(1, comparers.length);
  return comparers.map((comparer) => {
    const { subject } = comparer;
    const figure = comparer.compare(values.get(subject.name) ?? []);
    // Texts may say other things at the same length, so that their index, of lengths, decides nothing.
    const notable = figure.test === 'embedding' || figure.psi > leastIndex;
    return { name: subject.name, ...figure, drifted: figure.p < bound && notable };
  });
}

function numbers(subject: Subject, reference: Values): Comparer {
  const split = (values: Values) => {
    const present = Float64Array.from(
      values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value)),
    ).sort();
    return { present, missing: values.length - present.length };
  };
  const held = split(reference);
  const edges = quantileEdges(held.present);
  const heldBins = [...binCounts(held.present, edges), held.missing];
  return {
    subject,
    compare(values) {
      const { present, missing } = split(values);
      const ks = kolmogorovSmirnov(held.present, present);
      // A column that went missing changes no distribution of the values that are there.
      const gaps = chiSquare([held.missing, held.present.length], [missing, present.length]);
      const p = Math.min(1, 2 * Math.min(present.length > 0 && held.present.length > 0 ? ks.p : 1, gaps.p));
      return {
        psi: stabilityIndex(heldBins, [...binCounts(present, edges), missing]),
        test: 'ks',
        statistic: ks.statistic,
        p,
      };
    },
  };
}

function categories(subject: Subject, reference: Values): Comparer {
  const count = (values: Values) => {
    const counts = new Map<string, number>();
    for (const value of values) counts.set(String(value ?? ''), (counts.get(String(value ?? '')) ?? 0) + 1);
    return counts;
  };
  const held = count(reference);
  return {
    subject,
    compare(values) {
      const given = count(values);
      const names = [...held.keys()];
      const unseen = [...given].reduce((sum, [name, n]) => sum + (held.has(name) ? 0 : n), 0);
      const a = [...names.map((name) => held.get(name) ?? 0), 0];
      const b = [...names.map((name) => given.get(name) ?? 0), unseen];
      const { statistic, p } = chiSquare(a, b);
      // Rare values together, or each would add its noise to the index.
      const least = reference.length / 200;
      const pool = (counts: number[]) => {
        const rare = counts.filter((_, i) => a[i] < least).reduce((sum, n) => sum + n, 0);
        return [...counts.filter((_, i) => a[i] >= least), rare];
      };
      return { psi: stabilityIndex(pool(a), pool(b)), test: 'chi2', statistic, p };
    },
  };
}

function texts(subject: Subject, reference: Values, random: Rng): Comparer {
  const vectors = reference.map((value) => embed(typeof value === 'string' ? value : ''));
  const lengths = (values: Values) => Float64Array.from(values, (value) => String(value ?? '').length).sort();
  const heldLengths = lengths(reference);
  const edges = quantileEdges(heldLengths);
  const heldBins = binCounts(heldLengths, edges);
  const whole = mean(vectors);
  const null_ = nullDistances(vectors, random);
  return {
    subject,
    compare(values) {
      const given = values.map((value) => embed(typeof value === 'string' ? value : ''));
      const psi = stabilityIndex(heldBins, binCounts(lengths(values), edges));
      if (given.length === 0 || vectors.length < 20) return { psi, test: 'embedding', statistic: 0, p: 1 };
      // Squared distance of means, in units of what two samples of these sizes differ by.
      const scaled = squared(mean(given), whole) / (1 / given.length + 1 / vectors.length);
      return {
        psi,
        test: 'embedding',
        statistic: Math.sqrt(squared(mean(given), whole)),
        p: upperGamma(null_.shape, scaled / null_.scale),
      };
    },
  };
}

/** A gamma distribution of the scaled squared distance between halves of the reference, by its moments. */
function nullDistances(vectors: Float32Array[], random: Rng): { shape: number; scale: number } {
  const half = Math.floor(vectors.length / 2);
  if (half < 10) return { shape: 1, scale: 1 };
  const order = vectors.map((_, i) => i);
  const found: number[] = [];
  for (let s = 0; s < splits; s++) {
    random.shuffle(order);
    const distance = squared(
      mean(order.slice(0, half).map((i) => vectors[i])),
      mean(order.slice(half).map((i) => vectors[i])),
    );
    found.push(distance / (1 / half + 1 / (vectors.length - half)));
  }
  const average = found.reduce((sum, value) => sum + value, 0) / splits;
  const variance = found.reduce((sum, value) => sum + (value - average) ** 2, 0) / (splits - 1);
  return { shape: average ** 2 / (variance || 1e-12), scale: variance / (average || 1e-12) || 1e-12 };
}

function mean(vectors: readonly Float32Array[]): Float64Array {
  const sum = new Float64Array(dimensions);
  for (const vector of vectors) for (let i = 0; i < dimensions; i++) sum[i] += vector[i];
  return sum.map((value) => value / Math.max(1, vectors.length));
}

const squared = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0);
