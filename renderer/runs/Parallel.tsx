// Parallel coordinates of several runs: the settings that differ from left to right, the score last. A line is followed by
// pointing at it or by the keyboard; its name is written, so that it reads without colour.
import { memo, useMemo, useState } from 'react';
import type { Run } from '../../engine/schema/index.ts';
import { type Axis, axisOf } from '../charts/axes.ts';
import { useWords } from '../parts/words.ts';
import { headline } from './figures.ts';

interface Properties {
  runs: Run[];
  names: Map<string, string>;
  differs: { field: string; values: unknown[] }[];
}

const [width, height, top, bottom] = [960, 250, 30, 16];
/** Axes that can still be read beside each other. */
const mostAxes = 8;

/** Settings first, the score last; settings that only follow from others are left out. */
function axesOf({ runs, differs }: Properties, write: (value: number) => string): Axis[] {
  const settings = differs
    .filter(({ field }) => /^request\.(?!dataset|budget|trials)/.test(field))
    .map(({ field, values }) => axisOf(field.replace(/^request\.(hyper\.)?/, ''), values, write))
    .filter((axis) => axis !== undefined);
  const scores = runs.map((run) => headline(run)?.value ?? run.metrics['val.loss']);
  const name = runs.map((run) => headline(run)?.name).find((one) => one !== undefined) ?? 'loss';
  // Equal scores tell nothing apart; the loss may.
  const losses = runs.map((run) => run.report?.loss ?? run.metrics['val.loss']);
  const score = axisOf(name, scores, write) ?? axisOf('loss', losses, write);
  return [...settings.slice(0, mostAxes - 1), ...(score ? [score] : [])];
}

export const Parallel = memo(function Parallel(properties: Properties) {
  const { runs, names } = properties;
  const { t, f } = useWords();
  const axes = useMemo(() => axesOf(properties, (value) => f.figure(value, 3)), [properties, f]);
  const [followed, follow] = useState<string>();
  if (axes.length < 2) return <p className="quiet">{t('compare.same')}</p>;
  const x = (index: number): number => 40 + (index * (width - 120)) / (axes.length - 1);
  const y = (place: number): number => height - bottom - place * (height - top - bottom);
  const label = t('parallel.label', { count: runs.length, axes: axes.map((axis) => axis.name).join(', ') });
  return (
    <>
      <svg viewBox={`0 0 ${width} ${height}`} className="parallel" role="img" aria-label={label}>
        {runs.map((run, index) => {
          const points = axes.flatMap(({ places }, axis) => {
            const place = places[index];
            return place === undefined ? [] : [`${x(axis).toFixed(1)},${y(place).toFixed(1)}`];
          });
          return (
            <polyline
              key={run.id}
              points={points.join(' ')}
              className={followed === run.id ? 'followed' : followed === undefined ? undefined : 'faded'}
              onMouseEnter={() => follow(run.id)}
              onMouseLeave={() => follow(undefined)}
            >
              <title>{names.get(run.id)}</title>
            </polyline>
          );
        })}
        {axes.map((axis, index) => (
          <g key={axis.name}>
            <line x1={x(index)} x2={x(index)} y1={y(0)} y2={y(1)} className="axis" />
            <text x={x(index)} y={14} textAnchor="middle" className="head">
              {axis.name}
            </text>
            {axis.marks.map(({ at, text }) => (
              <text key={text} x={x(index) + 6} y={y(at) + 4}>
                {text}
              </text>
            ))}
          </g>
        ))}
      </svg>
      <p className="quiet small followed-name">{followed === undefined ? ' ' : names.get(followed)}</p>
    </>
  );
});
