// The audit chain, newest first, and the check of every link.
import { Button } from '@mantine/core';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import type { AuditEntry } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { ask } from '../app/queries.ts';
import { Icon } from '../parts/Icon.tsx';
import { Problem, Waiting } from '../parts/Page.tsx';
import { State } from '../parts/State.tsx';
import { type Column, Table } from '../parts/Table.tsx';
import { useWords } from '../parts/words.ts';

export function Audit() {
  const { t, f, said } = useWords();
  const { data, isPending, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    ask.audit(),
  );
  const verify = useMutation({ mutationFn: () => api.call('audit.verify') });
  const rows = useMemo(() => data?.pages.flatMap((page) => page.entries) ?? [], [data]);
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const columns = useMemo(
    (): Column<AuditEntry>[] => [
      {
        id: 'seq',
        rank: 4,
        head: '#',
        track: '64px',
        right: true,
        render: (entry) => <span className="quiet">{entry.seq}</span>,
      },
      { id: 'at', head: t('audit.at'), track: '130px', render: (entry) => f.moment(entry.at) },
      { id: 'actor', rank: 1, head: t('audit.actor'), track: 'minmax(130px, 1fr)', render: (entry) => entry.actor },
      {
        id: 'action',
        head: t('audit.action'),
        track: 'minmax(120px, 1fr)',
        render: (entry) => <code>{entry.action}</code>,
      },
      {
        id: 'subject',
        rank: 3,
        head: t('audit.subject'),
        track: 'minmax(160px, 1.4fr)',
        render: (entry) => entry.subject,
      },
      {
        id: 'outcome',
        rank: 2,
        head: t('audit.outcome'),
        track: '110px',
        render: (entry) => <State state={entry.outcome} />,
      },
      {
        id: 'hash',
        rank: 5,
        head: t('audit.hash'),
        track: '110px',
        render: (entry) => (
          <code className="quiet" title={entry.hash}>
            {entry.hash.slice(0, 10)}
          </code>
        ),
      },
    ],
    [t, f],
  );
  const result = verify.data;
  return (
    <>
      <div className="toolbar">
        <Button
          leftSection={<Icon name="shield" size={14} />}
          loading={verify.isPending}
          onClick={() => verify.mutate()}
        >
          {t('audit.verify')}
        </Button>
        {result ? (
          <output className={result.ok ? 'verdict good' : 'verdict bad'}>
            <Icon name={result.ok ? 'check' : 'warning'} size={14} />
            {result.ok
              ? t('audit.intact', { count: result.entries, shown: f.count(result.entries) })
              : t('audit.broken', { seq: result.broken?.seq ?? '?', why: said(result.broken?.why ?? '') })}
          </output>
        ) : (
          <span className="quiet">{t('audit.words')}</span>
        )}
      </div>
      {verify.error ? <Problem error={verify.error} /> : null}
      {isPending ? <Waiting /> : null}
      {error ? <Problem error={error} onRetry={() => void refetch()} /> : null}
      {rows.length > 0 ? (
        <Table
          label={t('keys.audit')}
          columns={columns}
          rows={rows}
          total={data?.pages[0]?.total ?? rows.length}
          keyOf={(entry) => String(entry.seq)}
          onMore={more}
          fill
        />
      ) : null}
    </>
  );
}
