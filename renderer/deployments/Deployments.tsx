// What is served: under which name, which model, in which state.
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Deployment } from '../../engine/schema/index.ts';
import { ask } from '../app/queries.ts';
import { Empty, Page, Problem, Waiting } from '../parts/Page.tsx';
import { State } from '../parts/State.tsx';
import { type Column, Table } from '../parts/Table.tsx';
import { useWords } from '../parts/words.ts';

export function Deployments() {
  const { t, f } = useWords();
  const navigate = useNavigate();
  const list = useQuery(ask.deployments());
  const rows = list.data?.items ?? [];
  const columns = useMemo(
    (): Column<Deployment>[] => [
      {
        id: 'name',
        head: t('name'),
        track: 'minmax(130px, 1fr)',
        value: (row) => row.name,
        render: (row) => (
          <Link to="/deployments/$name" params={{ name: row.name }} className="strong">
            {row.name}
          </Link>
        ),
      },
      {
        id: 'state',
        head: t('state'),
        track: 'minmax(100px, .8fr)',
        value: (row) => row.state,
        render: (row) => <State state={row.state} />,
      },
      {
        id: 'model',
        rank: 1,
        head: t('models.model'),
        track: 'minmax(140px, 1fr)',
        value: (row) => row.model.name,
        render: (row) => (
          <Link to="/models/$id" params={{ id: row.model.id }}>
            {row.model.name}@{row.model.version}
          </Link>
        ),
      },
      {
        id: 'address',
        rank: 3,
        head: t('deploy.address'),
        track: 'minmax(240px, 2fr)',
        render: (row) => <code className="quiet">{`/api/v1/deployments/${row.name}/predict`}</code>,
      },
      {
        id: 'replicas',
        rank: 4,
        head: t('deploy.replicas'),
        track: '90px',
        right: true,
        render: ({ replicas: { min, max } }) => (min === max ? min : `${min}–${max}`),
      },
      {
        id: 'updatedAt',
        rank: 5,
        head: t('changed'),
        track: '112px',
        right: true,
        value: (row) => row.updatedAt,
        render: (row) => <span title={f.moment(row.updatedAt)}>{f.ago(row.updatedAt)}</span>,
      },
    ],
    [t, f],
  );
  return (
    <Page title={t('place.deployments')} fill>
      {list.isPending ? <Waiting /> : null}
      {list.error ? <Problem error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.data && rows.length === 0 ? (
        <Empty
          icon="deployments"
          title={t('deploy.empty')}
          action={
            <Button variant="filled" component={Link} to="/models">
              {t('deploy.choose')}
            </Button>
          }
        >
          <p>{t('deploy.teach')}</p>
        </Empty>
      ) : null}
      {rows.length > 0 ? (
        <Table
          label={t('place.deployments')}
          columns={columns}
          rows={rows}
          keyOf={(row) => row.id}
          onOpen={(row) => void navigate({ to: '/deployments/$name', params: { name: row.name } })}
          fill
        />
      ) : null}
    </Page>
  );
}
