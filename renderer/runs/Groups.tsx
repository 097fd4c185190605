// Runs put together by what they have in common: a row a group, its scores, and the way to its runs.
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { RouteAnswer } from '../../engine/schema/index.ts';
import { ask } from '../app/queries.ts';
import type { GroupBy, RunsSearch } from '../app/router.tsx';
import { Problem, Waiting } from '../parts/Page.tsx';
import { type Column, Table } from '../parts/Table.tsx';
import { useWords } from '../parts/words.ts';
import { metricKeys } from './figures.ts';

type Group = RouteAnswer<'runs.groups'>['items'][number];

export function Groups({ by, filter }: { by: GroupBy; filter: RunsSearch }) {
  const { t, f } = useWords();
  const navigate = useNavigate();
  const { group: _group, sort: _sort, ...asked } = filter;
  const { data, error, refetch } = useQuery(ask.runGroups({ ...asked, by }));
  const open = (group: Group) =>
    void navigate({ to: '/runs', search: { ...filter, group: undefined, [by]: group.key } });
  const columns = useMemo(
    (): Column<Group>[] => [
      {
        id: 'name',
        head: t(`runs.by.${by}`),
        track: 'minmax(150px, 1.4fr)',
        value: (group) => group.name,
        render: (group) => (
          <a
            href="#/runs"
            className="strong"
            onClick={(event) => {
              event.preventDefault();
              open(group);
            }}
          >
            {group.name}
          </a>
        ),
      },
      {
        id: 'runs',
        head: t('place.runs'),
        track: '72px',
        right: true,
        value: (group) => group.runs,
        render: (group) => f.count(group.runs),
      },
      {
        id: 'finished',
        head: t('state.finished'),
        track: '84px',
        right: true,
        rank: 1,
        value: (group) => group.finished,
        render: (group) => f.count(group.finished),
      },
      {
        id: 'failed',
        head: t('state.failed'),
        track: '72px',
        right: true,
        rank: 2,
        value: (group) => group.failed,
        render: (group) => f.count(group.failed),
      },
      {
        id: 'best',
        head: t('groups.best'),
        track: 'minmax(130px, .8fr)',
        right: true,
        value: (group) => group.score?.best,
        render: ({ score }) =>
          score ? (
            <a href={`#/runs/${score.run.id}`} title={score.run.name}>
              <span className="quiet">
                {score.metric in metricKeys ? t(`metric.${metricKeys[score.metric]}`) : score.metric}{' '}
              </span>
              {f.figure(score.best)}
            </a>
          ) : (
            <span className="quiet">–</span>
          ),
      },
      {
        id: 'mean',
        head: t('groups.mean'),
        track: 'minmax(130px, .8fr)',
        right: true,
        value: (group) => group.score?.mean,
        render: ({ score }) =>
          score ? (
            <span title={t('groups.of', { count: score.of })}>
              {f.figure(score.mean)} <span className="quiet">± {f.figure(score.spread, 2)}</span>
            </span>
          ) : (
            <span className="quiet">–</span>
          ),
      },
      {
        id: 'newest',
        head: t('groups.newest'),
        track: '104px',
        right: true,
        value: (group) => group.newest,
        render: (group) => <span title={f.moment(group.newest)}>{f.ago(group.newest)}</span>,
      },
    ],
    // oxlint-disable-next-line react/exhaustive-deps -- the way to a group follows the address, which remounts the table
    [t, f, by, filter],
  );
  if (error) return <Problem error={error} onRetry={() => void refetch()} />;
  if (!data) return <Waiting />;
  return (
    <Table label={t('runs.by')} columns={columns} rows={data.items} keyOf={(group) => group.key} onOpen={open} fill />
  );
}
