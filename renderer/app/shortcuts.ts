// Keys that work on every screen: Ctrl-K or ⌘K, `g` and a letter, `t`, `i`, `/`, `?`. They are not heard while somebody
// writes in a field or a dialog is open.
import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { places, showPalette } from './commands.ts';
import { useTrain } from './train.ts';

/** Milliseconds in which the letter after `g` counts. */
const patience = 1200;

const writes = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null;

/** Listens until the shell goes. */
export function useShortcuts(): void {
  const navigate = useNavigate();
  const train = useTrain();
  useEffect(() => {
    let going = 0;
    const hear = (event: KeyboardEvent): void => {
      const { key } = event;
      if ((event.metaKey || event.ctrlKey) && !event.altKey && key.toLowerCase() === 'k') {
        event.preventDefault();
        return showPalette('palette');
      }
      if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
      if (writes(event.target) || document.querySelector('[role="dialog"]')) return;
      const place = Date.now() - going < patience ? places.find(([, , letter]) => letter === key) : undefined;
      going = 0;
      if (place) void navigate({ to: place[0] });
      else if (key === 'g') going = Date.now();
      else if (key === 't') train.open();
      else if (key === '?') showPalette('keys');
      else if (key === 'i') document.querySelector<HTMLInputElement>('#import-files')?.click();
      else if (key === '/') document.querySelector<HTMLInputElement>('#content .toolbar input')?.focus();
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', hear);
    return () => removeEventListener('keydown', hear);
  }, [navigate, train]);
}
