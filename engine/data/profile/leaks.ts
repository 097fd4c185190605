// Columns that give the target away. Each column alone is fitted on one half of the rows and scored on the other, both ways
// round; only what is near-perfect on rows that it was not fitted on, with enough of them to be sure, is called a leak. Honest
// strong columns (a petal's length, a tumour's size) stay below the line or are called strong.
import type { Leak } from '../../schema/index.ts';
import { rng } from '../../base/index.ts';
import type { DatasetReader } from '../reader.ts';
import { readTarget, type TargetRows } from '../targetRows.ts';
import { looseText } from './hash.ts';

export interface LeakOptions {
  /** Rows looked at, spread evenly. */
  most?: number;
  /** Columns that are left out of training anyway. */
  ignore?: readonly string[];
}

/** Reports columns that predict the target suspiciously well, surest first. Faults of `readTarget`. */
export function findLeaks(
  reader: DatasetReader,
  target?: string,
  { most = 40_000, ignore = [] }: LeakOptions = {},
): Leak[] {
  return leaksOf(reader, readTarget(reader, target), { most, ignore });
}

/** The same with a target that was read before. */
export function leaksOf(
  reader: DatasetReader,
  target: TargetRows,
  { most = 40_000, ignore = [] }: LeakOptions = {},
): Leak[] {
  const known: number[] = [];
  for (let row = 0; row < reader.rows; row++) {
    const label = target.labels ? target.labels[row] : target.targets?.[row];
    if (label !== undefined && !(target.labels ? label < 0 : Number.isNaN(label))) known.push(row);
  }
  if (known.length < 20) return [];
  const step = Math.max(1, known.length / most);
  const rows = Array.from({ length: Math.min(known.length, most) }, (_, i) => known[Math.floor(i * step)]);
  rng(0, 'leaks').shuffle(rows);
  const truth = target.labels
    ? { labels: Int32Array.from(rows, (row) => target.labels?.[row] ?? -1), classes: target.classes }
    : { targets: Float64Array.from(rows, (row) => target.targets?.[row] ?? 0) };
  const found: Leak[] = [];
  for (const { name, type } of reader.shape.columns) {
    if (name === target.column || ignore.includes(name) || type === 'identifier') continue;
    const leak = examine(reader, name, type, rows, truth);
    if (leak) found.push(leak);
  }
  return found.sort((a, b) => (a.level === b.level ? b.score - a.score : a.level === 'leak' ? -1 : 1));
}

type Truth =
  | { labels: Int32Array; classes: readonly string[]; targets?: undefined }
  | { targets: Float64Array; labels?: undefined };

function examine(
  reader: DatasetReader,
  name: string,
  type: string,
  rows: readonly number[],
  truth: Truth,
): Leak | undefined {
  const feature = featureOf(reader, name, type, rows);
  if (!feature) return undefined;
  const scored = truth.labels
    ? scoreClasses(feature, truth.labels, truth.classes)
    : scoreTargets(feature, truth.targets);
  if (!scored) return undefined;
  const { score, level, why } = scored;
  const percent = (share: number) => `${Math.floor(share * 1000) / 10} %`;
  const quoted = JSON.stringify(name);
  const messages: Record<Leak['why'], string> = {
    copy: `${quoted} is the target in another unit or with a little noise: alone it explains ${percent(score)} of it. Leave it out unless it is known before the target is.`,
    mapping: `${quoted} stands one to one for the target: each of its values goes with one class. Leave it out: a model would only look the answer up.`,
    missing: `${quoted} is filled in or missing depending on the target: that alone predicts it. It is probably recorded afterwards; leave it out.`,
    values: `${quoted} alone predicts ${percent(score)} of what the most frequent answer gets wrong, on rows that it was not fitted on. It is probably a result of the target; leave it out unless it is known before.`,
    text: `${quoted} says the target in its words. Leave it out, or take the words away.`,
  };
  const strong = `${quoted} alone takes away ${percent(score)} of the error. Make sure that it is known at the time of a prediction.`;
  return { column: name, level, score, rows: rows.length, why, message: level === 'leak' ? messages[why] : strong };
}

/** A column as the single predictors take it. */
type Feature =
  | { kind: 'number'; values: Float64Array }
  | { kind: 'code'; codes: Int32Array; count: number }
  | { kind: 'text'; texts: (string | null)[] };

function featureOf(reader: DatasetReader, name: string, type: string, rows: readonly number[]): Feature | undefined {
  if (type === 'number' || type === 'date') {
    const all = reader.numbers(name);
    return { kind: 'number', values: Float64Array.from(rows, (row) => all[row]) };
  }
  if (type === 'category' || type === 'boolean') {
    const { codes, values } = reader.codes(name);
    return { kind: 'code', codes: Int32Array.from(rows, (row) => codes[row]), count: values.length + 1 };
  }
  if (type !== 'text') return undefined;
  const wanted = new Map(rows.map((row, i) => [row, i]));
  const texts: (string | null)[] = Array.from({ length: rows.length }, () => null);
  let row = 0;
  for (const size of reader.groups) {
    for (const text of reader.texts(name, row, row + size)) {
      const place = wanted.get(row++);
      if (place !== undefined) texts[place] = text?.slice(0, 500) ?? null;
    }
  }
  return { kind: 'text', texts };
}

interface Scored {
  score: number;
  level: Leak['level'];
  why: Leak['why'];
}

/** Lower end of Wilson's interval (95 %) for `right` of `count`. */
function wilson(right: number, count: number): number {
  const z = 1.96;
  const p = right / count;
  const centre = p + (z * z) / (2 * count);
  const spread = z * Math.sqrt((p * (1 - p)) / count + (z * z) / (4 * count * count));
  return (centre - spread) / (1 + (z * z) / count);
}

const mostBins = 512;

/** Bins of a feature by the values of the fitting half: a bin a value where they are few, else by quantile; 0 is missing. */
function binsOf(
  feature: Feature,
  fit: (row: number) => boolean,
  size: number,
): { bins: Int32Array; count: number; few: boolean } {
  if (feature.kind === 'code') return { bins: feature.codes, count: feature.count, few: feature.count <= 200 };
  if (feature.kind === 'text') throw new TypeError('texts have no bins');
  const { values } = feature;
  const own = values.filter((value, row) => fit(row) && !Number.isNaN(value)).sort();
  const edges: number[] = [];
  for (let i = 1; i < mostBins; i++) {
    const at = Math.floor((own.length * i) / mostBins);
    const edge = own.length > 0 ? (own[at] + own[Math.max(0, at - 1)]) / 2 : 0;
    if (own.length > 0 && edge > (edges.at(-1) ?? Number.NEGATIVE_INFINITY)) edges.push(edge);
  }
  const different = new Set(own.subarray(0, Math.min(own.length, 5000))).size;
  const bins = new Int32Array(size);
  for (let row = 0; row < size; row++) {
    const value = values[row];
    if (Number.isNaN(value)) continue;
    let [low, high] = [0, edges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value < edges[middle]) high = middle;
      else low = middle + 1;
    }
    bins[row] = low + 1;
  }
  return { bins, count: edges.length + 2, few: different <= 60 };
}

function scoreClasses(feature: Feature, labels: Int32Array, classes: readonly string[]): Scored | undefined {
  const count = labels.length;
  const totals = Array.from({ length: classes.length }, () => 0);
  for (const label of labels) totals[label]++;
  const majority = Math.max(...totals) / count;
  if (majority === 1) return undefined;
  if (feature.kind === 'text') return scoreText(feature.texts, labels, classes, majority);
  let right = 0;
  let [mapped, missingRight] = [true, 0];
  const perClass = Array.from({ length: classes.length }, () => 0);
  for (const half of [0, 1]) {
    const { bins, count: kinds, few } = binsOf(feature, (row) => row % 2 === half, count);
    mapped &&= few;
    const table = new Uint32Array(kinds * classes.length);
    for (let row = half; row < count; row += 2) table[bins[row] * classes.length + labels[row]]++;
    const overall = totals.indexOf(Math.max(...totals));
    const best = Int32Array.from({ length: kinds }, (_, bin) => {
      let [winner, most] = [overall, 0];
      for (let label = 0; label < classes.length; label++) {
        const n = table[bin * classes.length + label];
        if (n > most) [winner, most] = [label, n];
      }
      return winner;
    });
    const present = Array.from({ length: classes.length }, () => 0);
    const absent = Array.from({ length: classes.length }, () => 0);
    for (let row = half; row < count; row += 2) (bins[row] === 0 ? absent : present)[labels[row]]++;
    const [ifPresent, ifAbsent] = [present, absent].map((list) => list.indexOf(Math.max(...list)));
    for (let row = 1 - half; row < count; row += 2) {
      if (best[bins[row]] === labels[row]) {
        right++;
        perClass[labels[row]]++;
      }
      if ((bins[row] === 0 ? ifAbsent : ifPresent) === labels[row]) missingRight++;
    }
  }
  // Rare classes count as much as frequent ones: a column must get them too.
  const balanced =
    perClass.reduce((sum, hit, label) => sum + (totals[label] > 0 ? hit / totals[label] : 0), 0) /
    totals.filter((n) => n > 0).length;
  const score = Math.max(0, (right / count - majority) / (1 - majority));
  const sure = (wilson(right, count) - majority) / (1 - majority);
  const missing = (missingRight / count - majority) / (1 - majority);
  if (missing >= 0.98 && count >= 40) return { score: missing, level: 'leak', why: 'missing' };
  const bijective = mapped && isMapping(feature, labels, classes.length);
  if (bijective && score >= 0.98 && count >= 30) return { score, level: 'leak', why: 'mapping' };
  if (score >= 0.985 && sure >= 0.97 && balanced >= 0.97)
    return { score, level: 'leak', why: mapped ? 'mapping' : 'values' };
  return score >= 0.9 && balanced >= 0.85 && count >= 100 ? { score, level: 'strong', why: 'values' } : undefined;
}

/** Whether values and classes stand (nearly) one to one: as many common values as classes, each with its own. */
function isMapping(feature: Feature, labels: Int32Array, classes: number): boolean {
  const pairs = new Map<number, Map<number, number>>();
  for (let row = 0; row < labels.length; row++) {
    const value = feature.kind === 'code' ? feature.codes[row] : feature.kind === 'number' ? feature.values[row] : 0;
    const own = pairs.get(value) ?? new Map<number, number>();
    pairs.set(value, own);
    own.set(labels[row], (own.get(labels[row]) ?? 0) + 1);
  }
  if (pairs.size < 2 || pairs.size > classes + Math.max(1, classes / 10)) return false;
  const owners = new Set([...pairs.values()].map((own) => [...own].sort((a, b) => b[1] - a[1])[0][0]));
  return owners.size >= Math.min(pairs.size, classes) - 1 && owners.size >= 2;
}

/** Classes told by one word each: the label itself in the text, or a word that only this class has. */
function scoreText(
  texts: readonly (string | null)[],
  labels: Int32Array,
  classes: readonly string[],
  majority: number,
): Scored | undefined {
  const count = labels.length;
  const words = texts.map(
    (text) => new Set(text === null ? [] : (looseText(text).match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, 200)),
  );
  let right = 0;
  for (const half of [0, 1]) {
    const seen = new Map<string, { total: number; by: Map<number, number> }>();
    const own = Array.from({ length: classes.length }, () => 0);
    for (let row = half; row < count; row += 2) {
      own[labels[row]]++;
      for (const word of words[row]) {
        const entry = seen.get(word) ?? { total: 0, by: new Map<number, number>() };
        seen.set(word, entry);
        entry.total++;
        entry.by.set(labels[row], (entry.by.get(labels[row]) ?? 0) + 1);
      }
    }
    // A word that nearly all rows of a class have and nearly no others.
    const tells = new Map<string, number>();
    for (const [word, { total, by }] of seen) {
      for (const [label, n] of by) if (n >= 5 && n >= total * 0.99 && n >= own[label] * 0.97) tells.set(word, label);
    }
    const fallback = own.indexOf(Math.max(...own));
    for (let row = 1 - half; row < count; row += 2) {
      const told = [...words[row]].map((word) => tells.get(word)).find((label) => label !== undefined);
      if ((told ?? fallback) === labels[row]) right++;
    }
  }
  const score = (right / count - majority) / (1 - majority);
  return score >= 0.97 && count >= 60 ? { score, level: 'leak', why: 'text' } : undefined;
}

function scoreTargets(feature: Feature, targets: Float64Array): Scored | undefined {
  if (feature.kind === 'text') return undefined;
  const count = targets.length;
  const mean = targets.reduce((sum, value) => sum + value, 0) / count;
  const total = targets.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  if (!(total > 0)) return undefined;
  const fits = feature.kind === 'number' ? [nearestFit, lineFit, binFit] : [binFit];
  const score = Math.max(...fits.map((fit) => 1 - fit(feature, targets) / total));
  if (score >= 0.99 && count >= 40) {
    const numbers = feature.kind === 'number' && new Set(feature.values).size > 20;
    return { score, level: 'leak', why: numbers ? 'copy' : 'mapping' };
  }
  return score >= 0.9 && count >= 100 ? { score, level: 'strong', why: 'values' } : undefined;
}

/** Squared error of a straight line, fitted on one half and scored on the other. */
function lineFit(feature: Feature, targets: Float64Array): number {
  if (feature.kind !== 'number') return Number.POSITIVE_INFINITY;
  const { values } = feature;
  let error = 0;
  for (const half of [0, 1]) {
    let [n, x, y, xx, xy] = [0, 0, 0, 0, 0];
    for (let row = half; row < targets.length; row += 2) {
      if (Number.isNaN(values[row])) continue;
      n++;
      x += values[row];
      y += targets[row];
    }
    const [mx, my] = [x / Math.max(1, n), y / Math.max(1, n)];
    for (let row = half; row < targets.length; row += 2) {
      if (Number.isNaN(values[row])) continue;
      xx += (values[row] - mx) ** 2;
      xy += (values[row] - mx) * (targets[row] - my);
    }
    const slope = xx > 0 ? xy / xx : 0;
    for (let row = 1 - half; row < targets.length; row += 2) {
      const predicted = Number.isNaN(values[row]) ? my : my + slope * (values[row] - mx);
      error += (targets[row] - predicted) ** 2;
    }
  }
  return error;
}

/** Squared error of the mean of the three nearest rows of the other half: any smooth relation. */
function nearestFit(feature: Feature, targets: Float64Array): number {
  if (feature.kind !== 'number') return Number.POSITIVE_INFINITY;
  const { values } = feature;
  let error = 0;
  const mean = targets.reduce((sum, value) => sum + value, 0) / targets.length;
  for (const half of [0, 1]) {
    const fitted = Array.from({ length: Math.ceil((targets.length - half) / 2) }, (_, i) => half + 2 * i)
      .filter((row) => !Number.isNaN(values[row]))
      .sort((a, b) => values[a] - values[b]);
    const keys = Float64Array.from(fitted, (row) => values[row]);
    for (let row = 1 - half; row < targets.length; row += 2) {
      if (Number.isNaN(values[row]) || keys.length === 0) {
        error += (targets[row] - mean) ** 2;
        continue;
      }
      let [low, high] = [0, keys.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (keys[middle] < values[row]) low = middle + 1;
        else high = middle;
      }
      const [from, to] = [Math.max(0, low - 2), Math.min(keys.length, low + 2)];
      let sum = 0;
      for (let i = from; i < to; i++) sum += targets[fitted[i]];
      error += (targets[row] - sum / (to - from)) ** 2;
    }
  }
  return error;
}

/** Squared error of the mean of a row's bin. */
function binFit(feature: Feature, targets: Float64Array): number {
  const count = targets.length;
  let error = 0;
  const mean = targets.reduce((sum, value) => sum + value, 0) / count;
  for (const half of [0, 1]) {
    const { bins, count: kinds } = binsOf(feature, (row) => row % 2 === half, count);
    const [sums, sizes] = [new Float64Array(kinds), new Uint32Array(kinds)];
    for (let row = half; row < count; row += 2) {
      sums[bins[row]] += targets[row];
      sizes[bins[row]]++;
    }
    for (let row = 1 - half; row < count; row += 2) {
      const bin = bins[row];
      error += (targets[row] - (sizes[bin] > 0 ? sums[bin] / sizes[bin] : mean)) ** 2;
    }
  }
  return error;
}
