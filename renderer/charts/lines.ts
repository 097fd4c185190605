// From metric points to aligned columns for the chart: picking a metric, smoothing, joining different steps. Pure.
import type { MetricPoint } from '../../engine/schema/index.ts';

/** One line: ascending `xs` with their values. */
export interface Line {
  name: string;
  xs: number[];
  ys: number[];
}
/** Columns as uPlot takes them (x first), and which column is each line's shown one. */
export interface Sheet {
  columns: (number | null)[][];
  lines: { name: string; column: number; count: number; smoothed: boolean }[];
}
export type XAxis = 'step' | 'epoch' | 'time';

/**
 * The points of one metric as a line, points in the order they came. A step that was repeated after a resume keeps its
 * newest value; a run that tries several candidates counts its epochs on from one to the next.
 */
export function lineOf(points: MetricPoint[], metric: string, name: string, axis: XAxis = 'step'): Line {
  const start = points[0]?.at ?? 0;
  const epochs = axis === 'epoch' ? epochsPassed(points) : undefined;
  const byX = new Map<number, number>();
  for (const point of points) {
    if (point.name !== metric || !Number.isFinite(point.value)) continue;
    const x =
      axis === 'step' ? point.step : axis === 'time' ? (point.at - start) / 1000 : (epochs?.get(point.step) ?? 0);
    byX.set(x, point.value);
  }
  const xs = [...byX.keys()].sort((a, b) => a - b);
  return { name, xs, ys: xs.map((x) => byX.get(x) as number) };
}

/** Epochs passed at each step, the one under way as a fraction of its steps. */
function epochsPassed(points: MetricPoint[]): Map<number, number> {
  const epochOf = new Map<number, number>();
  for (const point of points) epochOf.set(point.step, point.epoch);
  const steps = [...epochOf.keys()].sort((a, b) => a - b);
  const passed = new Map<number, number>();
  let done = 0;
  for (let from = 0; from < steps.length; ) {
    let to = from;
    while (to + 1 < steps.length && epochOf.get(steps[to + 1]) === epochOf.get(steps[from])) to += 1;
    const before = from === 0 ? 0 : steps[from - 1];
    for (let index = from; index <= to; index += 1) {
      passed.set(steps[index], done + (steps[index] - before) / (steps[to] - before));
    }
    done += 1;
    from = to + 1;
  }
  return passed;
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
  const xs = [...new Set(lines.flatMap((line) => line.xs))].sort((a, b) => a - b);
  const place = new Map(xs.map((x, index) => [x, index]));
  const columns: (number | null)[][] = [xs];
  const shown: Sheet['lines'] = [];
  const put = (line: Line, ys: number[]): number => {
    const column = Array.from({ length: xs.length }, (): number | null => null);
    line.xs.forEach((x, index) => {
      const y = ys[index];
      column[place.get(x) as number] = positiveOnly && y <= 0 ? null : y;
    });
    return columns.push(column) - 1;
  };
  for (const line of lines) {
    const smoothed = weight > 0 && line.xs.length >= denseFrom;
    if (smoothed) put(line, line.ys);
    const column = put(line, smoothed ? smooth(line.ys, weight) : line.ys);
    shown.push({ name: line.name, column, count: line.xs.length, smoothed });
  }
  return { columns, lines: shown };
}
