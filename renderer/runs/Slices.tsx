// The parts of the test rows that a model does worse on than on all of them.
import type { Slice } from '../../engine/schema/index.ts';
import { useWords } from '../parts/words.ts';

/** `score` names the figure: accuracy, or mean absolute error. */
export function Slices({ slices, score }: { slices: readonly Slice[] | undefined; score: string }) {
  const { t, f } = useWords();
  if (!slices || slices.length === 0) return null;
  return (
    <div className="slices">
      <h3>{t('report.slices')}</h3>
      <div className="scroll-x">
        <table className="plain scores">
          <thead>
            <tr>
              <th scope="col">{t('report.slice')}</th>
              <th scope="col" className="num">
                {score}
              </th>
              <th scope="col" className="num">
                {t('search.interval')}
              </th>
              <th scope="col" className="num">
                {t('report.rows')}
              </th>
            </tr>
          </thead>
          <tbody>
            {slices.map((slice) => (
              <tr key={`${slice.column}\n${slice.value}`}>
                <th scope="row" className="ellipsis">
                  {slice.column} <span className="quiet">{slice.value === '' ? t('report.missing') : slice.value}</span>
                </th>
                <td className="num">{f.figure(slice.score, 3)}</td>
                <td className="num">
                  {f.figure(slice.interval[0], 3)} – {f.figure(slice.interval[1], 3)}
                </td>
                <td className="num">{f.count(slice.rows)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="quiet small">{t('report.slicesWords')}</p>
    </div>
  );
}
