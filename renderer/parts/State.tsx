// A record's state as a shape and a word: readable without colour, and the same everywhere.
import type { ReactNode } from 'react';
import { useWords } from './words.ts';

type Tone = 'busy' | 'good' | 'bad' | 'idle' | 'warn';
const looks = {
  importing: ['busy', 'half'],
  queued: ['idle', 'ring'],
  preparing: ['busy', 'half'],
  running: ['busy', 'pulse'],
  waiting: ['warn', 'half'],
  stopping: ['warn', 'half'],
  finished: ['good', 'tick'],
  stopped: ['idle', 'square'],
  failed: ['bad', 'cross'],
  interrupted: ['warn', 'bang'],
  ready: ['good', 'disc'],
  starting: ['busy', 'half'],
  saved: ['idle', 'ring'],
  absent: ['idle', 'ring'],
  deleting: ['idle', 'cross'],
  active: ['good', 'disc'],
  revoked: ['idle', 'cross'],
  up: ['good', 'disc'],
  connecting: ['busy', 'half'],
  down: ['idle', 'ring'],
  ok: ['good', 'tick'],
  refused: ['warn', 'bang'],
  invited: ['idle', 'ring'],
  sending: ['busy', 'half'],
  working: ['busy', 'pulse'],
  left: ['idle', 'square'],
} as const satisfies Record<string, readonly [Tone, string]>;

export type Shown = keyof typeof looks;
const shapes: Record<string, ReactNode> = {
  disc: <circle cx="6" cy="6" r="3.5" fill="currentColor" />,
  pulse: (
    <>
      <circle cx="6" cy="6" r="3" fill="currentColor" />
      <circle cx="6" cy="6" r="5" fill="none" stroke="currentColor" className="pulse" />
    </>
  ),
  ring: <circle cx="6" cy="6" r="3.500" fill="none" stroke="currentColor" strokeWidth="1.5" />,
  half: (
    <>
      <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="1.4" />
      <path d="M6 2a4 4 0 0 1 0 8z" fill="currentColor" />
    </>
  ),
  tick: (
    <path d="M2 6.500 5 9.500 10.500 3" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />
  ),
  square: <rect x="2.500" y="2.500" width="7" height="7" fill="currentColor" />,
  cross: <path d="M2.500 2.500l7 7M9.500 2.500l-7 7" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />,
  bang: <path d="M6 1 11.500 10.500H.5z" fill="currentColor" />,
};

/** The badge. `bare` leaves the word to screen readers. */
export function State({ state, bare = false }: { state: Shown; bare?: boolean }) {
  const { t } = useWords();
  const [tone, shape] = looks[state];
  return (
    <span className={`state ${tone}`} title={bare ? t(`state.${state}`) : undefined}>
      <svg aria-hidden="true" width="12" height="12" viewBox="0 0 12 12">
        {shapes[shape]}
      </svg>
      <span className={bare ? 'visually-hidden' : undefined}>{t(`state.${state}`)}</span>
    </span>
  );
}
