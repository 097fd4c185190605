// One run: its curves as they grow, how far it is, what was planned and why, and the report when it is over.
import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useMemo } from 'react';
import { isRunOver, type Run, workedMs } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { ask, queryClient } from '../app/queries.ts';
import { useTrain } from '../app/train.ts';
import { useRuns } from '../app/useRuns.ts';
import { showFault } from '../parts/faultWords.ts';
import { Icon } from '../parts/Icon.tsx';
import { Figure, Page, Problem, Section, Waiting } from '../parts/Page.tsx';
import { State } from '../parts/State.tsx';
import { JobMembers, JobReasons } from '../room/Jobs.tsx';
import { useWords } from '../parts/words.ts';
import { CurvePanel } from './CurvePanel.tsx';
import { headline, share } from './figures.ts';
import { Plan } from './Plan.tsx';
import { ReportView } from './ReportView.tsx';
import { SearchView } from './SearchView.tsx';
import { useClock } from './useClock.ts';

/** The newest other finished run on the same data, to be laid beside this one. */
function useOther(run: Run): Run | undefined {
  const { rows } = useRuns({ dataset: run.dataset.id, state: 'finished' });
  return rows.find((other) => other.id !== run.id);
}

function Actions({ run }: { run: Run }) {
  const { t } = useWords();
  const other = useOther(run);
  const train = useTrain();
  const act = useMutation({
    mutationFn: (route: 'runs.stop' | 'runs.resume') => api.call(route, { params: { id: run.id }, body: {} }),
    onSuccess: (changed) => queryClient.setQueryData(['run', run.id], changed),
    onError: (error) => showFault(error),
  });
  const over = isRunOver(run.state);
  // A run that failed before its first checkpoint would fail again.
  const resumes = over && run.state !== 'finished' && (run.state !== 'failed' || run.checkpoint !== undefined);
  return (
    <>
      {over ? null : (
        <Button
          leftSection={<Icon name="stop" size={14} />}
          loading={act.isPending || run.state === 'stopping'}
          onClick={() => act.mutate('runs.stop')}
          title={t('runs.stopWords')}
        >
          {t('runs.stop')}
        </Button>
      )}
      {resumes ? (
        <Button
          variant="filled"
          leftSection={<Icon name="play" size={14} />}
          loading={act.isPending}
          onClick={() => act.mutate('runs.resume')}
        >
          {t('runs.resume')}
        </Button>
      ) : null}
      {over && other ? (
        <Button component={Link} to={`/compare/${run.id},${other.id}`}>
          {t('runs.compareWith', { name: other.name })}
        </Button>
      ) : null}
      {over ? (
        <Button
          variant={run.state === 'failed' && !resumes ? 'filled' : 'default'}
          onClick={() => train.open({ ...run.request, dataset: run.dataset.id })}
        >
          {t('runs.again')}
        </Button>
      ) : null}
      {run.model ? (
        <Button
          component={Link}
          to={`/models/${run.model.id}`}
          variant="filled"
          leftSection={<Icon name="models" size={14} />}
        >
          {t('runs.model', { name: `${run.model.name}@${run.model.version}` })}
        </Button>
      ) : null}
    </>
  );
}

function Standing({ run }: { run: Run }) {
  const { t, f, said } = useWords();
  const over = isRunOver(run.state);
  const now = useClock(!over);
  const done = share(run);
  const score = headline(run);
  const time = workedMs(run, now);
  return (
    <aside className="standing" aria-label={t('runs.standing')}>
      {over ? null : (
        <div className="progress-block">
          <div className="progress-words">
            <strong>{done === undefined ? t(`state.${run.state}`) : f.percent(done, 0)}</strong>
            <span className="soft">
              {run.progress?.leftMs === undefined
                ? said(run.progress?.phase ?? '')
                : t('runs.left', { span: f.span(run.progress.leftMs) })}
            </span>
          </div>
          <progress
            className="bar tall"
            max={1}
            aria-label={t('runs.progress')}
            {...(done === undefined ? {} : { value: done })}
          />
        </div>
      )}
      <dl className="figures">
        {score ? (
          <div className="figure hero" title={score.held ? t('runs.heldOut') : t('runs.onValidation')}>
            <dt>
              {t(`metric.${score.name}`)} <span className="quiet">{score.held ? t('runs.test') : t('runs.val')}</span>
            </dt>
            <dd>{f.figure(score.value)}</dd>
          </div>
        ) : null}
        {run.search ? null : (
          <Figure name={`${t('metric.loss')} · ${t('runs.train')}`}>{f.figure(run.metrics['train.loss'])}</Figure>
        )}
        <Figure name={`${t('metric.loss')} · ${t('runs.val')}`}>{f.figure(run.metrics['val.loss'])}</Figure>
        {run.report ? (
          <>
            {run.report.epochs > 0 ? (
              <>
                <Figure name={t('report.best')}>{f.count(run.report.bestEpoch)}</Figure>
                <Figure name={t('report.epochs')}>{f.count(run.report.epochs)}</Figure>
              </>
            ) : null}
            <Figure name={t('report.rows')}>{f.count(run.report.rows)}</Figure>
          </>
        ) : null}
        <Figure name={t('runs.time')}>{f.span(time)}</Figure>
        {run.plan && run.plan.parameters > 0 ? (
          <Figure name={t('plan.parameters')}>{f.count(run.plan.parameters)}</Figure>
        ) : null}
        {run.plan ? <Figure name={t('plan.device')}>{run.plan.device}</Figure> : null}
      </dl>
      {run.checkpoint && !over ? (
        <p className="quiet small">
          {t('runs.checkpoint', { step: f.count(run.checkpoint.step), ago: f.ago(run.checkpoint.at, now) })}
        </p>
      ) : null}
    </aside>
  );
}

export function RunPage() {
  const { t, f, said } = useWords();
  const { id } = useParams({ from: '/runs/$id' });
  const { data: run, error, refetch } = useQuery(ask.run(id));
  const metrics = useQuery(ask.metrics(id));
  const points = metrics.data?.points;
  const sources = useMemo(() => [{ name: '', points: points ?? [] }], [points]);
  if (error) {
    return (
      <Page title={t('place.runs')}>
        <Problem error={error} onRetry={() => void refetch()} />
      </Page>
    );
  }
  if (!run) return <Waiting />;
  return (
    <Page
      above={<Link to="/runs">{t('place.runs')}</Link>}
      title={run.name}
      below={
        <>
          <State state={run.state} />
          <span>
            <Link to="/datasets/$id" params={{ id: run.dataset.id }}>
              {run.dataset.name}
            </Link>{' '}
            → {run.plan?.target ?? run.request.target ?? '?'}
          </span>
          {run.plan ? <span>{run.plan.family}</span> : null}
          <span title={f.moment(run.createdAt)}>{f.moment(run.createdAt)}</span>
        </>
      }
      actions={<Actions run={run} />}
    >
      {run.error && run.state === 'interrupted' ? (
        <p className="soft" title={said(run.error.message)}>
          {t('runs.interrupted')}
        </p>
      ) : null}
      {run.error && run.state !== 'interrupted' ? <Problem error={run.error} /> : null}
      <div className="run-top">
        {isRunOver(run.state) && points?.length === 0 ? (
          <p className="soft">{t('runs.noCurve')}</p>
        ) : (
          <section className="section" aria-label={t('runs.curves')}>
            {metrics.error ? (
              <Problem error={metrics.error} onRetry={() => void metrics.refetch()} />
            ) : (
              <CurvePanel sources={sources} height={340} single trials={run.search !== undefined} />
            )}
          </section>
        )}
        <Standing run={run} />
      </div>
      {run.report ? <ReportView report={run.report} run={run.id} /> : null}
      {run.search ? (
        <SearchView
          search={run.search}
          task={run.plan?.task}
          labels={run.report && 'classes' in run.report ? run.report.classes.map(({ label }) => label) : []}
        />
      ) : null}
      {run.room ? (
        <Section title={t('job.title')}>
          <JobReasons job={run.room} />
          <JobMembers job={run.room} />
        </Section>
      ) : null}
      {run.plan ? (
        <Section title={t('plan.title')} note={t('plan.note')}>
          <Plan plan={run.plan} />
        </Section>
      ) : null}
    </Page>
  );
}
