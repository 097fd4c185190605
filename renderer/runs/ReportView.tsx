// What a finished run says about its model, on rows that it never trained on.
import { CopyButton, UnstyledButton } from '@mantine/core';
import type { ClassificationReport, RegressionReport, Report } from '../../engine/schema/index.ts';
import { Histogram, Reliability } from '../charts/Bars.tsx';
import { Heatmap } from '../charts/Heatmap.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Figure, Section } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';
import { Anomaly, Generation, Ranking } from './OtherReports.tsx';
import { Forecast } from './Forecast.tsx';
import { Curves, Misjudged, useChosen, useCurveClass } from './Outcomes.tsx';
import { Slices } from './Slices.tsx';

function Classes({ report }: { report: ClassificationReport }) {
  const { t, f } = useWords();
  const averages = [
    [t('report.macro'), report.macro],
    [t('report.weighted'), report.weighted],
  ] as const;
  const score = (value: number) => (
    <td className="num scored" style={{ '--x': value } as React.CSSProperties}>
      {f.figure(value, 3)}
    </td>
  );
  return (
    <div className="scroll-x">
      <table className="plain scores">
        <thead>
          <tr>
            <th scope="col">{t('report.class')}</th>
            <th scope="col" className="num">
              {t('report.precision')}
            </th>
            <th scope="col" className="num">
              {t('report.recall')}
            </th>
            <th scope="col" className="num">
              F1
            </th>
            <th scope="col" className="num">
              {t('report.support')}
            </th>
          </tr>
        </thead>
        <tbody>
          {report.classes.map((row) => (
            <tr key={row.label}>
              <th scope="row" className="ellipsis">
                {row.label}
              </th>
              {score(row.precision)}
              {score(row.recall)}
              {score(row.f1)}
              <td className="num">{f.count(row.support)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          {averages.map(([name, row]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="num">{f.figure(row.precision, 3)}</td>
              <td className="num">{f.figure(row.recall, 3)}</td>
              <td className="num">{f.figure(row.f1, 3)}</td>
              <td className="num">{f.count(row.support)}</td>
            </tr>
          ))}
        </tfoot>
      </table>
    </div>
  );
}

function Confused({ report }: { report: ClassificationReport }) {
  const { t, f } = useWords();
  const names = report.classes.map((row) => row.label);
  const pairs = report.confusion
    .flatMap((row, i) =>
      row.map((count, j) => ({ truth: names[i] ?? '', predicted: names[j] ?? '', count, off: i !== j })),
    )
    .filter((pair) => pair.off && pair.count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, 5);
  if (pairs.length === 0) return <p className="quiet small">{t('report.noErrors')}</p>;
  return (
    <>
      <h3>{t('report.confused')}</h3>
      <ol className="confused">
        {pairs.map((pair) => (
          <li key={`${pair.truth}→${pair.predicted}`}>
            <span className="num">{f.count(pair.count)}</span>
            <span>
              <b>{pair.truth}</b> → {pair.predicted}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

/** Where 95 of 100 samples of so many rows would have a share (Wilson 1927). */
function wilson(share: number, rows: number): [low: number, high: number] {
  const [z, n] = [1.96, Math.max(1, rows)];
  const middle = (share + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

function Classification({ report, run }: { report: ClassificationReport; run: string }) {
  const { t, f } = useWords();
  const [chosen, choose] = useChosen(run);
  const [, showCurves] = useCurveClass(run);
  const [commonest] = [...report.classes].sort((a, b) => b.support - a.support);
  const baseline = (commonest?.support ?? 0) / Math.max(1, report.rows);
  const [low, high] = wilson(report.accuracy, report.rows);
  return (
    <>
      <dl className="figures wide">
        <Figure name={t('metric.accuracy')} title={t('report.intervalWords')}>
          {f.figure(report.accuracy)}{' '}
          <span className="quiet small">
            {f.figure(low, 3)} – {f.figure(high, 3)}
          </span>
        </Figure>
        <Figure name={t('report.baseline', { label: commonest?.label ?? '' })} title={t('report.baselineWords')}>
          {f.figure(baseline)}
        </Figure>
        <Figure name={t('report.macroF1')}>{f.figure(report.macroF1)}</Figure>
        <Figure name={t('report.weightedF1')}>{f.figure(report.weightedF1)}</Figure>
        <Figure name="ROC AUC" title={report.rocAuc === undefined ? t('report.noAuc') : undefined}>
          {f.figure(report.rocAuc)}
        </Figure>
        <Figure name={t('report.logLoss')}>{f.figure(report.logLoss)}</Figure>
        <Figure name={t('report.ece')} title={t('report.eceWords')}>
          {f.figure(report.calibration.ece, 3)}
        </Figure>
        <Figure name={t('report.rows')}>{f.count(report.rows)}</Figure>
      </dl>
      {report.accuracy <= baseline ? (
        <ul className="notices">
          <li className="high">
            <Icon name="warning" size={14} />
            <span>{t('report.useless', { label: commonest?.label ?? '' })}</span>
          </li>
        </ul>
      ) : null}
      <div className="report-grid">
        <div>
          <h3>{t('report.perClass')}</h3>
          <Classes report={report} />
        </div>
        {report.confusion.length > 0 && (
          <div className={report.classes.length > 14 ? 'across' : undefined}>
            <h3>{t('report.confusion')}</h3>
            <Heatmap
              classes={report.classes.map((row) => row.label)}
              counts={report.confusion}
              open={chosen}
              onOpen={(truth, predicted) => {
                choose({ truth, predicted });
                showCurves(truth);
                // Where the rows stand further down, they come into sight.
                requestAnimationFrame(() =>
                  document.querySelector('.judged')?.scrollIntoView({ block: 'start', behavior: 'smooth' }),
                );
              }}
            />
            <Confused report={report} />
          </div>
        )}
        <div>
          <h3>{t('report.calibration')}</h3>
          <Reliability bins={report.calibration.bins} />
          <p className="quiet small">{t('report.calibrationWords')}</p>
        </div>
        <Slices slices={report.slices} score={t('metric.accuracy')} />
      </div>
      <Misjudged key={JSON.stringify(chosen)} run={run} weights={report.weights} chosen={chosen} onChoose={choose} />
      <Curves run={run} weights={report.weights} />
    </>
  );
}

function Regression({ report, run }: { report: RegressionReport; run: string }) {
  const { t, f } = useWords();
  const { edges, counts } = report.residuals.histogram;
  const names = ['0 %', '5 %', '25 %', '50 %', '75 %', '95 %', '100 %'];
  return (
    <>
      <dl className="figures wide">
        <Figure name="R²">{f.figure(report.r2)}</Figure>
        <Figure name={t('metric.rmse')}>{f.figure(report.rmse)}</Figure>
        <Figure name={t('metric.mae')}>{f.figure(report.mae)}</Figure>
        <Figure name={t('report.residualMean')}>{f.figure(report.residuals.mean)}</Figure>
        <Figure name={t('report.residualStd')}>{f.figure(report.residuals.std)}</Figure>
        <Figure name={t('report.rows')}>{f.count(report.rows)}</Figure>
      </dl>
      {report.r2 <= 0 ? (
        <ul className="notices">
          <li className="high">
            <Icon name="warning" size={14} />
            <span>{t('report.uselessNumber')}</span>
          </li>
        </ul>
      ) : null}
      <div className="report-grid two">
        <div>
          <h3>{t('report.residuals')}</h3>
          <Histogram
            counts={counts}
            low={edges[0] ?? 0}
            high={edges.at(-1) ?? 0}
            label={t('report.residuals')}
            height={150}
            zero
            axis={(value) => f.figure(value, 3)}
          />
          <p className="quiet small">{t('report.residualWords')}</p>
          <h3>{t('report.quantiles')}</h3>
          <table className="plain">
            <tbody>
              {report.residuals.quantiles.map((value, index) => (
                <tr key={names[index]}>
                  <th scope="row">{names[index]}</th>
                  <td className="num">{f.figure(value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <Curves run={run} weights={report.weights} />
        <Slices slices={report.slices} score={t('metric.mae')} />
      </div>
      <Misjudged run={run} weights={report.weights} chosen={null} onChoose={() => undefined} />
    </>
  );
}

function Body({ report, run }: { report: Report; run: string }) {
  if ('accuracy' in report) return <Classification report={report} run={run} />;
  if ('perplexity' in report) return <Generation report={report} />;
  if (report.task === 'ranking') return <Ranking report={report} />;
  if (report.task === 'forecasting') return <Forecast report={report} />;
  return report.task === 'anomaly' ? <Anomaly report={report} /> : <Regression report={report} run={run} />;
}

/** `run` is the id of the run that made the report: its rows are asked for. */
export function ReportView({ report, run }: { report: Report; run: string }) {
  const { t, f } = useWords();
  return (
    <Section
      title={t('report.title')}
      note={t('report.note', { rows: f.count(report.rows) })}
      side={
        <CopyButton value={report.weights}>
          {({ copied, copy }) => (
            <UnstyledButton className="hash mono" onClick={copy} title={t('report.weights')}>
              {copied ? t('copied') : `${t('report.weightsShort')} ${report.weights.slice(0, 12)}`}
            </UnstyledButton>
          )}
        </CopyButton>
      }
    >
      <Body report={report} run={run} />
    </Section>
  );
}
