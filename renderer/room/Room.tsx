// The machines of the room: which are there, which are trusted, how they are linked, and the pairing of new ones.
import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../app/api.ts';
import { ask, queryClient } from '../app/queries.ts';
import { showFault } from '../parts/faultWords.ts';
import { Icon } from '../parts/Icon.tsx';
import { Empty, Page, Problem, Section, Waiting } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';
import { Jobs } from './Jobs.tsx';
import { Machines } from './Machines.tsx';
import { PairingCard } from './PairingCard.tsx';

const refresh = () => queryClient.invalidateQueries({ queryKey: ['room'] });

export function Room() {
  const { t, said } = useWords();
  const status = useQuery(ask.room());
  const peers = useQuery(ask.peers());
  const jobs = useQuery(ask.jobs()).data?.items ?? [];
  const [address, setAddress] = useState('');
  const pair = useMutation({
    mutationFn: (node: string) => api.call('peers.pair', { body: { node } }),
    onSettled: refresh,
    onError: (error) => showFault(error),
    onSuccess: () => setAddress(''),
  });
  const diagnose = useMutation({ mutationFn: () => api.call('cluster.diagnose') });
  if (status.isPending || peers.isPending) return <Waiting />;
  const failure = status.error ?? peers.error;
  if (failure) return <Problem error={failure} onRetry={() => void refresh()} />;
  const room = status.data;
  const machines = peers.data?.items ?? [];
  if (!room) return null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (address.trim()) pair.mutate(address.trim());
  };
  return (
    <Page
      title={t('place.room')}
      below={
        <span>
          {t('room.this')}: <span className="strong">{room.name}</span> <code className="quiet">{room.shown}</code>
          {room.port ? (
            <span className="quiet"> · {room.addresses.map((one) => `${one}:${room.port}`).join(', ')}</span>
          ) : null}
        </span>
      }
      actions={
        <Button
          leftSection={<Icon name="shield" size={14} />}
          loading={diagnose.isPending}
          disabled={room.state !== 'up'}
          onClick={() => diagnose.mutate()}
        >
          {t('room.diagnose')}
        </Button>
      }
    >
      {room.state === 'up' ? null : (
        <div className="problem" role="alert">
          <Icon name="warning" />
          <div>
            <strong>{t('room.off')}</strong>
            <p>{said(room.why ?? '')}</p>
          </div>
        </div>
      )}
      {room.clones.map((one) => (
        <div key={one.address} className="problem" role="alert">
          <Icon name="warning" />
          <div>{t('room.clone', { address: one.address })}</div>
        </div>
      ))}
      {room.pairings.map((one) => (
        <PairingCard key={one.id} pairing={one} />
      ))}
      {jobs.length > 0 ? (
        <Section title={t('job.title')}>
          <Jobs jobs={jobs} />
        </Section>
      ) : null}
      <Section title={t('room.machines')}>
        {machines.length === 0 ? (
          <Empty icon="room" title={t('room.empty')}>
            {t('room.teach')}
          </Empty>
        ) : (
          <Machines machines={machines} pair={(node) => pair.mutate(node)} />
        )}
        <form className="pair-form" onSubmit={submit}>
          <TextInput
            label={t('room.address')}
            description={t('room.addressWords')}
            value={address}
            onChange={(event) => setAddress(event.currentTarget.value)}
            disabled={room.state !== 'up'}
          />
          <Button type="submit" loading={pair.isPending} disabled={room.state !== 'up' || !address.trim()}>
            {t('room.pair')}
          </Button>
        </form>
      </Section>
      {diagnose.error ? <Problem error={diagnose.error} /> : null}
      {diagnose.data ? (
        <Section title={t('room.findings')}>
          <ul className="findings" data-testid="findings">
            {diagnose.data.findings.map((one) => (
              <li key={`${one.subject} ${one.says}`} className={one.level}>
                <Icon name={one.level === 'ok' ? 'check' : 'warning'} size={14} />
                <span className="strong">{one.subject}</span>
                <span>{said(one.says)}</span>
              </li>
            ))}
          </ul>
        </Section>
      ) : null}
    </Page>
  );
}
