// Lines over steps, live: uPlot on a canvas, redrawn as points arrive. Lines differ by dash and carry their name at the
// end, so that the chart reads without colour. Drag zooms, double click shows all.
import 'uplot/dist/uPlot.min.css';
import './curve.css';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useMemo, useRef } from 'react';
import uPlot from 'uplot';
import { denseFrom, type Line, type Sheet, sheetOf } from './lines.ts';

interface Properties {
  lines: Line[];
  log: boolean;
  /** Weight of the past in the moving average, 0 (off) to below 1. */
  smoothing: number;
  height: number;
  label: string;
  axis: string;
  format: (value: number) => string;
}

const inks = ['--train', '--val', '--third', '--fourth'] as const;
const dashes = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

/** What the scheme's variables were when the chart was made: asking for each line at each frame costs more than drawing. */
const known = new Map<string, string>();
function css(name: string): string {
  const value = known.get(name) ?? getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  known.set(name, value);
  return value;
}

/** Names the lines at their ends, moved apart where they would overlap; of more than fit, those that have room. */
function nameEnds(plot: uPlot, sheet: Sheet): void {
  const ratio = devicePixelRatio;
  const ends = sheet.lines.flatMap((line, index) => {
    const column = sheet.columns[line.column];
    const last = column.findLastIndex((value) => typeof value === 'number');
    if (last < 0) return [];
    const y = plot.valToPos(column[last] as number, 'y', true);
    return Number.isFinite(y) ? [{ y, name: line.name, ink: css(inks[index % inks.length]) }] : [];
  });
  ends.sort((a, b) => a.y - b.y);
  const step = 15 * ratio;
  const { ctx, bbox } = plot;
  let floor = Number.NEGATIVE_INFINITY;
  if (ends.length * step > bbox.height) {
    const roomy = ends.filter(({ y }) => {
      const fits = y >= floor + step;
      if (fits) floor = y;
      return fits;
    });
    ends.splice(0, ends.length, ...roomy);
    floor = Number.NEGATIVE_INFINITY;
  }
  for (const end of ends) {
    end.y = Math.max(end.y, floor + step);
    floor = end.y;
  }
  const over = Math.max(0, floor - (bbox.top + bbox.height));
  ctx.save();
  ctx.font = `${12 * ratio}px ${css('--sans')}`;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  for (const end of ends) {
    ctx.fillStyle = end.ink;
    ctx.fillText(end.name, bbox.left + bbox.width + 8 * ratio, end.y - over);
  }
  ctx.restore();
}

/** A dotted line where another training of the run begins. */
function markStarts(plot: uPlot, sheet: Sheet): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = css('--edge');
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const start of sheet.starts) {
    const x = Math.round(plot.valToPos(start, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** Distances of ticks on an axis that counts. */
const counts = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((unit) => unit * 10 ** power)).flat();

/** Width of a name in Latin letters: a Chinese character is as wide as two. */
const breadthOf = (name: string): number =>
  Array.from(name).reduce((sum, letter) => sum + (letter.charCodeAt(0) > 0x2e7f ? 2 : 1), 0);

function optionsOf(properties: Properties, sheet: () => Sheet, width: number, zoom: { on: boolean }): uPlot.Options {
  known.clear();
  const { lines, log, height, axis, format } = properties;
  const font = `11px ${css('--sans')}`;
  const frame = { stroke: css('--ink-3'), font, grid: { stroke: css('--line'), width: 1 }, ticks: { show: false } };
  const longest = Math.max(...lines.map((line) => breadthOf(line.name)), 4);
  // Between two steps, or trials, there is nothing.
  const isCounted = lines.every((line) => line.xs.every(Number.isInteger));
  return {
    width,
    height,
    padding: [10, Math.min(130, 18 + longest * 6.8), 0, 0],
    legend: { show: false },
    cursor: { points: { size: 7 }, drag: { x: true, y: false, setScale: true }, y: false },
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- uPlot's enums exist as types only
    scales: { x: { time: false }, y: log ? { distr: 3 } : { range: (_plot, low, high) => rangeOf(low, high) } },
    axes: [
      {
        ...frame,
        label: axis,
        labelFont: font,
        labelSize: 18,
        size: 30,
        gap: 4,
        ...(isCounted ? { incrs: counts } : {}),
      },
      {
        ...frame,
        size: (_plot, values) => Math.max(30, ...(values ?? []).map((text) => text.length * 6.6 + 12)),
        gap: 6,
        values: (_plot, ticks) => ticks.map((tick) => (tick === null ? '' : format(tick))),
      },
    ],
    series: [
      {},
      ...sheet().lines.flatMap((line, index): uPlot.Series[] => {
        const stroke = css(inks[index % inks.length]);
        const raw: uPlot.Series = { stroke: `${stroke}40`, width: 1, spanGaps: false, points: { show: false } };
        const shown: uPlot.Series = {
          label: line.name,
          stroke,
          width: 1.75,
          dash: dashes[Math.floor(index) % dashes.length],
          spanGaps: false,
          points: { show: line.count < denseFrom, size: 4.5, fill: stroke },
        };
        return line.smoothed ? [raw, shown] : [shown];
      }),
    ],
    hooks: {
      drawAxes: [(plot) => markStarts(plot, sheet())],
      draw: [(plot) => nameEnds(plot, sheet())],
      setSelect: [
        (plot) => {
          if (plot.select.width > 0) zoom.on = true;
        },
      ],
      ready: [
        (plot) => {
          plot.over.addEventListener('dblclick', () => {
            zoom.on = false;
          });
        },
      ],
    },
  };
}

function rangeOf(low: number, high: number): [number, number] {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

/** The chart; as wide as its place. */
export function Curve(properties: Properties) {
  const { lines, log, smoothing, height, label } = properties;
  const scheme = useComputedColorScheme();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const zoom = useRef({ on: false });
  const sheet = useMemo(() => sheetOf(lines, smoothing, log), [lines, smoothing, log]);
  const latest = useRef(sheet);
  useEffect(() => {
    latest.current = sheet;
  }, [sheet]);
  const sparse = lines.map((line) => (line.xs.length < denseFrom ? 1 : 0)).join('');
  const shape = `${lines.map((line) => line.name).join('\n')}|${sparse}|${log}|${smoothing > 0}|${height}|${scheme}|${properties.axis}`;

  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    zoom.current.on = false;
    const made = new uPlot(
      optionsOf(properties, () => latest.current, element.clientWidth || 600, zoom.current),
      latest.current.columns as uPlot.AlignedData,
      element,
    );
    plot.current = made;
    const watcher = new ResizeObserver(() => {
      if (element.clientWidth !== made.width) made.setSize({ width: element.clientWidth, height });
    });
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = undefined;
    };
    // oxlint-disable-next-line react/exhaustive-deps -- `shape` names all that needs a new chart; the rest are data
  }, [shape]);

  useEffect(() => {
    const made = plot.current;
    if (!made || made.data === (sheet.columns as uPlot.AlignedData)) return;
    made.setData(sheet.columns as uPlot.AlignedData, !zoom.current.on);
    if (zoom.current.on) made.redraw();
  }, [sheet]);

  // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- a canvas drawn by script, not an image file
  return <div ref={place} className="curve" role="img" aria-label={label} style={{ height }} />;
}
