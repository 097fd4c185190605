// Small charts drawn as SVG or plain boxes: histograms, reliability, shares. Each has words for those who cannot see it.
import { useWords } from '../parts/words.ts';
import { Square } from './Square.tsx';

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
  const { t } = useWords();
  const filled = bins.filter((bin) => bin.count > 0);
  return (
    <Square
      label={t('report.calibration')}
      points={filled.map((bin) => [bin.confidence, bin.accuracy])}
      counts={filled.map((bin) => bin.count)}
      ideal={[
        [0, 0],
        [1, 1],
      ]}
      x={t('report.confidence')}
      y={t('report.right')}
    />
  );
}
