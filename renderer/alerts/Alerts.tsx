// Who is told of what: every alert, what it watches, when it last spoke, and its silence.
import { ActionIcon, Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Alert, AlertFiring } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { ask, queryClient } from '../app/queries.ts';
import { showFault } from '../parts/faultWords.ts';
import { Icon } from '../parts/Icon.tsx';
import { Empty, Page, Problem, Waiting } from '../parts/Page.tsx';
import { removeLater } from '../parts/removal.ts';
import { useVisible } from '../parts/useVisible.ts';
import { useWords } from '../parts/words.ts';
import { useClock } from '../runs/useClock.ts';
import { conditionWords } from './condition.ts';
import { NewAlert } from './NewAlert.tsx';

const where = (alert: Alert, desktop: string): string =>
  alert.tell
    .map((channel) => (channel.to === 'webhook' ? channel.url : channel.to === 'email' ? channel.address : desktop))
    .join(', ');

/** One time that a rule spoke: to nobody while it was silent, and not to those that could not be reached. */
function Said({ at, deployment, message, silenced, failed, now }: AlertFiring & { now: number }) {
  const { t, f, said } = useWords();
  return (
    <>
      <span title={f.moment(at)}>{f.ago(at, now)}</span>, {deployment}: {said(message)}
      {silenced ? <span className="quiet"> ({t('alerts.unsaid')})</span> : null}
      {failed.map(({ to, why }) => (
        <div key={to} className="quiet small">
          {t('alerts.unreached', { to: t(`alerts.${to as 'webhook'}`), why: said(why) })}
        </div>
      ))}
    </>
  );
}

function Row({ alert, now }: { alert: Alert; now: number }) {
  const { t, f } = useWords();
  const silence = useMutation({
    mutationFn: (minutes: number) => api.call('alerts.silence', { params: { id: alert.id }, body: { minutes } }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['alerts'] }),
    onError: (error) => showFault(error),
  });
  const silent = (alert.silentUntil ?? 0) > now;
  const [last, ...before] = alert.fired;
  return (
    <tr>
      <th scope="row" className="strong">
        {alert.name}
      </th>
      <td>
        {alert.deployment === undefined ? (
          t('alerts.any')
        ) : (
          <Link to="/deployments/$name" params={{ name: alert.deployment }}>
            {alert.deployment}
          </Link>
        )}
      </td>
      <td>{conditionWords(alert.when, t, f)}</td>
      <td className="quiet">{where(alert, t('alerts.desktop'))}</td>
      <td>
        {last ? <Said {...last} now={now} /> : <span className="quiet">{t('alerts.quiet')}</span>}
        {before.length > 0 ? (
          <details>
            <summary className="quiet small">{t('alerts.before', { count: before.length })}</summary>
            <ul className="reasons">
              {before.map((one) => (
                <li key={`${one.at} ${one.deployment}`}>
                  <Said {...one} now={now} />
                </li>
              ))}
            </ul>
          </details>
        ) : null}
        {silent ? <div className="quiet small">{t('alerts.silent', { at: f.moment(alert.silentUntil) })}</div> : null}
      </td>
      <td>
        <div className="actions nowrap">
          <Button size="compact-xs" loading={silence.isPending} onClick={() => silence.mutate(silent ? 0 : 60)}>
            {t(silent ? 'watch.speak' : 'watch.silence')}
          </Button>
          <ActionIcon
            aria-label={t('alerts.remove', { name: alert.name })}
            title={t('delete')}
            onClick={() =>
              removeLater(alert.id, alert.name, () => api.call('alerts.delete', { params: { id: alert.id } }))
            }
          >
            <Icon name="trash" size={15} />
          </ActionIcon>
        </div>
      </td>
    </tr>
  );
}

export function Alerts() {
  const { t } = useWords();
  const list = useQuery(ask.alerts());
  const alerts = useVisible(list.data?.items);
  const served = useQuery(ask.deployments()).data?.items ?? [];
  const [making, setMaking] = useState(false);
  const now = useClock(true, 10_000);
  const create = (
    <Button
      variant="filled"
      leftSection={<Icon name="plus" size={14} />}
      disabled={served.length === 0}
      onClick={() => setMaking(true)}
    >
      {t('alerts.new')}
    </Button>
  );
  return (
    <Page title={t('place.alerts')} actions={alerts.length > 0 ? create : null}>
      {list.isPending ? <Waiting /> : null}
      {list.error ? <Problem error={list.error} onRetry={() => void list.refetch()} /> : null}
      {list.data && alerts.length === 0 ? (
        <Empty icon="alerts" title={t('alerts.empty')} action={create}>
          <p>{t('alerts.teach')}</p>
          {served.length === 0 ? <p>{t('alerts.needDeployment')}</p> : null}
        </Empty>
      ) : null}
      {alerts.length > 0 ? (
        <div className="scroll-x">
          <table className="plain">
            <thead>
              <tr>
                {(['name', 'of', 'when', 'tell', 'last'] as const).map((name) => (
                  <th key={name} scope="col">
                    {t(`alerts.${name}`)}
                  </th>
                ))}
                <th scope="col">
                  <span className="visually-hidden">{t('table.tools')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {alerts.map((alert) => (
                <Row key={alert.id} alert={alert} now={now} />
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      {making ? <NewAlert onClose={() => setMaking(false)} /> : null}
    </Page>
  );
}
