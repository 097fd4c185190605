// What the monitor saw: drift by window, live quality from labels that came back, and who is told of what.
import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { Deployment } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { allowNotifications } from '../app/notify.ts';
import { ask, queryClient } from '../app/queries.ts';
import { showFault } from '../parts/faultWords.ts';
import { Section } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';
import { useClock } from '../runs/useClock.ts';

export function Watch({ deployment }: { deployment: Deployment }) {
  const { t, f } = useWords();
  const { name } = deployment;
  const navigate = useNavigate();
  const { data } = useQuery(ask.monitor(name));
  const retrain = useMutation({
    mutationFn: () => api.call('deployments.retrain', { params: { name }, body: {} }),
    onSuccess: (run) => void navigate({ to: '/runs/$id', params: { id: run.id } }),
    onError: (error) => showFault(error),
  });
  const forget = useMutation({
    mutationFn: () => api.call('deployments.forget', { params: { name } }),
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: ['monitor', name] }),
    onError: (error) => showFault(error),
  });
  if (!data) return null;
  const { windows, filling, quality, samples } = data;
  return (
    <Section
      title={t('watch.title')}
      note={t(`watch.${data.reference}`)}
      side={
        <Button
          size="compact-sm"
          disabled={quality.labels === 0 || samples === 0}
          loading={retrain.isPending}
          onClick={() => retrain.mutate()}
        >
          {t('watch.retrain')}
        </Button>
      }
    >
      <p className="soft">
        {quality.labels === 0
          ? t('watch.noLabels')
          : quality.accuracy === undefined
            ? t('watch.mae', { count: quality.labels, value: f.figure(quality.mae ?? 0, 4) })
            : t('watch.accuracy', { count: quality.labels, share: f.percent(quality.accuracy) })}{' '}
        {t('watch.filling', { count: filling, size: deployment.options.watching.window })}
      </p>
      {samples > 0 ? (
        <p className="quiet small">
          {t('watch.kept', { count: samples })}{' '}
          <Button size="compact-sm" loading={forget.isPending} onClick={() => forget.mutate()}>
            {t('watch.forget')}
          </Button>
        </p>
      ) : null}
      {windows.length > 0 ? (
        <ul className="reasons">
          {windows.slice(0, 8).map((one) => (
            <li key={one.window}>
              <span title={f.moment(one.to)}>{f.ago(one.to)}</span>:{' '}
              {one.drifted
                ? one.figures
                    .filter(({ drifted }) => drifted)
                    .map((figure) => `${figure.name} (PSI ${f.figure(figure.psi, 2)})`)
                    .join(', ')
                : t('watch.same')}
            </li>
          ))}
        </ul>
      ) : null}
      <Alerts name={name} />
    </Section>
  );
}

/** The rules of one deployment: their last word, silence, and a first one in one click. */
function Alerts({ name }: { name: string }) {
  const { t, f, said } = useWords();
  const { data } = useQuery(ask.alerts());
  const again = () => void queryClient.invalidateQueries({ queryKey: ['alerts'] });
  const add = useMutation({
    mutationFn: async () => {
      await allowNotifications();
      return api.call('alerts.create', {
        body: { name: `${name}: drift`, deployment: name, when: { on: 'drift' }, tell: [{ to: 'desktop' }] },
      });
    },
    onSuccess: again,
    onError: (error) => showFault(error),
  });
  const silence = useMutation({
    mutationFn: ({ id, minutes }: { id: string; minutes: number }) =>
      api.call('alerts.silence', { params: { id }, body: { minutes } }),
    onSuccess: again,
    onError: (error) => showFault(error),
  });
  const rules = (data?.items ?? []).filter((rule) => rule.deployment === undefined || rule.deployment === name);
  const now = useClock(true, 10_000);
  return (
    <>
      {rules.length === 0 ? (
        <p className="quiet small">
          {t('watch.noAlerts')}{' '}
          <Button size="compact-sm" loading={add.isPending} onClick={() => add.mutate()}>
            {t('watch.addDrift')}
          </Button>
        </p>
      ) : (
        <ul className="reasons">
          {rules.map((rule) => {
            const silent = (rule.silentUntil ?? 0) > now;
            return (
              <li key={rule.id}>
                {rule.name}{' '}
                <span className="quiet">
                  {rule.fired[0] ? `${f.ago(rule.fired[0].at)}: ${said(rule.fired[0].message)}` : t('watch.quiet')}
                </span>{' '}
                <Button size="compact-sm" onClick={() => silence.mutate({ id: rule.id, minutes: silent ? 0 : 60 })}>
                  {t(silent ? 'watch.speak' : 'watch.silence')}
                </Button>
              </li>
            );
          })}
        </ul>
      )}
      <p className="quiet small">
        {t('watch.more')} <Link to="/alerts">{t('place.alerts')}</Link>
      </p>
    </>
  );
}
