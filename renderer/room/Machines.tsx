// The table of machines: trust, link, hardware and load, and what each may do here.
import { Button, Checkbox, Menu } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { PeerView, Permissions } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { queryClient } from '../app/queries.ts';
import { showFault } from '../parts/faultWords.ts';
import { removeLater } from '../parts/removal.ts';
import { State } from '../parts/State.tsx';
import { type Column, Table } from '../parts/Table.tsx';
import { useWords } from '../parts/words.ts';

const permissionNames = ['train', 'data', 'serve'] as const satisfies (keyof Permissions)[];
const settled = {
  onSettled: () => queryClient.invalidateQueries({ queryKey: ['room'] }),
  onError: (error: unknown) => showFault(error),
};

function May({ peer }: { peer: PeerView }) {
  const { t } = useWords();
  const allow = useMutation({
    mutationFn: (permissions: Partial<Permissions>) =>
      api.call('peers.update', { params: { id: peer.id }, body: { permissions } }),
    ...settled,
  });
  const said = permissionNames.filter((name) => peer.permissions[name]).map((name) => t(`room.may.${name}`));
  return (
    <Menu closeOnItemClick={false}>
      <Menu.Target>
        <Button size="compact-xs" variant="subtle" aria-label={t('room.mayOf', { name: peer.name })}>
          {said.join(', ') || t('room.may.none')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {permissionNames.map((name) => (
          <Menu.Item key={name} component="label">
            <Checkbox
              label={t(`room.may.${name}`)}
              checked={peer.permissions[name]}
              onChange={(event) => allow.mutate({ [name]: event.currentTarget.checked })}
            />
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function Machines({ machines, pair }: { machines: PeerView[]; pair: (node: string) => void }) {
  const { t, f, said } = useWords();
  const { mutateAsync: unpair } = useMutation({
    mutationFn: (id: string) => api.call('peers.unpair', { params: { id } }),
    ...settled,
  });
  const { mutate: measure, isPending: measuring } = useMutation({
    mutationFn: (id: string) => api.call('peers.measure', { params: { id }, body: {} }),
    ...settled,
  });
  const columns = useMemo(
    (): Column<PeerView>[] => [
      {
        id: 'name',
        head: t('name'),
        track: 'minmax(116px, 1.4fr)',
        value: (peer) => peer.name,
        render: (peer) => (
          <span title={peer.shown}>
            <span className="strong">{peer.name}</span> <code className="quiet">{peer.shown.slice(0, 8)}</code>
          </span>
        ),
      },
      {
        id: 'trust',
        rank: 3,
        head: t('room.trust'),
        track: '76px',
        value: (peer) => peer.trust,
        render: (peer) => t(`room.trust.${peer.trust}`),
      },
      {
        id: 'link',
        head: t('room.link'),
        track: 'minmax(104px, 1fr)',
        value: (peer) => peer.link,
        render: (peer) => (
          <span title={peer.why && said(peer.why)}>
            <State state={peer.link} />
          </span>
        ),
      },
      {
        id: 'cores',
        rank: 4,
        head: t('room.cores'),
        track: '60px',
        right: true,
        value: (peer) => peer.hardware?.cores,
        render: (peer) => peer.hardware?.cores ?? '–',
      },
      {
        id: 'load',
        rank: 5,
        head: t('room.load'),
        track: '70px',
        right: true,
        value: (peer) => peer.load?.cpu,
        render: (peer) => (peer.load ? f.percent(peer.load.cpu) : '–'),
      },
      {
        id: 'latency',
        rank: 6,
        head: t('room.latency'),
        track: '80px',
        right: true,
        value: (peer) => peer.latencyMs,
        render: (peer) => (peer.latencyMs === undefined ? '–' : `${peer.latencyMs.toFixed(1)} ms`),
      },
      {
        id: 'bandwidth',
        rank: 7,
        head: t('room.bandwidth'),
        track: '100px',
        right: true,
        value: (peer) => peer.bandwidth,
        render: (peer) =>
          peer.link === 'up' ? (
            <Button
              size="compact-xs"
              variant="subtle"
              loading={measuring}
              aria-label={t('room.measureName', { name: peer.name })}
              onClick={() => measure(peer.id)}
            >
              {peer.bandwidth === undefined ? t('room.measure') : `${f.bytes(peer.bandwidth)}/s`}
            </Button>
          ) : (
            '–'
          ),
      },
      {
        id: 'may',
        head: t('room.may'),
        track: 'minmax(106px, 1fr)',
        render: (peer) => (peer.trust === 'paired' ? <May peer={peer} /> : <span className="quiet">–</span>),
      },
      {
        id: 'trusting',
        head: '',
        track: '96px',
        right: true,
        render: (peer) =>
          peer.trust === 'paired' ? (
            <Button
              size="compact-xs"
              variant="subtle"
              className="danger row-tool"
              aria-label={t('room.unpairName', { name: peer.name })}
              onClick={() => removeLater(peer.id, peer.name, () => unpair(peer.id))}
            >
              {t('room.unpair')}
            </Button>
          ) : (
            <Button
              size="compact-xs"
              aria-label={t('room.pairName', { name: peer.name })}
              onClick={() => pair(peer.id)}
            >
              {t('room.pair')}
            </Button>
          ),
      },
    ],
    [t, f, said, unpair, measure, measuring, pair],
  );
  return <Table label={t('room.machines')} columns={columns} rows={machines} keyOf={(peer) => peer.id} />;
}
