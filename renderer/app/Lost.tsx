// The screens for an address that leads nowhere, and for a screen that broke.
import { type ErrorComponentProps, Link } from '@tanstack/react-router';
import { Empty, Page, Problem } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';

export function Lost() {
  const { t } = useWords();
  return (
    <Page title={t('lost.title')}>
      <Empty icon="search" title={t('lost.head')} action={<Link to="/">{t('lost.home')}</Link>}>
        {t('lost.words')}
      </Empty>
    </Page>
  );
}

export function Trouble({ error, reset }: ErrorComponentProps) {
  const { t } = useWords();
  return (
    <Page title={t('trouble')}>
      <Problem error={error} onRetry={reset} />
    </Page>
  );
}
