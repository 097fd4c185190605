// Curves between 0 and 1 on both sides: ROC, precision over recall, reliability. One line, its diagonal or base line, words for
// those who cannot see it.
import { useWords } from '../parts/words.ts';

type Point = readonly [x: number, y: number];

interface Properties {
  label: string;
  points: readonly Point[];
  /** What a model that knows nothing would draw. */
  ideal: readonly Point[];
  x: string;
  y: string;
  /** Rows behind each point, drawn as dots of that area. */
  counts?: readonly number[];
}

const size = 232;
const pad = 46;
const span = size - pad - 10;
const x = (value: number): number => pad + value * span;
const y = (value: number): number => 10 + (1 - value) * span;
const path = (points: readonly Point[]): string => points.map((point) => `${x(point[0])},${y(point[1])}`).join(' ');

export function Square(properties: Properties) {
  const { f } = useWords();
  const { label, points, ideal, counts } = properties;
  const total = counts?.reduce((sum, count) => sum + count, 0) || 1;
  const said = points
    .filter((_, index) => index % Math.ceil(points.length / 10) === 0 || index === points.length - 1)
    .map((point) => `${f.percent(point[0], 0)} → ${f.percent(point[1], 0)}`)
    .join(', ');
  return (
    <svg className="reliability" role="img" aria-label={`${label}: ${said}`} viewBox={`0 0 ${size} ${size + 8}`}>
      {[0, 0.5, 1].map((tick) => (
        <g key={tick}>
          <line className="grid" x1={x(0)} x2={x(1)} y1={y(tick)} y2={y(tick)} />
          <line className="grid" x1={x(tick)} x2={x(tick)} y1={y(0)} y2={y(1)} />
          <text x={x(0) - 5} y={y(tick) + 3.5} textAnchor="end">
            {f.percent(tick, 0)}
          </text>
          <text x={x(tick)} y={y(0) + 14} textAnchor={tick === 1 ? 'end' : 'middle'}>
            {f.percent(tick, 0)}
          </text>
        </g>
      ))}
      <polyline className="ideal" points={path(ideal)} />
      <polyline className="path" points={path(points)} />
      {counts
        ? points.map((point, index) => (
            <circle
              key={point[0]}
              cx={x(point[0])}
              cy={y(point[1])}
              r={2.5 + 7 * Math.sqrt((counts[index] ?? 0) / total)}
            >
              <title>{`${f.percent(point[0])} → ${f.percent(point[1])} · ${f.count(counts[index])}`}</title>
            </circle>
          ))
        : null}
      <text x={x(0.5)} y={size + 6} textAnchor="middle">
        {properties.x}
      </text>
      <text x={-y(0.5)} y={10} transform="rotate(-90)" textAnchor="middle">
        {properties.y}
      </text>
    </svg>
  );
}
