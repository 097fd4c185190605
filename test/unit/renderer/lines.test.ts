// From metric points to the columns of a chart.
import { expect, test } from 'vitest';
import type { MetricPoint } from '../../../engine/schema/index.ts';
import { appendPoints, lineOf, sheetOf, smooth } from '../../../renderer/charts/lines.ts';

const point = (step: number, epoch: number, name: string, value: number, at = step * 1000): MetricPoint => ({
  step,
  epoch,
  name,
  value,
  at,
});

test('a line keeps the newest value of a step that was repeated after a resume, in ascending order', () => {
  const points = [point(1, 1, 'loss', 3), point(2, 1, 'loss', 2), point(1, 1, 'loss', 2.5), point(3, 1, 'other', 9)];
  expect(lineOf(points, 'loss', 'a')).toEqual({
    name: 'a',
    xs: [1, 2],
    ys: [2.5, 2],
    starts: [],
  });
});

test('time counts seconds from the first point of any metric', () => {
  const points = [point(1, 1, 'lr', 1, 5000), point(1, 1, 'loss', 3, 6500)];
  expect(lineOf(points, 'loss', 'a', 'time').xs).toEqual([1.5]);
});

test('epochs go on from one candidate of a search to the next', () => {
  const points = [1, 2, 3, 4].map((step) => point(step, step % 2 === 0 ? 2 : 1, 'loss', step));
  expect(lineOf(points, 'loss', 'a', 'epoch').xs).toEqual([1, 2, 3, 4]);
});

test('steps within an epoch stand at their share of it', () => {
  const points = [point(5, 1, 'loss', 1), point(10, 1, 'loss', 1), point(15, 2, 'loss', 1), point(20, 2, 'loss', 1)];
  expect(lineOf(points, 'loss', 'a', 'epoch').xs).toEqual([0.5, 1, 1.5, 2]);
});

test('smoothing keeps a constant and starts unbiased', () => {
  expect(smooth([4, 4, 4], 0.9).map((value) => Number(value.toFixed(9)))).toEqual([4, 4, 4]);
  expect(smooth([1, 3], 0)).toEqual([1, 3]);
});

test('lines with different steps share one x column; a logarithmic chart leaves out what has no logarithm', () => {
  const lines = [
    { name: 'a', xs: [1, 2], ys: [1, 0], starts: [] },
    { name: 'b', xs: [2, 4], ys: [5, 6], starts: [] },
  ];
  expect(sheetOf(lines, 0, true)).toEqual({
    columns: [
      [1, 2, 4],
      [1, undefined, undefined],
      [undefined, 5, 6],
    ],
    lines: [
      { name: 'a', column: 1, count: 2, smoothed: false },
      { name: 'b', column: 2, count: 2, smoothed: false },
    ],
    starts: [],
  });
});

test('a line breaks where another training begins, and each is smoothed by itself', () => {
  const points = [1, 2, 3, 4].map((step) => point(step, step > 2 ? step - 2 : step, 'loss', step > 2 ? 9 : 1));
  const line = lineOf(points, 'loss', 'a');
  expect(line.starts).toEqual([2.5]);
  expect(sheetOf([line], 0.9, false)).toEqual({
    columns: [
      [1, 2, 2.5, 3, 4],
      [1, 1, null, 9, 9],
    ],
    lines: [{ name: 'a', column: 1, count: 4, smoothed: false }],
    starts: [2.5],
  });
});

test('only a line of many points is smoothed, and keeps its raw column beside it', () => {
  const xs = Array.from({ length: 40 }, (_, index) => index);
  const lines = [
    { name: 'dense', xs, ys: xs.map((x) => x % 2), starts: [] },
    { name: 'sparse', xs: [10, 20], ys: [1, 0], starts: [] },
  ];
  const sheet = sheetOf(lines, 0.5, false);
  expect(sheet.lines).toEqual([
    { name: 'dense', column: 2, count: 40, smoothed: true },
    { name: 'sparse', column: 3, count: 2, smoothed: false },
  ]);
  expect(sheet.columns[1]).toEqual(lines[0]?.ys);
});

test('a replayed point is not appended twice', () => {
  const known = [point(1, 1, 'loss', 3)];
  expect(appendPoints(known, [point(1, 1, 'loss', 3)])).toBe(known);
  expect(appendPoints(known, [point(1, 1, 'loss', 3), point(2, 1, 'loss', 2)])).toEqual([
    point(1, 1, 'loss', 3),
    point(2, 1, 'loss', 2),
  ]);
});
