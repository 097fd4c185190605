// The model card of a run as a page that prints well: data, how the model was made, scores on rows it never saw, what was tried,
// what it looks at, its limits (Mitchell et al. 2019). `neutrino runs card` writes the same as a file.
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { Run } from '../../engine/schema/index.ts';
import { ask } from '../app/queries.ts';
import { Page, Problem, Section, Waiting } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';
import { Plan } from '../runs/Plan.tsx';
import { ReportView } from '../runs/ReportView.tsx';
import { SearchView } from '../runs/SearchView.tsx';

/** Rows of a class or of the test part below which a figure is called rough. */
const fewRows = 30;

function Limits({ run, rows }: { run: Run; rows: number | undefined }) {
  const { t, f } = useWords();
  const { report, plan, search } = run;
  const classes = report && 'classes' in report ? report.classes : [];
  const rare = classes.filter(({ support }) => support < fewRows).map(({ label }) => label);
  const weak = classes.filter(({ support, recall }) => support > 0 && recall < 0.5).map(({ label }) => label);
  const named = (names: string[]): string => names.slice(0, 20).join(', ');
  return (
    <ul className="reasons">
      {rows === undefined ? null : <li>{t('card.limit.rows', { rows: f.count(rows) })}</li>}
      <li>{t('card.limit.groups')}</li>
      {report && report.rows < fewRows ? <li>{t('card.limit.few', { rows: report.rows })}</li> : null}
      {rare.length > 0 ? <li>{t('card.limit.rare', { names: named(rare) })}</li> : null}
      {weak.length > 0 ? <li>{t('card.limit.weak', { names: named(weak) })}</li> : null}
      {search && search.leaks.length > 0 ? <li>{t('card.limit.leaks')}</li> : null}
      {plan?.task === 'regression' ? <li>{t('card.limit.far')}</li> : null}
    </ul>
  );
}

export function CardPage() {
  const { t, f } = useWords();
  const { run: id } = useParams({ from: '/card/$run' });
  const { data: run, error, refetch } = useQuery(ask.run(id));
  const dataset = useQuery({ ...ask.dataset(run?.dataset.id ?? ''), enabled: run !== undefined, retry: false }).data;
  if (error) {
    return (
      <Page title={t('card.open')}>
        <Problem error={error} onRetry={() => void refetch()} />
      </Page>
    );
  }
  if (!run) return <Waiting />;
  const { plan, report, search, model } = run;
  return (
    <Page
      above={
        <Link to="/runs/$id" params={{ id: run.id }}>
          {run.name}
        </Link>
      }
      title={model ? `${model.name}@${model.version}` : run.name}
      below={
        <>
          <span>{t('card.open')}</span>
          {plan ? (
            <span>
              {t(`task.${plan.task}`)} · {plan.target}
            </span>
          ) : null}
          <span>{f.moment(run.endedAt)}</span>
        </>
      }
      actions={
        <Button variant="filled" onClick={() => print()} title={t('card.file', { run: run.name })}>
          {t('card.print')}
        </Button>
      }
    >
      <Section title={t('card.data')}>
        <p>
          <Link to="/datasets/$id" params={{ id: run.dataset.id }}>
            {run.dataset.name}
          </Link>
          {dataset?.shape
            ? ` · ${t('datasets.shape', { rows: f.count(dataset.shape.rows), columns: dataset.shape.columns.length })}`
            : ''}
        </p>
        {plan ? (
          <p className="soft">
            {t('card.rows', {
              train: f.count(plan.rows.train),
              validation: f.count(plan.rows.validation),
              test: f.count(plan.rows.test),
            })}
          </p>
        ) : null}
      </Section>
      {plan ? (
        <Section title={t('card.made')}>
          <Plan plan={plan} />
        </Section>
      ) : null}
      {report ? <ReportView report={report} run={run.id} /> : null}
      {search ? (
        <SearchView
          search={search}
          task={plan?.task}
          labels={report && 'classes' in report ? report.classes.map(({ label }) => label) : []}
        />
      ) : null}
      <Section title={t('card.limits')}>
        <Limits run={run} rows={dataset?.shape?.rows} />
      </Section>
    </Page>
  );
}
