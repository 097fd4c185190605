// The models behind a name now: shares of the traffic, hosts, latency, failures; what stands beside the stable one can be
// promoted or taken back here.
import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
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
  const variants = status.data?.variants ?? [];
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
                    : f.percent(one.weight / 100)}
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
