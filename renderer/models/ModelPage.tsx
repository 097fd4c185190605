// One model: where it comes from and where it goes, how good it is, and the bundle to take away.
import { ActionIcon, Button, Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Model } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { ask } from '../app/queries.ts';
import { Icon, type IconName } from '../parts/Icon.tsx';
import { Figure, Page, Problem, Section, Waiting } from '../parts/Page.tsx';
import { removeLater } from '../parts/removal.ts';
import { State } from '../parts/State.tsx';
import { dragOut } from '../parts/dragOut.ts';
import { useWords } from '../parts/words.ts';
import { ReportView } from '../runs/ReportView.tsx';
import { DeployButton } from './DeployButton.tsx';

/** Words for the figures that bundles carry; others keep their own name. */
const metricWords = {
  accuracy: 'metric.accuracy',
  macroF1: 'report.macroF1',
  weightedF1: 'report.weightedF1',
  logLoss: 'report.logLoss',
  ece: 'report.ece',
  loss: 'metric.loss',
  r2: 'metric.r2',
  ndcg: 'metric.ndcg',
  recall: 'report.recallAt',
  mrr: 'report.mrr',
  rocAuc: 'metric.rocAuc',
  flagged: 'metric.flagged',
  threshold: 'report.threshold',
  exactMatch: 'metric.exactMatch',
  perplexity: 'metric.perplexity',
  mase: 'metric.mase',
  tokenAccuracy: 'metric.tokenAccuracy',
  bitsPerByte: 'report.bitsPerByte',
  rmse: 'metric.rmse',
  mae: 'metric.mae',
} as const;

function Stop({ icon, kind, children, here }: { icon: IconName; kind: string; children: ReactNode; here?: boolean }) {
  return (
    <li className={here ? 'here' : undefined} aria-current={here ? 'page' : undefined}>
      <span className="quiet small">
        <Icon name={icon} size={13} /> {kind}
      </span>
      <div>{children}</div>
    </li>
  );
}

function Lineage({ model }: { model: Model }) {
  const { t, f } = useWords();
  const run = useQuery({ ...ask.run(model.parentId ?? ''), enabled: model.parentId !== undefined, retry: false }).data;
  const datasets = useQuery(ask.datasets()).data?.items;
  const dataset = datasets?.find(
    (item) => item.id === (run?.dataset.id ?? model.dataset) || item.name === model.dataset,
  );
  const served = (useQuery(ask.deployments()).data?.items ?? []).filter((item) => item.model.id === model.id);
  return (
    <ol className="lineage" aria-label={t('models.lineage')}>
      <Stop icon="datasets" kind={t('runs.dataset')}>
        {dataset ? (
          <Link to="/datasets/$id" params={{ id: dataset.id }}>
            {dataset.name}
          </Link>
        ) : (
          <span>{run?.dataset.name ?? model.dataset}</span>
        )}
        {dataset?.shape ? (
          <span className="quiet small">{t('models.rows', { rows: f.count(dataset.shape.rows) })}</span>
        ) : null}
      </Stop>
      <Stop icon="runs" kind={t('models.run')}>
        {run ? (
          <Link to="/runs/$id" params={{ id: run.id }}>
            {run.name}
          </Link>
        ) : (
          <span className="quiet">{model.parentId ? '…' : t('models.imported')}</span>
        )}
        {run?.report ? <span className="quiet small">{f.span(run.report.seconds * 1000)}</span> : null}
      </Stop>
      <Stop icon="models" kind={t('models.model')} here>
        <strong>
          {model.name}@{model.version}
        </strong>
        <span className="quiet small">{f.bytes(model.bytes)}</span>
      </Stop>
      <Stop icon="deployments" kind={t('models.served')}>
        {served.length === 0 ? <span className="quiet">{t('models.nowhere')}</span> : null}
        {served.map((item) => (
          <span key={item.id} className="with-bar">
            <Link to="/deployments/$name" params={{ name: item.name }}>
              {item.name}
            </Link>
            <State state={item.state} />
          </span>
        ))}
      </Stop>
    </ol>
  );
}

export function ModelPage() {
  const { t, f } = useWords();
  const { id } = useParams({ from: '/models/$id' });
  const navigate = useNavigate();
  const { data: model, error, refetch } = useQuery(ask.model(id));
  const run = useQuery({
    ...ask.run(model?.parentId ?? ''),
    enabled: model?.parentId !== undefined,
    retry: false,
  }).data;
  // A run that was resumed made another version since: what it says now is of that one.
  const report = run?.model?.id === id ? run.report : undefined;
  if (error) {
    return (
      <Page title={t('place.models')}>
        <Problem error={error} onRetry={() => void refetch()} />
      </Page>
    );
  }
  if (!model) return <Waiting />;
  return (
    <Page
      above={<Link to="/models">{t('place.models')}</Link>}
      title={
        <>
          {model.name}
          <span className="quiet">@{model.version}</span>
        </>
      }
      below={
        <>
          <span>{t(`task.${model.task}`)}</span>
          <span>{model.family}</span>
          <span title={f.moment(model.createdAt)}>{f.ago(model.createdAt)}</span>
        </>
      }
      actions={
        <>
          <Button
            component="a"
            href={`./api/v1/models/${model.id}/export`}
            download
            {...dragOut(`./api/v1/models/${model.id}/export`, `${model.name}-${model.version}.neutrino`)}
            leftSection={<Icon name="download" size={14} />}
            title={t('models.exportWords')}
          >
            {t('models.export')}
          </Button>
          {run && report ? (
            <Button component={Link} to={`/card/${run.id}`}>
              {t('card.open')}
            </Button>
          ) : null}
          <DeployButton model={model} />
          <Menu>
            <Menu.Target>
              <ActionIcon aria-label={t('more')} size={32}>
                <Icon name="more" />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item
                leftSection={<Icon name="trash" size={14} />}
                onClick={() => {
                  removeLater(model.id, `${model.name}@${model.version}`, () =>
                    api.call('models.delete', { params: { id: model.id } }),
                  );
                  void navigate({ to: '/models' });
                }}
              >
                {t('delete')}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      <Lineage model={model} />
      <Section title={t('models.card')}>
        {run?.model && run.model.id !== id ? (
          <p className="soft">
            {t('models.superseded', { model: `${run.model.name}@${run.model.version}` })}{' '}
            <Link to="/models/$id" params={{ id: run.model.id }}>
              {run.model.name}@{run.model.version}
            </Link>
          </p>
        ) : null}
        {report ? null : (
          <dl className="figures wide">
            {Object.entries(model.metrics).map(([name, value]) => (
              <Figure key={name} name={name in metricWords ? t(metricWords[name as keyof typeof metricWords]) : name}>
                {f.figure(value)}
              </Figure>
            ))}
          </dl>
        )}
        <dl className="settings one">
          <div>
            <dt>{t('models.predicts')}</dt>
            <dd>{model.target}</dd>
          </div>
          {model.classes.length > 0 ? (
            <div>
              <dt>{t('report.classes')}</dt>
              <dd className="chips">
                {model.classes.slice(0, 30).map((name) => (
                  <span key={name} className="chip">
                    {name}
                  </span>
                ))}
                {model.classes.length > 30 ? <span className="quiet">+{model.classes.length - 30}</span> : null}
              </dd>
            </div>
          ) : null}
          <div>
            <dt>SHA-256</dt>
            <dd className="mono wrap">{model.sha256}</dd>
          </div>
        </dl>
      </Section>
      {run && report ? <ReportView report={report} run={run.id} /> : null}
    </Page>
  );
}
