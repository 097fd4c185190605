// What a model said of each row of its test part: kept beside its bundle, quantised, and read again for curves and for the rows
// that it misjudged. Row numbers and scores only; the rows themselves stay in their dataset. Loads no runtime: the appliance reads it.
import { bytesOf, concat } from '../base/index.ts';
import { Fault } from '../schema/index.ts';
import type { Outcomes } from '../train/index.ts';

/** Name of the outcomes in the pack of a model. */
export const outcomesEntry = 'outcomes';

/** Rows and scores that are kept at most. */
const mostRows = 20_000;
const mostScores = 2_000_000;
const version = 1;
/** Scores are kept by their log-odds, so that those near 0 and 1 keep their order: 65,536 steps from −range to range. */
const range = 20;
const steps = 65_535;

/** Keeps every nth row where there are too many. */
export function thinned(outcomes: Outcomes): Outcomes {
  const { classes, rows, truth, named, scores } = outcomes;
  const width = Math.max(1, classes);
  const most = Math.max(1, Math.min(mostRows, Math.floor(mostScores / width)));
  if (rows.length <= most) return outcomes;
  const places = Uint32Array.from({ length: most }, (_, i) => Math.floor((i * rows.length) / most));
  const kept = new Float64Array(most * width);
  for (const [i, place] of places.entries()) kept.set(scores.subarray(place * width, (place + 1) * width), i * width);
  return {
    ...outcomes,
    rows: places.map((place) => rows[place]),
    truth: Float64Array.from(places, (place) => truth[place]),
    named: named.length > 0 ? places.map((place) => named[place]) : named,
    scores: kept,
  };
}

function pack(score: number): number {
  const odds = Math.log(score / (1 - score));
  return Math.round(((Math.max(-range, Math.min(range, Number.isNaN(odds) ? 0 : odds)) + range) / (2 * range)) * steps);
}

const unpack = (packed: number): number => 1 / (1 + Math.exp(range - (packed / steps) * 2 * range));

/** Bytes of outcomes: version, classes, rows in all, rows kept; row numbers; truths; named classes and scores (16 bits each), or quantities. */
export function encodeOutcomes(outcomes: Outcomes): Uint8Array {
  const { classes, of, rows, truth, named, scores } = thinned(outcomes);
  const head = bytesOf(Uint32Array.of(version, classes, of, rows.length));
  const told = classes > 0 ? bytesOf(Uint16Array.from(scores, pack)) : bytesOf(scores);
  return concat([head, bytesOf(rows), bytesOf(truth), bytesOf(named), told]);
}

/** The inverse, but for the rounding of scores. Fault `newer_version`. */
export function decodeOutcomes(bytes: Uint8Array): Outcomes {
  const own = Uint8Array.from(bytes).buffer;
  const [is, classes, of, n] = new Uint32Array(own, 0, 4);
  if (is !== version)
    throw new Fault('newer_version', 'these scores were kept by a newer version; open them with that one');
  const rows = new Uint32Array(own, 16, n);
  const from = 16 + 4 * n;
  const truth = new Float64Array(own.slice(from, from + 8 * n));
  const after = from + 8 * n;
  const named = new Uint32Array(own.slice(after, after + (classes > 0 ? 4 * n : 0)));
  const rest = own.slice(after + named.byteLength);
  const scores = classes > 0 ? Float64Array.from(new Uint16Array(rest), unpack) : new Float64Array(rest);
  return { classes, of, rows, truth, named, scores };
}
