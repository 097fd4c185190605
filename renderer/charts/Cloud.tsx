// Predictions over truths of a quantity: one dot a row, the diagonal where both are the same.
import { useWords } from '../parts/words.ts';

const size = 300;
const pad = 58;
const span = size - pad - 10;

export function Cloud({
  points,
  label,
  x: below,
  y: beside,
}: {
  points: [number, number][];
  label: string;
  x: string;
  y: string;
}) {
  const { f } = useWords();
  const all = points.flat();
  const low = Math.min(...all);
  const high = Math.max(...all, low + 1e-12);
  const at = (value: number): number => (value - low) / (high - low);
  const x = (value: number): number => pad + at(value) * span;
  const y = (value: number): number => 10 + (1 - at(value)) * span;
  return (
    <svg className="reliability cloud" role="img" aria-label={label} viewBox={`0 0 ${size} ${size + 8}`}>
      {[low, (low + high) / 2, high].map((tick, index) => (
        <g key={tick}>
          <line className="grid" x1={x(low)} x2={x(high)} y1={y(tick)} y2={y(tick)} />
          <line className="grid" x1={x(tick)} x2={x(tick)} y1={y(low)} y2={y(high)} />
          <text x={x(low) - 5} y={y(tick) + 3.5} textAnchor="end">
            {f.figure(tick, 3)}
          </text>
          <text x={x(tick)} y={y(low) + 14} textAnchor={index === 2 ? 'end' : 'middle'}>
            {f.figure(tick, 3)}
          </text>
        </g>
      ))}
      <line className="ideal" x1={x(low)} y1={y(low)} x2={x(high)} y2={y(high)} />
      {points.map((point, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- a row is its place
        <circle key={index} cx={x(point[0])} cy={y(point[1])} r={2.2} />
      ))}
      <text x={x((low + high) / 2)} y={size + 6} textAnchor="middle">
        {below}
      </text>
      <text x={-y((low + high) / 2)} y={10} transform="rotate(-90)" textAnchor="middle">
        {beside}
      </text>
    </svg>
  );
}
