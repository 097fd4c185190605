// This machine: memory, disk, devices, and who holds them.
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ask } from '../app/queries.ts';
import { useRuns } from '../app/useRuns.ts';
import { State } from '../parts/State.tsx';
import { Problem, Waiting } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';

function Gauge({ name, used, total, text }: { name: string; used: number; total: number; text: string }) {
  const share = total > 0 ? used / total : 0;
  return (
    <div className={`gauge${share > 0.9 ? ' tight' : ''}`}>
      <span>{name}</span>
      <span className="quiet num">{text}</span>
      <meter min={0} max={1} high={0.9} value={share} aria-label={name}>
        {text}
      </meter>
    </div>
  );
}

/** What holds a lease, by its name where that is known. */
function Holder({ id }: { id: string }) {
  const run = useRuns({}).rows.find((item) => item.id === id);
  const deployment = useQuery(ask.deployments()).data?.items.find((item) => item.id === id);
  if (run) {
    return (
      <Link to="/runs/$id" params={{ id }}>
        {run.name}
      </Link>
    );
  }
  return deployment ? (
    <Link to="/deployments/$name" params={{ name: deployment.name }}>
      {deployment.name}
    </Link>
  ) : (
    <span>{id}</span>
  );
}

export function Machine() {
  const { t, f, said } = useWords();
  const { data, error, refetch } = useQuery({ ...ask.system(), retry: false });
  if (error) return <Problem error={error} onRetry={() => void refetch()} />;
  if (!data) return <Waiting />;
  const memory = data.memory.total - data.memory.free;
  const disk = data.disk.total - data.disk.free;
  const absent = data.devices.filter((device) => !device.available);
  const leased = data.leases.reduce((sum, lease) => sum + lease.threads, 0);
  return (
    <div className="machine-box">
      <Gauge
        name={t('machine.cores')}
        used={Math.min(leased, data.cores)}
        total={data.cores}
        text={t('machine.leased', { used: Math.min(leased, data.cores), total: data.cores })}
      />
      <Gauge
        name={t('machine.memory')}
        used={memory}
        total={data.memory.total}
        text={t('machine.of', { used: f.bytes(memory), total: f.bytes(data.memory.total) })}
      />
      <Gauge
        name={t('machine.disk')}
        used={disk}
        total={data.disk.total}
        text={t('machine.of', { used: f.bytes(disk), total: f.bytes(data.disk.total) })}
      />
      <p className="quiet small">{t('machine.own', { used: f.bytes(data.disk.used) })}</p>
      <h3>{t('machine.devices')}</h3>
      <ul className="devices">
        {data.devices
          .filter((device) => device.available)
          .map((device) => (
            <li key={device.id}>
              <State state="ready" bare />
              <span>{said(device.name)}</span>
            </li>
          ))}
      </ul>
      {absent.length > 0 ? (
        <details>
          <summary className="quiet">{t('machine.absent', { count: absent.length })}</summary>
          <ul className="devices">
            {absent.map((device) => (
              <li key={device.id}>
                <State state="stopped" bare />
                <span>{said(device.name)}</span>
                <span className="quiet small">{said(device.why ?? '')}</span>
              </li>
            ))}
          </ul>
        </details>
      ) : null}
      {data.leases.length > 0 ? (
        <>
          <h3>{t('machine.leases')}</h3>
          <ul className="devices">
            {data.leases.map((lease) => (
              <li key={lease.id}>
                <Holder id={lease.holder} />
                <span className="quiet small">
                  {lease.device} · {t('plan.threads', { count: lease.threads })}
                </span>
              </li>
            ))}
          </ul>
        </>
      ) : null}
      <p className="quiet small">
        Neutrino {data.version} · <span className="mono">{data.nodeId.slice(0, 16)}</span>
      </p>
    </div>
  );
}
