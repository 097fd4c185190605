// A series and how it goes on: values behind, what came true, the forecast and its bounds. Words for those who cannot see it.
import './ahead.css';
import { useWords } from '../parts/words.ts';

interface Properties {
  label: string;
  at: readonly (string | number)[];
  behind: readonly number[];
  forecast: readonly number[];
  low: readonly number[];
  high: readonly number[];
  truth?: readonly (number | null)[];
}

const [width, height] = [640, 190];
const pad = { left: 56, right: 12, top: 10, bottom: 22 };

export function Ahead({ label, at, behind, forecast, low, high, truth = [] }: Properties) {
  const { t, f } = useWords();
  const all = [...behind, ...low, ...high, ...truth.filter((value) => value !== null)];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const room = most - least || 1;
  const x = (i: number) => pad.left + (i / Math.max(1, at.length - 1)) * (width - pad.left - pad.right);
  const y = (value: number) => height - pad.bottom - ((value - least) / room) * (height - pad.top - pad.bottom);
  const from = behind.length;
  const points = (values: readonly (number | null)[], start: number) =>
    values.flatMap((value, i) => (value === null ? [] : [`${x(start + i)},${y(value)}`])).join(' ');
  const last = behind.slice(-1);
  const bounds = `${points(low, from)} ${[...high]
    .map((value, i) => `${x(from + i)},${y(value)}`)
    .reverse()
    .join(' ')}`;
  const said = forecast
    .slice(0, 12)
    .map((value, i) => `${String(at[from + i])}: ${f.figure(value)}`)
    .join(', ');
  return (
    <svg className="ahead" role="img" aria-label={`${label}: ${said}`} viewBox={`0 0 ${width} ${height}`}>
      {[least, least + room / 2, most].map((tick) => (
        <g key={tick}>
          <line className="grid" x1={pad.left} x2={width - pad.right} y1={y(tick)} y2={y(tick)} />
          <text x={pad.left - 6} y={y(tick) + 3.5} textAnchor="end">
            {f.figure(tick, 4)}
          </text>
        </g>
      ))}
      {[0, from, at.length - 1].map((i) => (
        <text key={i} x={x(i)} y={height - 5} textAnchor={i === 0 ? 'start' : i === at.length - 1 ? 'end' : 'middle'}>
          {i === from && from > 0.85 * at.length ? '' : String(at[i]).slice(0, 16)}
        </text>
      ))}
      <polygon className="bounds" points={bounds} />
      <polyline className="behind" points={points(behind, 0)} />
      <polyline className="truth" points={points([...last, ...truth], from - last.length)}>
        <title>{t('ahead.truth')}</title>
      </polyline>
      <polyline className="path" points={points([...last, ...forecast], from - last.length)}>
        <title>{t('ahead.forecast')}</title>
      </polyline>
    </svg>
  );
}

/** Which line is which. */
export function AheadLegend({ truth }: { truth: boolean }) {
  const { t } = useWords();
  return (
    <p className="quiet small ahead-legend">
      <span className="behind">{t('ahead.behind')}</span>
      {truth ? <span className="truth">{t('ahead.truth')}</span> : null}
      <span className="path">{t('ahead.forecast')}</span>
      <span className="bounds">{t('ahead.bounds')}</span>
    </p>
  );
}
