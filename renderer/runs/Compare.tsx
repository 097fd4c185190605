// Two or more runs side by side: their curves in one chart, what differs in their settings, and their figures.
import { useThrottledValue } from '@mantine/hooks';
import { useQueries, useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { memo, useDeferredValue, useMemo } from 'react';
import { type Run, workedMs } from '../../engine/schema/index.ts';
import { ask } from '../app/queries.ts';
import { Page, Problem, Section, Waiting } from '../parts/Page.tsx';
import { State } from '../parts/State.tsx';
import { useWords } from '../parts/words.ts';
import { CurvePanel } from './CurvePanel.tsx';
import { Parallel } from './Parallel.tsx';
import { shown } from './Plan.tsx';
import { useClock } from './useClock.ts';

/** Rows of figures: how to read each off a run, and which way is better. */
const figures = [
  ['metric.accuracy', (run: Run) => (run.report && 'accuracy' in run.report ? run.report.accuracy : undefined), 1],
  ['report.macroF1', (run: Run) => (run.report && 'accuracy' in run.report ? run.report.macroF1 : undefined), 1],
  ['report.logLoss', (run: Run) => (run.report && 'accuracy' in run.report ? run.report.logLoss : undefined), -1],
  ['report.ece', (run: Run) => (run.report && 'accuracy' in run.report ? run.report.calibration.ece : undefined), -1],
  ['metric.r2', (run: Run) => (run.report && 'r2' in run.report ? run.report.r2 : undefined), 1],
  ['metric.rmse', (run: Run) => (run.report && 'rmse' in run.report ? run.report.rmse : undefined), -1],
  ['metric.mae', (run: Run) => (run.report && 'rmse' in run.report ? run.report.mae : undefined), -1],
  ['metric.mase', (run: Run) => (run.report?.task === 'forecasting' ? run.report.mase : undefined), -1],
  ['metric.ndcg', (run: Run) => (run.report?.task === 'ranking' ? run.report.ndcg : undefined), 1],
  ['metric.rocAuc', (run: Run) => (run.report?.task === 'anomaly' ? run.report.labels?.rocAuc : undefined), 1],
  [
    'metric.perplexity',
    (run: Run) => (run.report && 'perplexity' in run.report ? run.report.perplexity : undefined),
    -1,
  ],
  ['runs.valLoss', (run: Run) => run.metrics['val.loss'], -1],
  ['report.epochs', (run: Run) => run.report?.epochs, 0],
  ['plan.parameters', (run: Run) => run.plan?.parameters, 0],
] as const;

/** Names that tell the runs apart: those that several have are followed by the end of the id. */
function namesOf(runs: Run[]): Map<string, string> {
  const seen = new Map<string, number>();
  for (const run of runs) seen.set(run.name, (seen.get(run.name) ?? 0) + 1);
  return new Map(
    runs.map((run) => [run.id, (seen.get(run.name) ?? 0) > 1 ? `${run.name} · ${run.id.slice(-4)}` : run.name]),
  );
}

/** Milliseconds between two drawings while runs go on. */
const pace = 400;

/** The curves of all runs in one chart; redrawn a few times a second at most, however fast points arrive. */
function Curves({ runs, names }: { runs: Run[]; names: Map<string, string> }) {
  const curves = useQueries({ queries: runs.map((run) => ask.metrics(run.id)) });
  const stamp = useThrottledValue(curves.map((curve) => curve.dataUpdatedAt).join(' '), pace);
  const sources = useMemo(
    () =>
      runs.map((run, index) => ({ name: names.get(run.id) ?? run.name, points: curves[index]?.data?.points ?? [] })),
    // oxlint-disable-next-line react/exhaustive-deps -- `stamp` stands for the curves' data
    [runs, names, stamp],
  );
  return <CurvePanel sources={sources} height={320} />;
}

export function Compare() {
  const { t } = useWords();
  const { ids } = useParams({ from: '/compare/$ids' });
  const list = useMemo(() => ids.split(',').filter(Boolean), [ids]);
  const compared = useQuery(ask.compare(list));
  const runs = useMemo(() => compared.data?.runs ?? [], [compared.data]);
  const names = useMemo(() => namesOf(runs), [runs]);
  // The curves first: a table of fifty columns is drawn in slices behind them.
  const later = useDeferredValue(runs, []);
  if (compared.isPending) return <Waiting />;
  return (
    <Page above={<Link to="/runs">{t('place.runs')}</Link>} title={t('compare.title', { count: list.length })}>
      {compared.error ? <Problem error={compared.error} onRetry={() => void compared.refetch()} /> : null}
      <section className="section" aria-label={t('runs.curves')}>
        <Curves runs={runs} names={names} />
      </section>
      {later.length > 2 ? (
        <Section title={t('parallel.title')} note={t('parallel.note')}>
          <Parallel runs={later} names={names} differs={compared.data?.differs ?? []} />
        </Section>
      ) : null}
      <SideBySide runs={later} names={names} differs={compared.data?.differs ?? []} />
    </Page>
  );
}

interface Differing {
  field: string;
  values: unknown[];
}

/** Figures and settings, a column a run. */
const SideBySide = memo(function SideBySide(properties: {
  runs: Run[];
  names: Map<string, string>;
  differs: Differing[];
}) {
  const { runs, names, differs } = properties;
  const { t, f } = useWords();
  const now = useClock(false);
  // What came of it stands above, in figures that can be read.
  const settings = differs.filter(({ field }) => /^(?:request|plan|state)\b/.test(field));
  // Scores on different data or targets say nothing against each other.
  const isSame = new Set(runs.map((run) => `${run.dataset.id}\n${run.plan?.target ?? ''}`)).size === 1;
  const present = figures.filter(([, read]) => runs.some((run) => read(run) !== undefined));
  return (
    <Section title={t('compare.side')} note={t('compare.note')}>
      <div className="scroll-x">
        <table className="plain compare">
          <thead>
            <tr>
              <td>
                <span className="visually-hidden">{t('name')}</span>
              </td>
              {runs.map((run) => (
                <th key={run.id} scope="col">
                  <Link to="/runs/$id" params={{ id: run.id }}>
                    {names.get(run.id)}
                  </Link>
                  <State state={run.state} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr className="group">
              <th scope="rowgroup" colSpan={runs.length + 1}>
                {t('compare.figures')}
              </th>
            </tr>
            {present.map(([name, read, better]) => {
              const values = runs.map(read);
              const known = values.filter((value): value is number => value !== undefined);
              const best =
                better === 0 || !isSame || new Set(known).size < 2
                  ? undefined
                  : better > 0
                    ? Math.max(...known)
                    : Math.min(...known);
              return (
                <tr key={name}>
                  <th scope="row">{t(name)}</th>
                  {values.map((value, index) => (
                    <td key={runs[index]?.id} className={value !== undefined && value === best ? 'best' : undefined}>
                      {f.figure(value)}
                      {value !== undefined && value === best ? (
                        <span className="visually-hidden"> {t('compare.best')}</span>
                      ) : null}
                    </td>
                  ))}
                </tr>
              );
            })}
            <tr>
              <th scope="row">{t('runs.time')}</th>
              {runs.map((run) => (
                <td key={run.id}>{f.span(workedMs(run, now))}</td>
              ))}
            </tr>
            <tr className="group">
              <th scope="rowgroup" colSpan={runs.length + 1}>
                {t('compare.differs')}
              </th>
            </tr>
            {settings.map((row) => (
              <tr key={row.field}>
                <th scope="row">
                  <code>{row.field}</code>
                </th>
                {row.values.map((value, index) => (
                  <td key={runs[index]?.id}>{shown(value)}</td>
                ))}
              </tr>
            ))}
            {settings.length === 0 ? (
              <tr>
                <td colSpan={runs.length + 1} className="quiet">
                  {t('compare.same')}
                </td>
              </tr>
            ) : null}
          </tbody>
        </table>
      </div>
    </Section>
  );
});
