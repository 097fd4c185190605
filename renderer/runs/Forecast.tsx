// The report of a forecast: figures beside the value one season before, errors by step ahead, and some forecasts to look at.
import type { ForecastReport } from '../../engine/schema/index.ts';
import { Ahead, AheadLegend } from '../charts/Ahead.tsx';
import { Figure } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';

/** Steps that the table shows. */
const mostSteps = 14;

export function Forecast({ report }: { report: ForecastReport }) {
  const { t, f } = useWords();
  const { baseline, season, horizon } = report;
  const before = season > 1 ? t('report.seasonBefore', { steps: season }) : t('report.lastValue');
  const every = Math.ceil(horizon / mostSteps);
  const steps = report.byStep.filter(({ ahead }) => (ahead - 1) % every === 0 || ahead === horizon);
  const rows = [
    ['MASE', report.mase, baseline.mase],
    ['sMAPE %', report.smape, baseline.smape],
    [t('metric.rmse'), report.rmse, baseline.rmse],
    [t('metric.mae'), report.mae, baseline.mae],
  ] as const;
  const head = (name: string) => (
    <thead>
      <tr>
        <th scope="col">{name}</th>
        <th scope="col" className="num">
          {t('report.thisModel')}
        </th>
        <th scope="col" className="num">
          {before}
        </th>
      </tr>
    </thead>
  );
  return (
    <>
      <dl className="figures wide">
        <Figure name="MASE" title={t('report.maseWords')}>
          {f.figure(report.mase)}
        </Figure>
        <Figure name={t('report.ahead')}>{f.count(horizon)}</Figure>
        <Figure name={t('report.inBounds')} title={t('report.boundsWords', { share: f.percent(report.band, 0) })}>
          {f.percent(report.coverage)}
        </Figure>
        <Figure name={t('report.forecasts')}>{f.count(report.windows)}</Figure>
        <Figure name={t('report.rows')}>{f.count(report.rows)}</Figure>
      </dl>
      {report.examples.map((example) => (
        <div key={example.series ?? ''}>
          {example.series === undefined ? null : <h3>{example.series}</h3>}
          <Ahead label={example.series ?? t('task.forecasting')} {...example} />
        </div>
      ))}
      {report.examples.length > 0 ? <AheadLegend truth /> : null}
      <div className="report-grid two">
        <div>
          <table className="plain scores">
            {head(t('report.figure'))}
            <tbody>
              {rows.map(([name, own, naive]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td className="num">{f.figure(own)}</td>
                  <td className="num">{f.figure(naive)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <div>
          <table className="plain scores">
            {head(t('report.ahead'))}
            <tbody>
              {steps.map(({ ahead, mae, baseline: naive }) => (
                <tr key={ahead}>
                  <th scope="row">{f.count(ahead)}</th>
                  <td className="num">{f.figure(mae)}</td>
                  <td className="num">{f.figure(naive)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
      <p className="quiet small">{t('report.maseWords')}</p>
    </>
  );
}
