// From metric points to aligned columns for the chart: picking a metric, smoothing, joining different steps. Pure.
import type { MetricPoint } from '../../engine/schema/index.ts';

/** One line: ascending `xs` with their values; `starts` are where another training of the same run begins, between xs. */
export interface Line {
  name: string;
  xs: number[];
  ys: number[];
  starts: number[];
}
/** A value, nothing measured here (the line goes on), or a break in the line: uPlot's three kinds. */
type Entry = number | undefined | null;
/** Columns as uPlot takes them (x first), and which column is each line's shown one. */
export interface Sheet {
  columns: Entry[][];
  lines: { name: string; column: number; count: number; smoothed: boolean }[];
  /** Xs at which some line begins another training. */
  starts: number[];
}
export type XAxis = 'step' | 'epoch' | 'time';

/** What is known of each optimiser step of a run. */
interface Step {
  /** Epochs passed, those of earlier trainings included; the one under way as a fraction. */
  epochs: number;
  /** 0 for the first training (candidate), 1 for the next. */
  training: number;
}

/** One list of points is asked about by every line of a chart. */
const countedSteps = new WeakMap<MetricPoint[], Map<number, Step>>();

/**
 * The steps of a run, ascending. Steps count on through a run that tries several candidates and then trains the best
 * once more, while epochs begin anew: that is where one training ends and another begins.
 */
function stepsOf(points: MetricPoint[]): Map<number, Step> {
  const counted = countedSteps.get(points);
  if (counted) return counted;
  const epochOf = new Map<number, number>();
  for (const point of points) epochOf.set(point.step, point.epoch);
  const steps = [...epochOf.keys()].sort((a, b) => a - b);
  const known = new Map<number, Step>();
  let passed = 0;
  let training = 0;
  for (let from = 0; from < steps.length; passed += 1) {
    const epoch = epochOf.get(steps[from]) as number;
    if (from > 0 && epoch < (epochOf.get(steps[from - 1]) as number)) training += 1;
    let to = from;
    while (epochOf.get(steps[to + 1]) === epoch) to += 1;
    const before = from === 0 ? 0 : steps[from - 1];
    for (let index = from; index <= to; index += 1) {
      known.set(steps[index], { epochs: passed + (steps[index] - before) / (steps[to] - before), training });
    }
    from = to + 1;
  }
  countedSteps.set(points, known);
  return known;
}

/** The points of one metric as a line; a step that was repeated after a resume keeps its newest value. */
export function lineOf(points: MetricPoint[], metric: string, name: string, axis: XAxis = 'step'): Line {
  const known = drawn.get(points) ?? new Map<string, Omit<Line, 'name'>>();
  drawn.set(points, known);
  const key = `${axis} ${metric}`;
  const line = known.get(key) ?? coursed(points, metric, axis);
  known.set(key, line);
  return { name, ...line };
}

/** Of many runs side by side one grows: the lines of the others are drawn from what was counted before. */
const drawn = new WeakMap<MetricPoint[], Map<string, Omit<Line, 'name'>>>();

function coursed(points: MetricPoint[], metric: string, axis: XAxis): Omit<Line, 'name'> {
  const began = points[0]?.at ?? 0;
  const steps = stepsOf(points);
  const places: Record<XAxis, (point: MetricPoint) => number> = {
    step: (point) => point.step,
    time: (point) => (point.at - began) / 1000,
    epoch: (point) => steps.get(point.step)?.epochs ?? 0,
  };
  const byX = new Map<number, MetricPoint>();
  for (const point of points) {
    if (point.name === metric && Number.isFinite(point.value)) byX.set(places[axis](point), point);
  }
  const xs = [...byX.keys()].sort((a, b) => a - b);
  return {
    xs,
    ys: xs.map((x) => (byX.get(x) as MetricPoint).value),
    starts: boundaries(points, steps, places[axis]).filter((at) => at > xs[0] && at < (xs.at(-1) as number)),
  };
}

/** Halfway between the last point of each training and the first of the next, whatever they measure. */
function boundaries(points: MetricPoint[], steps: Map<number, Step>, place: (point: MetricPoint) => number): number[] {
  const spans: { first: number; last: number }[] = [];
  for (const point of points) {
    const training = steps.get(point.step)?.training ?? 0;
    const x = place(point);
    const span = spans[training];
    spans[training] = { first: Math.min(span?.first ?? x, x), last: Math.max(span?.last ?? x, x) };
  }
  return spans.slice(1).map((span, index) => ((spans[index]?.last ?? span.first) + span.first) / 2);
}

/** New points behind those known; a replayed point is not doubled. */
export function appendPoints(known: MetricPoint[], fresh: MetricPoint[]): MetricPoint[] {
  const tail = known.slice(-400);
  const added = fresh.filter(
    (point) => !tail.some((old) => old.name === point.name && old.step === point.step && old.at === point.at),
  );
  return added.length > 0 ? [...known, ...added] : known;
}

/** Exponential moving average without the bias of its start (as Adam corrects its moments). */
export function smooth(values: number[], weight: number): number[] {
  if (weight <= 0) return values;
  let mean = 0;
  let mass = 0;
  return values.map((value) => {
    mean = weight * mean + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return mean / mass;
  });
}

/** A line of fewer points shows each as a dot and is never smoothed: an average over few would hide where they are. */
export const denseFrom = 40;

/** All lines on the union of their xs; a smoothed line has its raw column before its smooth one. */
export function sheetOf(lines: Line[], weight: number, positiveOnly: boolean): Sheet {
  const xs = [...new Set([...lines.flatMap((line) => line.xs), ...lines.flatMap((line) => line.starts)])].sort(
    (a, b) => a - b,
  );
  const place = new Map(xs.map((x, index) => [x, index]));
  const columns: Entry[][] = [xs];
  const shown: Sheet['lines'] = [];
  const put = (line: Line, ys: number[]): number => {
    const column = Array.from({ length: xs.length }, (): Entry => undefined);
    line.xs.forEach((x, at) => {
      const y = ys[at];
      column[place.get(x) as number] = positiveOnly && y <= 0 ? undefined : y;
    });
    for (const x of line.starts) column[place.get(x) as number] = null;
    return columns.push(column) - 1;
  };
  for (const line of lines) {
    const smoothed = weight > 0 && line.xs.length >= denseFrom;
    if (smoothed) put(line, line.ys);
    const column = put(line, smoothed ? smoothParts(line, weight) : line.ys);
    shown.push({ name: line.name, column, count: line.xs.length, smoothed });
  }
  return { columns, lines: shown, starts: [...new Set(lines.flatMap((line) => line.starts))] };
}

/** Each training smoothed by itself. */
function smoothParts(line: Line, weight: number): number[] {
  const cuts = [0, ...line.starts.map((start) => line.xs.findIndex((x) => x > start)), line.xs.length];
  return cuts.slice(1).flatMap((end, index) => smooth(line.ys.slice(cuts[index], end), weight));
}
