// All datasets: what each holds, and the ways in and out.
import { ActionIcon, Button, Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { Dataset } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { chooseFolder, ImportButton } from '../app/Drop.tsx';
import { ask } from '../app/queries.ts';
import { Icon } from '../parts/Icon.tsx';
import { Empty, Page, Problem, Waiting } from '../parts/Page.tsx';
import { State } from '../parts/State.tsx';
import { type Column, Table } from '../parts/Table.tsx';
import { useVisible } from '../parts/useVisible.ts';
import { useWords } from '../parts/words.ts';
import { ImportProgress } from './ImportProgress.tsx';
import { RemoteImport } from './RemoteImport.tsx';
import { removeDataset } from './removeDataset.ts';

export function Datasets() {
  const { t, f } = useWords();
  const navigate = useNavigate();
  const list = useQuery(ask.datasets());
  const rows = useVisible(list.data?.items);
  const [isRemote, setIsRemote] = useState(false);
  const failed = rows.filter(({ state }) => state === 'failed');
  const columns = useMemo(
    (): Column<Dataset>[] => [
      {
        id: 'name',
        head: t('name'),
        track: 'minmax(130px, 2fr)',
        value: (row) => row.name.toLowerCase(),
        render: (row) => (
          <Link to="/datasets/$id" params={{ id: row.id }} className="strong">
            {row.name}
          </Link>
        ),
      },
      {
        id: 'state',
        head: t('state'),
        track: 'minmax(96px, 1fr)',
        value: (row) => row.state,
        render: (row) => (row.state === 'importing' ? <ImportProgress id={row.id} /> : <State state={row.state} />),
      },
      {
        id: 'rows',
        rank: 2,
        head: t('rows'),
        track: '90px',
        right: true,
        value: (row) => row.shape?.rows,
        render: (row) => f.count(row.shape?.rows),
      },
      {
        id: 'columns',
        rank: 5,
        head: t('columns'),
        track: '90px',
        right: true,
        value: (row) => row.shape?.columns.length,
        render: (row) => f.count(row.shape?.columns.length),
      },
      {
        id: 'target',
        rank: 3,
        head: t('datasets.target'),
        track: 'minmax(110px, 1fr)',
        value: (row) => row.shape?.target,
        render: (row) => row.shape?.target ?? <span className="quiet">–</span>,
      },
      {
        id: 'warnings',
        rank: 7,
        head: t('datasets.warnings'),
        track: '96px',
        right: true,
        value: (row) => row.shape?.warnings.length,
        render: (row) =>
          row.shape && row.shape.warnings.length > 0 ? (
            <span className="warned">
              <Icon name="warning" size={13} /> {row.shape.warnings.length}
            </span>
          ) : (
            <span className="quiet">–</span>
          ),
      },
      {
        id: 'bytes',
        rank: 6,
        head: t('size'),
        track: '84px',
        right: true,
        value: (row) => row.bytes?.source,
        render: (row) => f.bytes(row.bytes?.source),
      },
      {
        id: 'createdAt',
        rank: 4,
        head: t('imported'),
        track: '120px',
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
            aria-label={t('datasets.delete', { name: row.name })}
            title={t('delete')}
            className="row-tool"
            onClick={() => void removeDataset(row.id, row.name)}
          >
            <Icon name="trash" size={15} />
          </ActionIcon>
        ),
      },
    ],
    [t, f],
  );

  const more = (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={t('import.more')} title={t('import.more')} size={32}>
          <Icon name="more" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Icon name="datasets" size={14} />} onClick={chooseFolder}>
          {t('import.folder')}
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="room" size={14} />} onClick={() => setIsRemote(true)}>
          {t('import.fromHost')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
  return (
    <Page
      title={t('place.datasets')}
      actions={
        <>
          {failed.length > 0 ? (
            <Button
              leftSection={<Icon name="trash" size={14} />}
              onClick={() => {
                for (const { id } of failed) void api.call('datasets.delete', { params: { id } });
              }}
            >
              {t('datasets.clearFailed', { count: failed.length })}
            </Button>
          ) : null}
          {rows.length > 0 ? <ImportButton primary /> : null}
          {more}
        </>
      }
      fill
    >
      {list.isPending ? <Waiting /> : null}
      {list.error ? <Problem error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.data && rows.length === 0 ? (
        <Empty icon="datasets" title={t('datasets.empty')} action={<ImportButton primary />}>
          <p>{t('datasets.teach')}</p>
          <pre className="sample">{'height,width,colour,label\n1.4,0.2,red,a\n4.7,1.4,blue,b'}</pre>
          <p className="quiet">{t('datasets.formats')}</p>
        </Empty>
      ) : null}
      {rows.length > 0 ? (
        <Table
          label={t('place.datasets')}
          columns={columns}
          rows={rows}
          keyOf={(row) => row.id}
          onOpen={(row) => void navigate({ to: '/datasets/$id', params: { id: row.id } })}
          fill
        />
      ) : null}
      {isRemote ? <RemoteImport onClose={() => setIsRemote(false)} /> : null}
    </Page>
  );
}
