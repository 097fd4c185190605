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
  lines: { name: string; column: number; count: number }[];
}
export type XAxis = 'step' | 'epoch' | 'time';

/** The points of one metric as a line; a step that was repeated after a resume keeps its newest value. */
export function lineOf(points: MetricPoint[], metric: string, name: string, axis: XAxis = 'step'): Line {
  const byX = new Map<number, number>();
  const start = points[0]?.at ?? 0;
  const stepsPerEpoch = new Map<number, number>();
  for (const point of points) {
    stepsPerEpoch.set(point.epoch, Math.max(stepsPerEpoch.get(point.epoch) ?? 0, point.step));
  }
  for (const point of points) {
    if (point.name !== metric || !Number.isFinite(point.value)) continue;
    const x =
      axis === 'step' ? point.step : axis === 'time' ? (point.at - start) / 1000 : epochAt(point, stepsPerEpoch);
    byX.set(x, point.value);
  }
  const xs = [...byX.keys()].sort((a, b) => a - b);
  return { name, xs, ys: xs.map((x) => byX.get(x) as number) };
}

/** Epochs passed at a point, with the fraction of the one under way. */
function epochAt(point: MetricPoint, lastStep: Map<number, number>): number {
  const end = lastStep.get(point.epoch) ?? point.step;
  const before = lastStep.get(point.epoch - 1) ?? 0;
  return end > before ? point.epoch - 1 + (point.step - before) / (end - before) : point.epoch;
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

/** All lines on the union of their xs; where smoothing is on, each line has its raw column before its smooth one. */
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
    if (weight > 0) put(line, line.ys);
    shown.push({ name: line.name, column: put(line, smooth(line.ys, weight)), count: line.xs.length });
  }
  return { columns, lines: shown };
}
