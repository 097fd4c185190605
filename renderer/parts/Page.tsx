// The frame of every screen: a heading with its actions, sections with hairlines, empty states, and failures that say
// what to do.
import { Button, Loader } from '@mantine/core';
import type { ReactNode } from 'react';
import { faultWords } from './faultWords.ts';
import { Icon, type IconName } from './Icon.tsx';
import { useWords } from './words.ts';

interface PageProperties {
  title: ReactNode;
  /** A line above the title: where one came from. */
  above?: ReactNode;
  /** A line below the title. */
  below?: ReactNode;
  actions?: ReactNode;
  /** The body takes the window's height and its table scrolls, instead of the page. */
  fill?: boolean;
  children: ReactNode;
}

/** One screen. */
export function Page({ title, above, below, actions, fill, children }: PageProperties) {
  return (
    <div className={`page${fill ? ' fill' : ''}`}>
      <header className="page-head">
        <div className="page-title">
          {above ? <div className="above">{above}</div> : null}
          <h1>{title}</h1>
          {below ? <div className="below">{below}</div> : null}
        </div>
        {actions ? <div className="actions">{actions}</div> : null}
      </header>
      {children}
    </div>
  );
}

/** A titled part of a screen. */
export function Section(properties: {
  title: ReactNode;
  note?: ReactNode;
  side?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  return (
    <section className={`section ${properties.className ?? ''}`}>
      <div className="section-head">
        <h2>{properties.title}</h2>
        {properties.note ? <span className="quiet note">{properties.note}</span> : null}
        {properties.side ? <div className="side">{properties.side}</div> : null}
      </div>
      {properties.children}
    </section>
  );
}

/** What stands where nothing is yet: what this place is for, and the way to fill it. */
export function Empty(properties: { icon: IconName; title: string; children: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <Icon name={properties.icon} size={28} />
      <h2>{properties.title}</h2>
      <div className="soft">{properties.children}</div>
      {properties.action ? <div className="actions">{properties.action}</div> : null}
    </div>
  );
}

/** A failure in place, with a way to try again where that makes sense. */
export function Problem({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useWords();
  const { title, detail } = faultWords(error);
  return (
    <div className="problem" role="alert">
      <Icon name="warning" />
      <div>
        <strong>{title}</strong>
        <p>{detail}</p>
      </div>
      {onRetry ? (
        <Button onClick={onRetry} size="compact-xs">
          {t('again')}
        </Button>
      ) : null}
    </div>
  );
}

/** Waiting, said to screen readers too. */
export function Waiting() {
  const { t } = useWords();
  return (
    <output className="waiting" aria-label={t('loading')}>
      <Loader size={18} color="teal" />
    </output>
  );
}

/** A figure with its name. */
export function Figure({ name, children, title }: { name: string; children: ReactNode; title?: string | undefined }) {
  return (
    <div className="figure" title={title}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
