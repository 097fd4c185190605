// The keys there are. A secret is never among what is shown: only its hash is kept.
import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { ApiKeyView } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { ask, queryClient } from '../app/queries.ts';
import { showFault } from '../parts/faultWords.ts';
import { Empty, Problem, Waiting } from '../parts/Page.tsx';
import { removeLater } from '../parts/removal.ts';
import { State } from '../parts/State.tsx';
import { type Column, Table } from '../parts/Table.tsx';
import { useVisible } from '../parts/useVisible.ts';
import { useWords } from '../parts/words.ts';

export function KeyTable() {
  const { t, f } = useWords();
  const list = useQuery(ask.keys());
  const rows = useVisible(list.data?.items);
  const principals = useQuery({ queryKey: ['principals'], queryFn: () => api.call('principals.list', { query: {} }) })
    .data?.items;
  const { mutateAsync: revoke } = useMutation({
    mutationFn: (id: string) => api.call('keys.revoke', { params: { id } }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['keys'] }),
    onError: (error) => showFault(error),
  });
  const columns = useMemo(
    (): Column<ApiKeyView>[] => [
      {
        id: 'name',
        head: t('name'),
        track: 'minmax(120px, 1.2fr)',
        value: (key) => key.name,
        render: (key) => <span className="strong">{key.name}</span>,
      },
      {
        id: 'id',
        rank: 6,
        head: t('keys.begins'),
        track: '196px',
        render: (key) => <code className="quiet">nk_{key.id.replace(/^key_|^nk_/, '')}_…</code>,
      },
      {
        id: 'holder',
        rank: 5,
        head: t('keys.holder'),
        track: 'minmax(110px, 1fr)',
        render: (key) => principals?.find((item) => item.id === key.parentId)?.name ?? '–',
      },
      {
        id: 'role',
        rank: 1,
        head: t('keys.role'),
        track: 'minmax(130px, 1fr)',
        value: (key) => key.role,
        render: (key) => (
          <>
            {t(`role.${key.role}`)}
            {key.deployments ? <span className="quiet"> · {key.deployments.join(', ')}</span> : null}
          </>
        ),
      },
      {
        id: 'state',
        head: t('state'),
        track: '100px',
        value: (key) => key.state,
        render: (key) => <State state={key.state} />,
      },
      {
        id: 'lastUsedAt',
        rank: 3,
        head: t('keys.used'),
        track: '120px',
        right: true,
        value: (key) => key.lastUsedAt,
        render: (key) =>
          key.lastUsedAt === undefined ? <span className="quiet">{t('never')}</span> : f.ago(key.lastUsedAt),
      },
      {
        id: 'expiresAt',
        rank: 4,
        head: t('keys.expires'),
        track: '120px',
        right: true,
        value: (key) => key.expiresAt,
        render: (key) =>
          key.expiresAt === undefined ? <span className="quiet">{t('never')}</span> : f.moment(key.expiresAt),
      },
      {
        id: 'revoke',
        head: '',
        track: '90px',
        right: true,
        render: (key) =>
          key.state === 'active' ? (
            <Button
              size="compact-xs"
              variant="subtle"
              className="danger row-tool"
              aria-label={t('keys.revokeName', { name: key.name })}
              onClick={() => removeLater(key.id, key.name, () => revoke(key.id))}
            >
              {t('keys.revoke')}
            </Button>
          ) : null,
      },
    ],
    [t, f, principals, revoke],
  );
  if (list.isPending) return <Waiting />;
  if (list.error) return <Problem error={list.error} onRetry={() => void list.refetch()} />;
  if (rows.length === 0) {
    return (
      <Empty icon="keys" title={t('keys.empty')}>
        {t('keys.teach')}
      </Empty>
    );
  }
  return <Table label={t('keys.keys')} columns={columns} rows={rows} keyOf={(key) => key.id} fill />;
}
