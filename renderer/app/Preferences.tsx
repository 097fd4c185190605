// Theme and language, remembered by this browser.
import { ActionIcon, Menu, useMantineColorScheme } from '@mantine/core';
import { Icon } from '../parts/Icon.tsx';
import { useWords } from '../parts/words.ts';
import { type Language, languages, setLanguage } from '../words/index.ts';

const themes = { auto: 'half', light: 'sun', dark: 'moon' } as const;

export function Preferences() {
  const { t, language } = useWords();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <div className="preferences">
      <Menu position="top-start">
        <Menu.Target>
          <ActionIcon aria-label={t('theme')} title={t('theme')}>
            <Icon name={themes[colorScheme]} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {(Object.keys(themes) as (keyof typeof themes)[]).map((name) => (
            <Menu.Item
              key={name}
              leftSection={<Icon name={themes[name]} size={14} />}
              rightSection={name === colorScheme ? <Icon name="check" size={14} /> : null}
              onClick={() => setColorScheme(name)}
            >
              {t(`theme.${name}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Menu position="top-start">
        <Menu.Target>
          <ActionIcon aria-label={t('language')} title={t('language')}>
            <Icon name="language" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {(Object.keys(languages) as Language[]).map((name) => (
            <Menu.Item
              key={name}
              lang={name}
              rightSection={name === language ? <Icon name="check" size={14} /> : null}
              onClick={() => void setLanguage(name)}
            >
              {languages[name]}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
