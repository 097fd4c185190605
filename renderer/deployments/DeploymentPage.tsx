// One deployment: its state, a box to try it, code to call it, and the ways back.
import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { Deployment, PredictRequest } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { ask, queryClient } from '../app/queries.ts';
import { showFault } from '../parts/faultWords.ts';
import { Icon } from '../parts/Icon.tsx';
import { Page, Problem, Section, Waiting } from '../parts/Page.tsx';
import { State } from '../parts/State.tsx';
import { useWords } from '../parts/words.ts';
import { Rules } from './Rules.tsx';
import { Onwards } from './Onwards.tsx';
import { Scoring } from './Scoring.tsx';
import { Snippets } from './Snippets.tsx';
import { Traffic } from './Traffic.tsx';
import { TryIt } from './TryIt.tsx';
import { Watch } from './Watch.tsx';
import { Writer } from './Writer.tsx';

function Actions({ deployment }: { deployment: Deployment }) {
  const { t } = useWords();
  const { name } = deployment;
  const act = useMutation({
    mutationFn: (route: 'deployments.rollback' | 'deployments.stop' | 'deployments.create') =>
      route === 'deployments.create'
        ? api.call(route, { body: { model: deployment.model.id, name } })
        : route === 'deployments.stop'
          ? api.call(route, { params: { name } })
          : api.call(route, { params: { name }, body: {} }),
    onSuccess: (changed) => queryClient.setQueryData(['deployment', name], changed),
    onError: (error) => showFault(error),
  });
  const before = deployment.previous[0];
  const idle = deployment.state === 'stopped' || deployment.state === 'failed';
  return (
    <>
      {before ? (
        <Button
          leftSection={<Icon name="rollback" size={14} />}
          loading={act.isPending}
          onClick={() => act.mutate('deployments.rollback')}
        >
          {t('deploy.rollback', { name: `${before.name}@${before.version}` })}
        </Button>
      ) : null}
      {idle ? (
        <Button
          variant="filled"
          leftSection={<Icon name="play" size={14} />}
          loading={act.isPending}
          onClick={() => act.mutate('deployments.create')}
        >
          {t('deploy.start')}
        </Button>
      ) : (
        <Button
          leftSection={<Icon name="stop" size={14} />}
          loading={act.isPending || deployment.state === 'stopping'}
          onClick={() => act.mutate('deployments.stop')}
        >
          {t('deploy.stop')}
        </Button>
      )}
    </>
  );
}

export function DeploymentPage() {
  const { t, f } = useWords();
  const { name } = useParams({ from: '/deployments/$name' });
  const { data: deployment, error, refetch } = useQuery(ask.deployment(name));
  const schema = useQuery({
    ...ask.inputs(name, deployment?.model.version ?? 0),
    enabled: deployment?.state === 'ready',
  });
  const [asked, setAsked] = useState<PredictRequest>();
  if (error) {
    return (
      <Page title={t('place.deployments')}>
        <Problem error={error} onRetry={() => void refetch()} />
      </Page>
    );
  }
  if (!deployment) return <Waiting />;
  return (
    <Page
      above={<Link to="/deployments">{t('place.deployments')}</Link>}
      title={deployment.name}
      below={
        <>
          <State state={deployment.state} />
          <Link to="/models/$id" params={{ id: deployment.model.id }}>
            {deployment.model.name}@{deployment.model.version}
          </Link>
          <span>
            {deployment.replicas.min === deployment.replicas.max
              ? t('deploy.replicaFixed', { count: deployment.replicas.min })
              : t('deploy.replicaCount', deployment.replicas)}
          </span>
          <span title={f.moment(deployment.updatedAt)}>{f.ago(deployment.updatedAt)}</span>
        </>
      }
      actions={<Actions deployment={deployment} />}
    >
      {deployment.error ? <Problem error={deployment.error} /> : null}
      {deployment.state === 'starting' ? <p className="soft">{t('deploy.starting')}</p> : null}
      {deployment.state === 'stopped' ? <p className="soft">{t('deploy.stopped')}</p> : null}
      {schema.error ? <Problem error={schema.error} onRetry={() => void schema.refetch()} /> : null}
      {deployment.state === 'ready' && schema.data ? (
        <div className="deploy-grid">
          <Section title={t('try.title')} note={schema.data.writes ? undefined : t('try.note')}>
            {schema.data.writes ? (
              <Writer
                key={deployment.model.id}
                name={name}
                schema={schema.data}
                writes={schema.data.writes}
                onAsk={setAsked}
              />
            ) : schema.data.series ? (
              <Onwards key={deployment.model.id} name={name} schema={schema.data} onAsk={setAsked} />
            ) : (
              <TryIt
                key={deployment.model.id}
                name={name}
                model={deployment.model.id}
                schema={schema.data}
                onAsk={setAsked}
              />
            )}
          </Section>
          <Section title={t('snippets.title')}>
            <Snippets name={name} request={asked ?? schema.data.example} />
          </Section>
        </div>
      ) : null}
      {deployment.state === 'ready' ? (
        <>
          <Traffic deployment={deployment} />
          <Watch deployment={deployment} />
          {schema.data && !schema.data.writes && !schema.data.series ? <Scoring name={name} /> : null}
          <Rules key={deployment.updatedAt} deployment={deployment} />
        </>
      ) : null}
      {deployment.previous.length > 0 ? (
        <Section title={t('deploy.history')}>
          <ul className="reasons">
            {deployment.previous.map((model) => (
              <li key={model.id}>
                <Link to="/models/$id" params={{ id: model.id }}>
                  {model.name}@{model.version}
                </Link>
              </li>
            ))}
          </ul>
        </Section>
      ) : null}
    </Page>
  );
}
