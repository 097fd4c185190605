// What surrounds every screen once logged in: the rail with places, the machine's name and link, the drop veil and the
// train dialog. Holds the one subscription to live events.
import { ActionIcon, Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet } from '@tanstack/react-router';
import { lazy, Suspense, useEffect } from 'react';
import { isRunOver } from '../../engine/schema/index.ts';
import { Icon } from '../parts/Icon.tsx';
import { Waiting } from '../parts/Page.tsx';
import { Mark } from '../parts/Waves.tsx';
import { useWords } from '../parts/words.ts';
import { places, showPalette, usePalette } from './commands.ts';
import { Drop } from './Drop.tsx';
import { followEvents, useLink } from './link.ts';
import { Preferences } from './Preferences.tsx';
import { ask } from './queries.ts';
import { logOut, sessionQuery } from './session.ts';
import { useShortcuts } from './shortcuts.ts';
import { useTrain } from './train.ts';
import { useRuns } from './useRuns.ts';

const TrainDialog = lazy(() => import('../train/TrainDialog.tsx'));
const Palette = lazy(() => import('./Palette.tsx'));

function Account() {
  const { t } = useWords();
  const session = useQuery(sessionQuery).data;
  if (!session) return null;
  return (
    <Menu position="top-start">
      <Menu.Target>
        <ActionIcon aria-label={t('account')} title={t('account')}>
          <Icon name="person" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {session.principal} · {t(`role.${session.role}`)}
        </Menu.Label>
        <Menu.Item onClick={() => void logOut()}>{t('logout')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function LinkState() {
  const { t } = useWords();
  const link = useLink();
  return (
    <output className={`link ${link}`}>
      <i aria-hidden="true" />
      {t(`link.${link}`)}
    </output>
  );
}

export function Shell() {
  const { t } = useWords();
  const train = useTrain();
  const palette = usePalette();
  useShortcuts();
  const system = useQuery({ ...ask.system(), retry: false });
  const active = useRuns({}).rows.filter((run) => !isRunOver(run.state)).length;
  useEffect(() => followEvents(), []);

  return (
    <div className="shell">
      <a
        className="skip"
        href="#content"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById('content')?.focus();
        }}
      >
        {t('skip')}
      </a>
      <nav className="rail" aria-label={t('places')}>
        <div className="brand">
          <Mark />
          <span>Neutrino</span>
        </div>
        <button type="button" className="train-button" onClick={() => train.open()}>
          <Icon name="train" />
          <span>{t('train')}</span>
        </button>
        <button type="button" className="find-button" onClick={() => showPalette('palette')}>
          <Icon name="search" />
          <span>{t('search')}</span>
          <kbd>Ctrl K</kbd>
        </button>
        <ul>
          {places.map(([path, name]) => (
            <li key={path}>
              <Link to={path} activeOptions={{ exact: path === '/', includeSearch: false }} className="place">
                <Icon name={name} />
                <span>{t(`place.${name}`)}</span>
                {name === 'runs' && active > 0 ? (
                  <span className="tally" title={t('runs.active')}>
                    {active}
                  </span>
                ) : null}
              </Link>
            </li>
          ))}
        </ul>
        <div className="rail-foot">
          <div className="machine ellipsis" title={system.data?.nodeId}>
            {system.data?.name ?? location.host}
          </div>
          <LinkState />
          <div className="rail-tools">
            <Preferences />
            <Account />
          </div>
        </div>
      </nav>
      <main id="content" tabIndex={-1}>
        <Suspense fallback={<Waiting />}>
          <Outlet />
        </Suspense>
      </main>
      <Drop />
      <Suspense fallback={null}>{train.request ? <TrainDialog /> : null}</Suspense>
      <Suspense fallback={null}>{palette ? <Palette /> : null}</Suspense>
    </div>
  );
}
