// All models: what each predicts and how well, and the ways on: serve, export, erase.
import { ActionIcon, Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Model } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { ask } from '../app/queries.ts';
import { useTrain } from '../app/train.ts';
import { Icon } from '../parts/Icon.tsx';
import { Empty, Page, Problem, Waiting } from '../parts/Page.tsx';
import { removeLater } from '../parts/removal.ts';
import { type Column, Table } from '../parts/Table.tsx';
import { useVisible } from '../parts/useVisible.ts';
import { useWords } from '../parts/words.ts';
import { modelHeadline } from '../runs/figures.ts';
import { ModelImport } from './ModelImport.tsx';

export function Models() {
  const { t, f } = useWords();
  const navigate = useNavigate();
  const train = useTrain();
  const list = useQuery(ask.models());
  const rows = useVisible(list.data?.items);
  const datasets = useQuery(ask.datasets()).data?.items;
  const served = useQuery(ask.deployments()).data?.items;
  const columns = useMemo(
    (): Column<Model>[] => [
      {
        id: 'name',
        head: t('name'),
        track: 'minmax(140px, 1.6fr)',
        value: (row) => `${row.name}@${String(row.version).padStart(6, '0')}`,
        render: (row) => (
          <Link to="/models/$id" params={{ id: row.id }} className="strong">
            {row.name}
            <span className="quiet">@{row.version}</span>
          </Link>
        ),
      },
      {
        id: 'predicts',
        rank: 2,
        head: t('models.predicts'),
        track: 'minmax(130px, 1fr)',
        value: (row) => row.target,
        render: (row) => (
          <>
            {row.target}{' '}
            <span className="quiet">
              {row.classes.length > 0 ? t('models.classes', { count: row.classes.length }) : t('models.aNumber')}
            </span>
          </>
        ),
      },
      {
        id: 'score',
        head: t('runs.score'),
        track: 'minmax(110px, 130px)',
        right: true,
        value: (row) => modelHeadline(row)?.value,
        render: (row) => {
          const score = modelHeadline(row);
          return score ? (
            <>
              <span className="quiet">{t(`metric.${score.name}`)} </span>
              {f.figure(score.value)}
            </>
          ) : (
            '–'
          );
        },
      },
      {
        id: 'family',
        rank: 6,
        head: t('runs.family'),
        track: 'minmax(100px, .8fr)',
        value: (row) => row.family,
        render: (row) => row.family,
      },
      {
        id: 'dataset',
        rank: 4,
        head: t('runs.dataset'),
        track: 'minmax(120px, 1fr)',
        value: (row) => row.dataset,
        render: (row) => {
          const known = datasets?.find((dataset) => dataset.id === row.dataset || dataset.name === row.dataset);
          return known ? (
            <Link to="/datasets/$id" params={{ id: known.id }}>
              {known.name}
            </Link>
          ) : (
            row.dataset
          );
        },
      },
      {
        id: 'served',
        rank: 3,
        head: t('models.served'),
        track: 'minmax(110px, 1fr)',
        render: (row) => {
          const at = (served ?? []).filter((item) => item.model.id === row.id && item.state !== 'stopped');
          return at.length > 0 ? (
            at.map((item) => (
              <Link key={item.id} to="/deployments/$name" params={{ name: item.name }}>
                {item.name}{' '}
              </Link>
            ))
          ) : (
            <span className="quiet">–</span>
          );
        },
      },
      {
        id: 'bytes',
        rank: 7,
        head: t('size'),
        track: '80px',
        right: true,
        value: (row) => row.bytes,
        render: (row) => f.bytes(row.bytes),
      },
      {
        id: 'createdAt',
        rank: 5,
        head: t('created'),
        track: '112px',
        right: true,
        value: (row) => row.createdAt,
        render: (row) => <span title={f.moment(row.createdAt)}>{f.ago(row.createdAt)}</span>,
      },
      {
        id: 'remove',
        rank: 1,
        head: '',
        track: '36px',
        render: (row) => (
          <ActionIcon
            aria-label={t('models.delete', { name: `${row.name}@${row.version}` })}
            title={t('delete')}
            className="row-tool"
            onClick={() =>
              removeLater(row.id, `${row.name}@${row.version}`, () =>
                api.call('models.delete', { params: { id: row.id } }),
              )
            }
          >
            <Icon name="trash" size={15} />
          </ActionIcon>
        ),
      },
    ],
    [t, f, datasets, served],
  );
  return (
    <Page title={t('place.models')} actions={<ModelImport />} fill>
      {list.isPending ? <Waiting /> : null}
      {list.error ? <Problem error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.data && rows.length === 0 ? (
        <Empty
          icon="models"
          title={t('models.empty')}
          action={
            <Button variant="filled" onClick={() => train.open()}>
              {t('train')}
            </Button>
          }
        >
          <p>{t('models.teach')}</p>
        </Empty>
      ) : null}
      {rows.length > 0 ? (
        <Table
          label={t('place.models')}
          columns={columns}
          rows={rows}
          keyOf={(row) => row.id}
          onOpen={(row) => void navigate({ to: '/models/$id', params: { id: row.id } })}
          fill
        />
      ) : null}
    </Page>
  );
}
