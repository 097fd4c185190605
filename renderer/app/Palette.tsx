// The command palette: places, things to do and every record by name, from the keyboard alone. Loaded when first opened.
/* oxlint-disable jsx-a11y/prefer-tag-over-role -- ARIA's combobox: a <select> can hold neither icons nor a field to type in */
import { TextInput, useMantineColorScheme } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useEffect, useMemo, useState } from 'react';
import { Dialog } from '../parts/Dialog.tsx';
import { Icon, type IconName } from '../parts/Icon.tsx';
import { useWords } from '../parts/words.ts';
import { type Language, languages, setLanguage } from '../words/index.ts';
import { places, showPalette, usePalette } from './commands.ts';
import { ask } from './queries.ts';
import { logOut } from './session.ts';
import { useTrain } from './train.ts';
import { useRuns } from './useRuns.ts';

interface Command {
  group: 'do' | 'go' | 'records';
  icon: IconName;
  name: string;
  /** A word beside the name. */
  note?: string;
  run: () => void;
}

/** Records shown of each kind. */
const most = 6;
const themes = { auto: 'half', light: 'sun', dark: 'moon' } as const;

/** Every command there is now; runs are those whose name holds `typed`. */
function useCommands(typed: string): Command[] {
  const { t } = useWords();
  const navigate = useNavigate();
  const train = useTrain();
  const { setColorScheme } = useMantineColorScheme();
  const datasets = useQuery(ask.datasets()).data?.items;
  const models = useQuery(ask.models()).data?.items;
  const deployments = useQuery(ask.deployments()).data?.items;
  const [settled] = useDebouncedValue(typed, 150);
  const runs = useRuns(settled ? { search: settled } : {}).rows;
  return useMemo(() => {
    const record = (icon: IconName, kind: string, name: string, to: string): Command => ({
      group: 'records',
      icon,
      name,
      note: t(`place.${kind}` as 'place.runs'),
      run: () => void navigate({ to }),
    });
    return [
      { group: 'do', icon: 'train', name: t('train.title'), note: 't', run: () => train.open() },
      {
        group: 'do',
        icon: 'upload',
        name: t('palette.import'),
        note: 'i',
        run: () => document.querySelector<HTMLInputElement>('#import-files')?.click(),
      },
      ...places.map(
        ([to, name, letter]): Command => ({
          group: 'go',
          icon: name,
          name: t(`place.${name}`),
          note: `g ${letter}`,
          run: () => void navigate({ to }),
        }),
      ),
      ...(datasets ?? []).map((item) => record('datasets', 'datasets', item.name, `/datasets/${item.id}`)),
      ...runs.slice(0, 50).map((item) => record('runs', 'runs', item.name, `/runs/${item.id}`)),
      ...(models ?? []).map((item) => record('models', 'models', `${item.name}@${item.version}`, `/models/${item.id}`)),
      ...(deployments ?? []).map((item) =>
        record('deployments', 'deployments', item.name, `/deployments/${item.name}`),
      ),
      ...(datasets ?? [])
        .filter((item) => item.state === 'ready')
        .map(
          (item): Command => ({
            group: 'do',
            icon: 'train',
            name: t('palette.train', { name: item.name }),
            run: () => train.open({ dataset: item.id }),
          }),
        ),
      ...(Object.keys(themes) as (keyof typeof themes)[]).map(
        (name): Command => ({
          group: 'do',
          icon: themes[name],
          name: t('palette.theme', { name: t(`theme.${name}`) }),
          run: () => setColorScheme(name),
        }),
      ),
      ...(Object.keys(languages) as Language[]).map(
        (name): Command => ({
          group: 'do',
          icon: 'language',
          name: t('palette.language', { name: languages[name] }),
          run: () => void setLanguage(name),
        }),
      ),
      { group: 'do', icon: 'keys', name: t('palette.keys'), note: '?', run: () => showPalette('keys') },
      { group: 'do', icon: 'person', name: t('logout'), run: () => void logOut() },
    ];
  }, [t, navigate, train, setColorScheme, datasets, models, deployments, runs]);
}

/** Commands whose names hold all typed words; without any, places and the first things to do. */
function pick(commands: Command[], typed: string): Command[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = commands.filter(({ name, note, group }) =>
    words.length === 0
      ? group === 'go' || (group === 'do' && note !== undefined)
      : words.every((word) => `${name} ${note ?? ''}`.toLowerCase().includes(word)),
  );
  const records = matching.filter(({ group }) => group === 'records');
  const kinds = new Map<string, number>();
  const kept = records.filter(({ note = '' }) => {
    kinds.set(note, (kinds.get(note) ?? 0) + 1);
    return (kinds.get(note) ?? 0) <= most;
  });
  const of = (group: Command['group']) => matching.filter((one) => one.group === group);
  return words.length === 0 ? [...of('do'), ...of('go')] : [...kept, ...of('go'), ...of('do')];
}

function Finder() {
  const { t } = useWords();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const commands = pick(useCommands(typed.trim()), typed);
  const current = Math.min(at, commands.length - 1);
  useEffect(() => {
    document.getElementById(`palette-${current}`)?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  const go = (command: Command | undefined) => {
    if (!command) return;
    showPalette(undefined);
    command.run();
  };
  const steer = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowDown: current + 1, ArrowUp: current - 1, End: -1, Home: 0 };
    const to = moves[event.key];
    if (to !== undefined && commands.length > 0) setAt((to + commands.length) % commands.length);
    else if (event.key === 'Enter' && !event.nativeEvent.isComposing) go(commands[current]);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <TextInput
        size="sm"
        placeholder={t('palette.hint')}
        aria-label={t('palette.hint')}
        leftSection={<Icon name="search" size={15} />}
        value={typed}
        data-autofocus
        role="combobox"
        aria-expanded
        aria-controls="palette-list"
        aria-activedescendant={commands.length > 0 ? `palette-${current}` : undefined}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={steer}
      />
      <div id="palette-list" className="palette" role="listbox" aria-label={t('palette.open')} tabIndex={-1}>
        {commands.length === 0 ? <p className="quiet">{t('palette.none')}</p> : null}
        {commands.map((command, index) => (
          <div key={`${command.group} ${command.icon} ${command.name}`} role="presentation">
            {commands[index - 1]?.group === command.group ? null : (
              <div className="palette-group" role="presentation">
                {t(`palette.${command.group}`)}
              </div>
            )}
            {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the field above has the keys */}
            <div
              id={`palette-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === current}
              className="palette-row"
              onMouseMove={() => setAt(index)}
              onClick={() => go(command)}
            >
              <Icon name={command.icon} size={15} />
              <span className="ellipsis">{command.name}</span>
              {command.note ? <span className="quiet small">{command.note}</span> : null}
            </div>
          </div>
        ))}
      </div>
    </>
  );
}

function Keys() {
  const { t } = useWords();
  const rows = [
    ['Ctrl K  ⌘ K', t('keyboard.palette')],
    ['t', t('keyboard.train')],
    ['i', t('keyboard.import')],
    ['/', t('keyboard.find')],
    ['?', t('keyboard.help')],
    ['Esc', t('keyboard.close')],
    ...places.map(([, name, letter]) => [`g ${letter}`, t(`place.${name}`)]),
  ];
  return (
    <table className="plain keyboard">
      <tbody>
        {rows.map(([keys, does]) => (
          <tr key={keys}>
            <th scope="row">
              <kbd>{keys}</kbd>
            </th>
            <td>{does}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export default function Palette() {
  const { t } = useWords();
  const open = usePalette();
  if (!open) return null;
  return (
    <Dialog
      title={t(open === 'keys' ? 'palette.keys' : 'palette.title')}
      size={open === 'keys' ? 440 : 600}
      onClose={() => showPalette(undefined)}
    >
      {open === 'keys' ? <Keys /> : <Finder />}
    </Dialog>
  );
}
