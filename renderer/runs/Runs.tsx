// Every run there is: searched, filtered and sorted by the appliance, ten thousand or more, and compared by ticking.
import { Button, SegmentedControl, Select, TextInput } from '@mantine/core';
import { useDebouncedValue, useSessionStorage } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useDeferredValue, useEffect, useMemo, useState } from 'react';
import { isRunOver, type Run, workedMs } from '../../engine/schema/index.ts';
import { ask } from '../app/queries.ts';
import { groupings, type RunsSearch } from '../app/router.tsx';
import { useTrain } from '../app/train.ts';
import { useRuns } from '../app/useRuns.ts';
import { Icon } from '../parts/Icon.tsx';
import { Empty, Page, Problem, Waiting } from '../parts/Page.tsx';
import { State } from '../parts/State.tsx';
import { type Column, Table } from '../parts/Table.tsx';
import { useWords } from '../parts/words.ts';
import { headline, share } from './figures.ts';
import { Groups } from './Groups.tsx';
import { useClock } from './useClock.ts';

const none: string[] = [];
const empty: Run[] = [];
const states = ['', 'running', 'finished', 'stopped', 'failed', 'interrupted'] as const;

function useColumns(now: number): Column<Run>[] {
  const { t, f } = useWords();
  return useMemo(
    () => [
      {
        id: 'name',
        head: t('name'),
        track: 'minmax(120px, 1.4fr)',
        value: (run) => run.name,
        render: (run) => (
          // Ten thousand rows scroll by: the router's own links cost more than the rest of a row.
          <a href={`#/runs/${run.id}`} className="strong">
            {run.name}
          </a>
        ),
      },
      {
        id: 'state',
        rank: 1,
        head: t('state'),
        track: 'minmax(140px, 1fr)',
        value: (run) => run.state,
        render: (run) => {
          const done = share(run);
          return (
            <span className="with-bar">
              <State state={run.state} />
              {done !== undefined && !isRunOver(run.state) ? (
                <progress className="bar" max={1} value={done} aria-label={t('runs.progress')} />
              ) : null}
            </span>
          );
        },
      },
      {
        id: 'dataset.name',
        rank: 2,
        head: t('runs.dataset'),
        track: 'minmax(150px, 1.3fr)',
        value: (run) => run.dataset.name,
        render: (run) => (
          <>
            <a href={`#/datasets/${run.dataset.id}`}>{run.dataset.name}</a>
            <span className="quiet"> → {run.plan?.target ?? run.request.target ?? '?'}</span>
          </>
        ),
      },
      {
        id: 'plan.family',
        rank: 5,
        head: t('runs.family'),
        track: 'minmax(104px, .7fr)',
        value: (run) => run.plan?.family,
        render: (run) => run.plan?.family ?? <span className="quiet">{run.request.model}</span>,
      },
      {
        id: 'score',
        head: t('runs.score'),
        track: 'minmax(104px, 124px)',
        right: true,
        render: (run) => {
          const score = headline(run);
          return score ? (
            <span title={score.held ? t('runs.heldOut') : t('runs.onValidation')}>
              <span className="quiet">{t(`metric.${score.name}`)} </span>
              {f.figure(score.value)}
            </span>
          ) : (
            <span className="quiet">–</span>
          );
        },
      },
      {
        id: 'metrics.val.loss',
        rank: 6,
        head: t('runs.valLoss'),
        track: '72px',
        right: true,
        value: (run) => run.metrics['val.loss'],
        render: (run) => f.figure(run.metrics['val.loss']),
      },
      {
        id: 'request.seed',
        rank: 7,
        head: t('runs.seed'),
        track: '44px',
        right: true,
        value: (run) => run.request.seed,
        render: (run) => run.request.seed,
      },
      {
        id: 'time',
        rank: 4,
        head: t('runs.time'),
        track: '62px',
        right: true,
        render: (run) => f.span(workedMs(run, now)),
      },
      {
        id: 'createdAt',
        rank: 3,
        head: t('runs.started'),
        track: '92px',
        right: true,
        value: (run) => run.createdAt,
        render: (run) => <span title={f.moment(run.createdAt)}>{f.ago(run.createdAt, now)}</span>,
      },
    ],
    [t, f, now],
  );
}

export function Runs() {
  const { t, f } = useWords();
  const navigate = useNavigate();
  const train = useTrain();
  const filter = useSearch({ from: '/runs' });
  const [typed, setTyped] = useState(filter.search ?? '');
  const [settled] = useDebouncedValue(typed.trim(), 200);
  const [ticks, setTicks] = useSessionStorage<string[]>({
    key: 'neutrino.ticks',
    defaultValue: none,
    getInitialValueInEffect: false,
  });
  const chosen = useMemo(() => new Set(ticks), [ticks]);
  const change = (part: RunsSearch) => void navigate({ to: '/runs', search: { ...filter, ...part }, replace: true });
  useEffect(() => {
    if ((filter.search ?? '') !== settled) change({ search: settled || undefined });
    // oxlint-disable-next-line react/exhaustive-deps -- the address follows what was typed, not the other way round
  }, [settled]);

  const query = useMemo(
    () => Object.fromEntries(Object.entries(filter).filter(([name, value]) => value !== undefined && name !== 'group')),
    [filter],
  );
  const runs = useRuns(query);
  // The page answers first, then its rows come, in slices of time.
  const rows = useDeferredValue(runs.rows, empty);
  const datasets = useQuery(ask.datasets()).data?.items;
  const dataset = filter.dataset && (datasets?.find((one) => one.id === filter.dataset)?.name ?? filter.dataset);
  const experiments = useQuery(ask.experiments()).data?.items ?? [];
  const now = useClock(runs.rows.some((run) => !isRunOver(run.state)));
  const columns = useColumns(now);
  const filtered = Object.keys(query).some((name) => name !== 'sort');
  const sort = filter.sort ?? '-createdAt';

  return (
    <Page
      title={t('place.runs')}
      below={runs.pending ? null : <span>{t('runs.count', { count: runs.total, shown: f.count(runs.total) })}</span>}
      actions={
        chosen.size > 0 ? (
          <>
            <Button variant="subtle" onClick={() => setTicks(none)}>
              {t('runs.clear')}
            </Button>
            <Button
              variant="filled"
              disabled={chosen.size < 2}
              onClick={() => void navigate({ to: '/compare/$ids', params: { ids: [...chosen].join(',') } })}
            >
              {chosen.size < 2 ? t('runs.tickMore') : t('runs.compare', { count: chosen.size })}
            </Button>
          </>
        ) : (
          <Button variant="filled" leftSection={<Icon name="train" size={14} />} onClick={() => train.open()}>
            {t('train')}
          </Button>
        )
      }
      fill
    >
      <div className="toolbar">
        <TextInput
          aria-label={t('search')}
          placeholder={t('search')}
          leftSection={<Icon name="search" size={14} />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          w={220}
        />
        <SegmentedControl
          aria-label={t('state')}
          value={filter.state ?? ''}
          onChange={(state) => change({ state: state || undefined })}
          data={states.map((state) => ({ value: state, label: state === '' ? t('all') : t(`state.${state}`) }))}
        />
        <Select
          aria-label={t('runs.by')}
          placeholder={t('runs.by')}
          value={filter.group ?? null}
          onChange={(group) => change({ group: groupings.find((by) => by === group) })}
          data={groupings.map((by) => ({ value: by, label: t(`runs.by.${by}`) }))}
          clearable
          w={150}
        />
        {dataset || filter.family ? (
          <Button
            size="xs"
            variant="subtle"
            rightSection={<Icon name="close" size={12} />}
            onClick={() => change({ dataset: undefined, family: undefined })}
          >
            {[dataset, filter.family].filter(Boolean).join(' · ')}
          </Button>
        ) : null}
        {experiments.length > 1 ? (
          <Select
            aria-label={t('runs.experiment')}
            placeholder={t('runs.experiment')}
            value={filter.experiment ?? null}
            onChange={(experiment) => change({ experiment: experiment ?? undefined })}
            data={experiments.map((experiment) => ({ value: experiment.id, label: experiment.name }))}
            clearable
            w={180}
          />
        ) : null}
      </div>
      {filter.group ? <Groups by={filter.group} filter={filter} /> : null}
      {runs.pending ? <Waiting /> : null}
      {runs.error ? <Problem error={runs.error} onRetry={runs.retry} /> : null}
      {!runs.pending && !runs.error && runs.rows.length === 0 ? (
        filtered ? (
          <Empty
            icon="search"
            title={t('runs.none')}
            action={
              <Button
                onClick={() => {
                  setTyped('');
                  void navigate({ to: '/runs', search: {} });
                }}
              >
                {t('runs.all')}
              </Button>
            }
          >
            {t('runs.noneWords')}
          </Empty>
        ) : (
          <Empty
            icon="runs"
            title={t('runs.empty')}
            action={
              <Button variant="filled" onClick={() => train.open()}>
                {t('train')}
              </Button>
            }
          >
            <p>{t('runs.teach')}</p>
          </Empty>
        )
      ) : null}
      {rows.length > 0 && runs.rows.length > 0 && !filter.group ? (
        <Table
          label={t('place.runs')}
          columns={columns}
          rows={rows}
          total={runs.total}
          keyOf={(run) => run.id}
          sort={{ id: sort.replace(/^-/, ''), desc: sort.startsWith('-') }}
          onSort={({ id, desc }) => change({ sort: `${desc ? '-' : ''}${id}` })}
          selected={chosen}
          onSelect={(key, on) => {
            setTicks(on ? [...ticks, key] : ticks.filter((tick) => tick !== key));
          }}
          selectLabel={(run) => t('runs.tick', { name: run.name })}
          onOpen={(run) => void navigate({ to: '/runs/$id', params: { id: run.id } })}
          onMore={runs.more}
          fill
        />
      ) : null}
    </Page>
  );
}
