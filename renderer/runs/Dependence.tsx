// What a model answers on average along a column, one small chart a column: the share of each class, or the number.
import type { SearchSummary } from '../../engine/schema/index.ts';
import { useWords } from '../parts/words.ts';

const [width, height, edge] = [320, 120, 6];
/** Classes that get a line; with more, those whose answers change most. */
const mostLines = 4;
const inks = ['--train', '--val', '--third', '--fourth'] as const;
const dashes = ['', '7 4', '2 3', '10 3 2 3'] as const;

type Curve = SearchSummary['dependence'][number];

/** The answers that are drawn: of two classes the second, of more those that change most. */
function drawnOf({ answers }: Curve): number[] {
  const count = answers[0]?.length ?? 0;
  if (count === 2) return [1];
  const spread = (k: number) => {
    const own = answers.map((row) => row[k] ?? 0);
    return Math.max(...own) - Math.min(...own);
  };
  return Array.from({ length: count }, (_, k) => k)
    .sort((a, b) => spread(b) - spread(a))
    .slice(0, mostLines);
}

/** Least and greatest of the answers that are drawn. */
function rangeOf(curve: Curve): [low: number, high: number] {
  const drawn = drawnOf(curve);
  const all = curve.answers.flatMap((row) => drawn.map((k) => row[k] ?? 0));
  return [Math.min(...all), Math.max(...all)];
}

/** `range` is that of all charts side by side, so that a steep line is a strong column. */
function Chart({ curve, labels, range }: { curve: Curve; labels: readonly string[]; range: [number, number] }) {
  const { f } = useWords();
  const drawn = drawnOf(curve);
  const { at, answers, column } = curve;
  const [low, high] = range;
  const own = rangeOf(curve);
  const [from, to] = [at[0] ?? 0, at.at(-1) ?? 0];
  const x = (value: number) => edge + ((value - from) / Math.max(1e-12, to - from)) * (width - 2 * edge);
  const y = (value: number) => height - edge - ((value - low) / Math.max(1e-12, high - low)) * (height - 2 * edge);
  return (
    <figure className="dependence">
      <figcaption>{column}</figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={column}
        style={{ display: 'block', overflow: 'visible', width: '100%' }}
      >
        <rect width={width} height={height} fill="none" stroke="var(--edge)" />
        {drawn.map((k, i) => (
          <polyline
            key={k}
            points={at.map((value, row) => `${x(value).toFixed(1)},${y(answers[row]?.[k] ?? 0).toFixed(1)}`).join(' ')}
            fill="none"
            stroke={`var(${inks[i]})`}
            strokeWidth={2}
            strokeDasharray={dashes[i]}
          />
        ))}
      </svg>
      <div className="quiet small">
        {f.figure(from, 3)} – {f.figure(to, 3)} → {f.figure(own[0], 3)} – {f.figure(own[1], 3)}
      </div>
      <div className="small">
        {drawn.map((k, i) => (
          <span key={k} style={{ color: `var(${inks[i]})`, marginInlineEnd: '0.8em' }}>
            {labels[k] ?? ''}
          </span>
        ))}
      </div>
    </figure>
  );
}

/** See the file's head. */
export function Dependence({ dependence, labels }: Pick<SearchSummary, 'dependence'> & { labels: readonly string[] }) {
  const { t } = useWords();
  const ranges = dependence.map(rangeOf);
  const range: [number, number] = [
    Math.min(...ranges.map(([low]) => low)),
    Math.max(...ranges.map(([, high]) => high)),
  ];
  return (
    <div className="dependences">
      <h3>{t('search.dependence')}</h3>
      <p className="quiet small">{t('search.dependenceWords')}</p>
      <div className="dependence-grid">
        {dependence.map((curve) => (
          <Chart key={curve.column} curve={curve} labels={labels} range={range} />
        ))}
      </div>
    </div>
  );
}
