// The same question as code, ready to paste: curl, TypeScript, Python. Keys are named, never shown.
import { Button, CopyButton, SegmentedControl } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import type { PredictRequest } from '../../engine/schema/index.ts';
import { Icon } from '../parts/Icon.tsx';
import { useWords } from '../parts/words.ts';
import { type SnippetLanguage, snippets } from '../../engine/client/index.ts';

export function Snippets({ name, request }: { name: string; request: PredictRequest }) {
  const { t } = useWords();
  const [language, setLanguage] = useLocalStorage<SnippetLanguage>({
    key: 'neutrino.snippet',
    defaultValue: 'curl',
    getInitialValueInEffect: false,
  });
  const text = snippets[language](`${location.origin}/api/v1/deployments/${name}/predict`, request);
  return (
    <div className="snippets">
      <div className="toolbar tight">
        <SegmentedControl
          aria-label={t('language')}
          value={language}
          onChange={(value) => setLanguage(value)}
          data={[
            { value: 'curl', label: 'curl' },
            { value: 'typescript', label: 'TypeScript' },
            { value: 'python', label: 'Python' },
          ]}
        />
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button size="compact-sm" leftSection={<Icon name={copied ? 'check' : 'copy'} size={13} />} onClick={copy}>
              {copied ? t('copied') : t('copy')}
            </Button>
          )}
        </CopyButton>
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable by keyboard */}
      <pre tabIndex={0} aria-label={t('snippets.title')}>
        {text}
      </pre>
      <p className="quiet small">
        {t('snippets.key')} <Link to="/keys">{t('snippets.make')}</Link>
      </p>
    </div>
  );
}
