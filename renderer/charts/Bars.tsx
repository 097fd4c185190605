// Small charts drawn as SVG or plain boxes: histograms, reliability, shares. Each has words for those who cannot see it.
import { useWords } from '../parts/words.ts';

/** Bars over equal bins, 100 % wide. `zero` marks where 0 lies between `low` and `high`. */
export function Histogram(properties: {
  counts: number[];
  low: number;
  high: number;
  label: string;
  height?: number;
  zero?: boolean;
  axis?: (value: number) => string;
}) {
  const { counts, low, high, label, height = 28, zero, axis } = properties;
  const top = Math.max(...counts, 1);
  const width = 100 / counts.length;
  const at = high > low ? ((0 - low) / (high - low)) * 100 : 0;
  return (
    <figure className="histogram">
      <svg role="img" aria-label={label} viewBox={`0 0 100 ${height}`} preserveAspectRatio="none" style={{ height }}>
        <title>{label}</title>
        {counts.map((count, index) => {
          const tall = count === 0 ? 0 : Math.max(1, (count / top) * (height - 1));
          return (
            // oxlint-disable-next-line react/no-array-index-key -- a bin is its index
            <rect key={index} x={index * width} y={height - tall} width={width * 0.88} height={tall} />
          );
        })}
        {zero && low < 0 && high > 0 ? (
          <line x1={at} x2={at} y1="0" y2={height} vectorEffect="non-scaling-stroke" />
        ) : null}
      </svg>
      {axis ? (
        <figcaption>
          <span>{axis(low)}</span>
          {zero && low < 0 && high > 0 ? <span style={{ position: 'absolute', left: `${at}%` }}>0</span> : null}
          <span>{axis(high)}</span>
        </figcaption>
      ) : null}
    </figure>
  );
}

/** A share as a bar with its words; used for top values and for scores. */
export function ShareBar({
  name,
  share,
  text,
  strong,
}: {
  name: string;
  share: number;
  text: string;
  strong?: boolean;
}) {
  return (
    <div className={`share${strong ? ' strong' : ''}`}>
      <span className="share-name ellipsis" title={name}>
        {name === '' ? '∅' : name}
      </span>
      <span className="share-track" aria-hidden="true">
        <i style={{ width: `${Math.min(100, Math.max(share > 0 ? 0.8 : 0, share * 100))}%` }} />
      </span>
      <span className="share-text num">{text}</span>
    </div>
  );
}

/** Reliability diagram: how often it was right, by how sure it was. Dot area is the number of rows. */
export function Reliability({ bins }: { bins: { confidence: number; accuracy: number; count: number }[] }) {
  const { t, f } = useWords();
  const filled = bins.filter((bin) => bin.count > 0);
  const total = filled.reduce((sum, bin) => sum + bin.count, 0) || 1;
  const size = 232;
  const pad = 46;
  const span = size - pad - 10;
  const x = (value: number): number => pad + value * span;
  const y = (value: number): number => 10 + (1 - value) * span;
  const words = filled
    .map((bin) => `${f.percent(bin.confidence)} → ${f.percent(bin.accuracy)} (${bin.count})`)
    .join(', ');
  return (
    <svg
      className="reliability"
      role="img"
      aria-label={`${t('report.calibration')}: ${words}`}
      viewBox={`0 0 ${size} ${size + 8}`}
    >
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
      <line className="ideal" x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />
      <polyline className="path" points={filled.map((bin) => `${x(bin.confidence)},${y(bin.accuracy)}`).join(' ')} />
      {filled.map((bin) => (
        <circle
          key={bin.confidence}
          cx={x(bin.confidence)}
          cy={y(bin.accuracy)}
          r={2.5 + 7 * Math.sqrt(bin.count / total)}
        >
          <title>{`${f.percent(bin.confidence)} → ${f.percent(bin.accuracy)} · ${f.count(bin.count)}`}</title>
        </circle>
      ))}
      <text x={x(0.5)} y={size + 6} textAnchor="middle">
        {t('report.confidence')}
      </text>
      <text x={-y(0.5)} y={10} transform="rotate(-90)" textAnchor="middle">
        {t('report.right')}
      </text>
    </svg>
  );
}
