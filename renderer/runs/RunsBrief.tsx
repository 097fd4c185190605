// A few runs in a few columns, for screens about something else.
import { Link } from '@tanstack/react-router';
import { isRunOver, type Run, workedMs } from '../../engine/schema/index.ts';
import { State } from '../parts/State.tsx';
import { useWords } from '../parts/words.ts';
import { headline, share } from './figures.ts';
import { useClock } from './useClock.ts';

export function RunsBrief({ runs }: { runs: Run[] }) {
  const { t, f } = useWords();
  const now = useClock(runs.some((run) => !isRunOver(run.state)));
  return (
    <div className="scroll-x">
      <table className="plain brief">
        <thead>
          <tr>
            <th scope="col">{t('name')}</th>
            <th scope="col">{t('state')}</th>
            <th scope="col">{t('runs.family')}</th>
            <th scope="col" className="num">
              {t('runs.score')}
            </th>
            <th scope="col" className="num">
              {t('runs.time')}
            </th>
            <th scope="col" className="num">
              {t('runs.started')}
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => {
            const score = headline(run);
            const done = share(run);
            return (
              <tr key={run.id}>
                <th scope="row">
                  <Link to="/runs/$id" params={{ id: run.id }} className="strong">
                    {run.name}
                  </Link>
                  <span className="quiet"> {run.dataset.name}</span>
                </th>
                <td>
                  <span className="with-bar">
                    <State state={run.state} />
                    {done !== undefined && !isRunOver(run.state) ? (
                      <progress className="bar" max={1} value={done} aria-label={t('runs.progress')} />
                    ) : null}
                  </span>
                </td>
                <td>{run.plan?.family ?? (run.request.model === 'auto' ? t('auto') : run.request.model)}</td>
                <td className="num">
                  {score ? (
                    <span title={score.held ? t('runs.heldOut') : t('runs.onValidation')}>
                      <span className="quiet">{t(`metric.${score.name}`)} </span>
                      {f.figure(score.value)}
                    </span>
                  ) : (
                    <span className="quiet">–</span>
                  )}
                </td>
                <td className="num">{f.span(workedMs(run, now))}</td>
                <td className="num">{f.ago(run.createdAt, now)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
