// Settings: how this browser looks and speaks, and what this machine is to others: devices, network, vault, backup. What the
// appliance was started with is shown with the words that change it.
import { Button, SegmentedControl, Switch, useMantineColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { notifiesRuns, setNotifiesRuns } from '../app/notify.ts';
import { ask } from '../app/queries.ts';
import { Icon } from '../parts/Icon.tsx';
import { Page, Problem, Section, Waiting } from '../parts/Page.tsx';
import { State } from '../parts/State.tsx';
import { useWords } from '../parts/words.ts';
import { type Language, languages, setLanguage } from '../words/index.ts';

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="setting">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Look() {
  const { t, language } = useWords();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [told, setTold] = useState(notifiesRuns);
  const [refused, setRefused] = useState(false);
  const wish = async (on: boolean) => {
    const done = await setNotifiesRuns(on);
    setTold(on && done);
    setRefused(!done);
  };
  return (
    <Section title={t('settings.look')} note={t('settings.lookNote')}>
      <dl className="settings">
        <Row name={t('language')}>
          <SegmentedControl
            aria-label={t('language')}
            value={language}
            onChange={(name) => void setLanguage(name as Language)}
            data={Object.entries(languages).map(([value, label]) => ({ value, label }))}
          />
        </Row>
        <Row name={t('theme')}>
          <SegmentedControl
            aria-label={t('theme')}
            value={colorScheme}
            onChange={(name) => setColorScheme(name)}
            data={(['auto', 'light', 'dark'] as const).map((value) => ({ value, label: t(`theme.${value}`) }))}
          />
        </Row>
        <Row name={t('settings.notify')}>
          <Switch
            aria-label={t('settings.notify')}
            checked={told}
            onChange={(event) => void wish(event.currentTarget.checked)}
          />
          <p className={refused ? 'small' : 'quiet small'}>
            {t(refused ? 'settings.notifyDenied' : 'settings.notifyWords')}
          </p>
        </Row>
      </dl>
    </Section>
  );
}

/** How the vault's ways in are called; a kind that has no words shows itself. */
const wraps = {
  keyfile: 'settings.wrap.keyfile',
  passphrase: 'settings.wrap.passphrase',
  recovery: 'settings.wrap.recovery',
  keychain: 'settings.wrap.keychain',
} as const;

function Machine() {
  const { t, f, said } = useWords();
  const system = useQuery({ ...ask.system(), retry: false });
  const room = useQuery({ ...ask.room(), retry: false });
  if (system.error) return <Problem error={system.error} onRetry={() => void system.refetch()} />;
  if (!system.data) return <Waiting />;
  const { devices, vault, disk, dataDir, version, nodeId } = system.data;
  const local = /^(localhost|127\.|\[::1\])/.test(location.hostname);
  return (
    <>
      <Section title={t('settings.device')} note={t('settings.deviceNote')}>
        <dl className="settings">
          {devices.map((device) => (
            <Row key={device.id} name={said(device.name)}>
              <State state={device.available ? 'ready' : 'absent'} />
              {device.why ? <p className="quiet small">{said(device.why)}</p> : null}
            </Row>
          ))}
        </dl>
      </Section>
      <Section title={t('settings.network')}>
        <dl className="settings">
          <Row name={t('settings.address')}>
            <code>{location.origin}</code>
            <p className="quiet small">{t(local ? 'settings.local' : 'settings.open')}</p>
          </Row>
          <Row name={t('settings.room')}>
            {room.data?.port
              ? t('settings.roomAt', {
                  address: room.data.addresses.map((one) => `${one}:${room.data.port}`).join(', '),
                })
              : t('settings.roomOff')}
            {room.data?.why ? <p className="quiet small">{said(room.data.why)}</p> : null}
          </Row>
          <Row name={t('settings.node')}>
            <code className="small">{room.data?.shown ?? nodeId}</code>
          </Row>
          <Row name={t('settings.outside')}>{t('settings.outsideWords')}</Row>
        </dl>
      </Section>
      <Section title={t('settings.vault')} note={t('settings.vaultNote')}>
        <dl className="settings">
          {vault.wraps.map((wrap) => (
            <Row key={wrap.id} name={wrap.kind in wraps ? t(wraps[wrap.kind as keyof typeof wraps]) : wrap.kind}>
              {t('settings.since', { at: f.moment(wrap.createdAt) })}
            </Row>
          ))}
        </dl>
        <p className="quiet small">{t('settings.vaultWords')}</p>
      </Section>
      <Section title={t('settings.backup')} note={t('settings.backupNote')}>
        {dataDir === undefined ? null : (
          <p>
            <Button
              component="a"
              href="/api/v1/system/backup"
              download
              leftSection={<Icon name="download" size={14} />}
            >
              {t('settings.backupGo')}
            </Button>
          </p>
        )}
        <p className="quiet small">{t('settings.backupWords')}</p>
        <pre className="sunk">neutrino restore neutrino.backup --data-dir NEW</pre>
        <dl className="settings">
          {dataDir === undefined ? null : (
            <Row name={t('settings.dataDir')}>
              <code className="small">{dataDir}</code>
              <p className="quiet small">
                {t('settings.used', { used: f.bytes(disk.used), free: f.bytes(disk.free) })}
              </p>
            </Row>
          )}
          <Row name={t('settings.version')}>Neutrino {version}</Row>
        </dl>
      </Section>
    </>
  );
}

export function Settings() {
  const { t } = useWords();
  return (
    <Page title={t('place.settings')}>
      <div className="narrow">
        <Look />
        <Machine />
      </div>
    </Page>
  );
}
