// The models behind a name now: shares of the traffic, hosts, latency, failures; what stands beside the stable one can be
// promoted or taken back here.
import { Button, Slider } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Deployment } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { ask, queryClient } from '../app/queries.ts';
import { showFault } from '../parts/faultWords.ts';
import { Section } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';

export function Traffic({ deployment }: { deployment: Deployment }) {
  const { t, f, said } = useWords();
  const { name } = deployment;
  const status = useQuery(ask.status(name));
  const promote = useMutation({
    mutationFn: (model: string) => api.call('deployments.promote', { params: { name }, body: { model } }),
    onSuccess: (changed) => {
      queryClient.setQueryData(['deployment', name], changed);
      void queryClient.invalidateQueries({ queryKey: ['status', name] });
    },
    onError: (error) => showFault(error),
  });
  const [share, setShare] = useState<{ model: string; weight: number }>();
  const split = useMutation({
    mutationFn: ({ model, weight, role }: { model: string; weight: number; role: 'split' | 'canary' }) =>
      api.call('deployments.create', {
        body: { model, name, ...(role === 'canary' ? { canary: { weight } } : { weight }) },
      }),
    onSuccess: (changed) => {
      queryClient.setQueryData(['deployment', name], changed);
      return queryClient.invalidateQueries({ queryKey: ['status', name] });
    },
    onError: (error) => showFault(error),
    onSettled: () => setShare(undefined),
  });
  // A slider that is moved by keys ends at every key.
  const settle = useDebouncedCallback(split.mutate, 400);
  const variants = status.data?.variants ?? [];
  /** What all but the stable model have, and this one less: the most that it can be given is the rest. */
  const others = (id: string) =>
    variants.reduce((sum, { model, role, weight }) => {
      return sum + ((role === 'split' || role === 'canary') && model.id !== id ? weight : 0);
    }, 0);
  if (variants.length === 0) return null;
  const { rolledBack } = deployment;
  return (
    <Section title={t('traffic.title')} note={t('traffic.note')}>
      {rolledBack ? (
        <p className="soft">
          {t('traffic.rolledBack', {
            model: `${rolledBack.model.name}@${rolledBack.model.version}`,
            when: f.ago(rolledBack.at),
            why: said(rolledBack.why),
          })}
        </p>
      ) : null}
      <div className="scroll-x">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">{t('models.model')}</th>
              <th scope="col">{t('traffic.share')}</th>
              <th scope="col">{t('traffic.hosts')}</th>
              <th scope="col">{t('traffic.requests')}</th>
              <th scope="col">{t('traffic.errors')}</th>
              <th scope="col">{t('traffic.refused')}</th>
              <th scope="col">{t('traffic.latency')}</th>
              <th scope="col">{t('traffic.batch')}</th>
              <th scope="col" aria-label={t('traffic.promote')} />
            </tr>
          </thead>
          <tbody>
            {variants.map((one) => (
              <tr key={one.model.id}>
                <th scope="row">
                  {one.model.name}@{one.model.version} <span className="quiet">{t(`traffic.${one.role}`)}</span>
                </th>
                <td>
                  {one.role === 'shadow'
                    ? t('traffic.agrees', { share: f.percent(one.agreement ?? 1) })
                    : f.percent((share?.model === one.model.id ? share.weight : one.weight) / 100)}
                  {one.role === 'split' || one.role === 'canary' ? (
                    <Slider
                      size="xs"
                      w={140}
                      min={0}
                      max={100}
                      step={5}
                      label={null}
                      thumbLabel={t('traffic.shareOf', { model: `${one.model.name}@${one.model.version}` })}
                      value={share?.model === one.model.id ? share.weight : one.weight}
                      onChange={(weight) =>
                        setShare({ model: one.model.id, weight: Math.min(weight, 100 - others(one.model.id)) })
                      }
                      onChangeEnd={(weight) =>
                        settle({
                          model: one.model.id,
                          weight: Math.min(weight, 100 - others(one.model.id)),
                          role: one.role === 'canary' ? 'canary' : 'split',
                        })
                      }
                    />
                  ) : null}
                </td>
                <td>{one.replicas.filter(({ state }) => state === 'ready').length}</td>
                <td>{f.count(one.requests)}</td>
                <td>{f.count(one.errors)}</td>
                <td>{f.count(one.refused)}</td>
                <td>
                  {[one.latency.p50, one.latency.p95, one.latency.p99].map((ms) => f.figure(ms, 3)).join(' / ')} ms
                </td>
                <td>{Math.max(1, ...one.batching.map(({ limit }) => limit))}</td>
                <td>
                  {one.role === 'stable' ? null : (
                    <Button size="compact-sm" loading={promote.isPending} onClick={() => promote.mutate(one.model.id)}>
                      {t('traffic.promote')}
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
