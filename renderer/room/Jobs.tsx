// Runs over several machines: who does what, how fast, what it costs the network and how well it pays.
import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { RoomJob, RoomMemberView } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { queryClient } from '../app/queries.ts';
import { showFault } from '../parts/faultWords.ts';
import { Figure } from '../parts/Page.tsx';
import { State } from '../parts/State.tsx';
import { type Column, Table } from '../parts/Table.tsx';
import { useWords } from '../parts/words.ts';

/** The machines of a run. */
export function JobMembers({ job }: { job: RoomJob }) {
  const { t, f, said } = useWords();
  const columns = useMemo(
    (): Column<RoomMemberView>[] => [
      {
        id: 'name',
        head: t('name'),
        track: 'minmax(130px, 1.4fr)',
        value: (one) => one.name,
        render: (one) => (
          <>
            <span className="strong">{one.name}</span>{' '}
            {one.peer === job.leader.peer ? <span className="quiet">{t('job.leads')}</span> : null}
          </>
        ),
      },
      {
        id: 'state',
        head: t('state'),
        track: 'minmax(120px, 1fr)',
        value: (one) => one.state,
        render: (one) => (
          <span title={one.why && said(one.why)}>
            <State state={one.state} />
            {one.state === 'sending' && one.data ? (
              <span className="quiet"> {f.percent(one.data.bytes / Math.max(1, one.data.of), 0)}</span>
            ) : null}
          </span>
        ),
      },
      {
        id: 'share',
        head: t('job.share'),
        track: '80px',
        right: true,
        value: (one) => one.share,
        render: (one) => (one.share > 0 ? f.percent(one.share, 0) : '–'),
      },
      {
        id: 'speed',
        head: t('job.speed'),
        track: '110px',
        right: true,
        value: (one) => one.speed,
        render: (one) => (one.speed > 0 ? t('job.perSecond', { count: f.count(Math.round(one.speed)) }) : '–'),
      },
      {
        id: 'samples',
        head: t('job.samples'),
        track: '100px',
        right: true,
        value: (one) => one.samples,
        render: (one) => f.count(one.samples),
      },
      {
        id: 'sent',
        head: t('job.sent'),
        track: '90px',
        right: true,
        value: (one) => one.sent,
        render: (one) => f.bytes(one.sent),
      },
    ],
    [t, f, said, job.leader.peer],
  );
  return <Table label={t('job.members')} columns={columns} rows={job.members} keyOf={(one) => one.peer} />;
}

/** Why it is done this way. */
export function JobReasons({ job }: { job: RoomJob }) {
  const { said } = useWords();
  return job.reasons.map((reason) => (
    <p key={reason} className="quiet">
      {said(reason)}
    </p>
  ));
}

function Job({ job }: { job: RoomJob }) {
  const { t, f, said } = useWords();
  const leave = useMutation({
    mutationFn: () => api.call('cluster.endJob', { params: { id: job.id } }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['room'] }),
    onError: (error) => showFault(error),
  });
  return (
    <article className="job" data-testid="job">
      <header>
        <h3>
          {job.role === 'leads' ? (
            <Link to="/runs/$id" params={{ id: job.id }}>
              {job.name}
            </Link>
          ) : (
            job.name
          )}{' '}
          <span className="quiet">
            {job.dataset}
            {job.role === 'helps' ? ` · ${t('job.of', { name: job.leader.name })}` : ''}
          </span>
        </h3>
        {job.role === 'helps' && job.state !== 'over' ? (
          <Button size="compact-sm" loading={leave.isPending} onClick={() => leave.mutate()}>
            {t('job.leave')}
          </Button>
        ) : null}
      </header>
      <dl className="figures row">
        <Figure name={t('job.state')}>{t(`job.state.${job.state}`)}</Figure>
        {job.every === undefined ? null : (
          <Figure name={t('job.meets')}>
            {job.every > 0 ? t('job.everySteps', { count: f.count(job.every) }) : t('job.everyStep')}
          </Figure>
        )}
        <Figure name={t('job.speed')}>
          {t('job.perSecond', { count: f.count(Math.round(job.samplesPerSecond)) })}
        </Figure>
        <Figure name={t('job.efficiency')}>{job.efficiency > 0 ? f.percent(job.efficiency, 0) : '–'}</Figure>
        <Figure name={t('job.sent')}>{f.bytes(job.bytes)}</Figure>
        <Figure name={t('job.checks')}>{f.count(job.checks)}</Figure>
      </dl>
      <JobMembers job={job} />
      <JobReasons job={job} />
      {job.members
        .filter((one) => one.why)
        .map((one) => (
          <p key={one.peer} className="quiet">
            {one.name}: {said(one.why ?? '')}
          </p>
        ))}
    </article>
  );
}

/** Every run of a list, the newest first. */
export function Jobs({ jobs }: { jobs: readonly RoomJob[] }) {
  return jobs.map((job) => <Job key={`${job.role} ${job.id} ${job.startedAt}`} job={job} />);
}
