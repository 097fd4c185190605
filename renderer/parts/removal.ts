// Deletion that can be undone: the record vanishes from view at once and is erased when its message goes. Closing the
// window in between erases it too, since that is what was asked for.
import { say } from '../words/index.ts';
import { showFault } from './faultWords.ts';
import { dropToast, showToast } from './toasts.ts';

const grace = 7;
const waiting = new Map<string, () => void>();
let hidden: ReadonlySet<string> = new Set();
const listeners = new Set<() => void>();

function publish(): void {
  hidden = new Set([...hidden].filter((id) => waiting.has(id) || erased.has(id)).concat([...waiting.keys()]));
  for (const listener of listeners) listener();
}
/** Erased, but perhaps still in a list that has not heard of it. */
const erased = new Set<string>();

export const removalStore = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  now: (): ReadonlySet<string> => hidden,
};

/** Hides record `id` now and calls `erase` in a few seconds unless the user takes it back; `title` says what goes, in place of the name. */
export function removeLater(
  id: string,
  name: string,
  erase: () => Promise<unknown>,
  title = say('removed', { name }),
): void {
  const commit = (): void => {
    clearTimeout(timer);
    if (!waiting.delete(id)) return;
    erased.add(id);
    erase().catch((error: unknown) => {
      erased.delete(id);
      publish();
      showFault(error);
    });
  };
  const timer = setTimeout(() => {
    dropToast(toast);
    commit();
  }, grace * 1000);
  waiting.set(id, commit);
  publish();
  const toast = showToast(
    {
      kind: 'undo',
      title,
      action: {
        label: say('undo'),
        run: () => {
          clearTimeout(timer);
          waiting.delete(id);
          publish();
        },
      },
    },
    0,
  );
}

addEventListener('pagehide', () => {
  for (const commit of waiting.values()) commit();
});
