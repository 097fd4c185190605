// What the keyboard can do anywhere: the places with their letters, and whether the palette is open. A store of its own, so
// that any screen can open it. Pure state; shortcuts.ts listens to keys, Palette.tsx draws.
import { useSyncExternalStore } from 'react';
import type { IconName } from '../parts/Icon.tsx';

/** The places of the app in the order of the rail, each with the letter that leads there after `g`. */
export const places = [
  ['/', 'home', 'h'],
  ['/datasets', 'datasets', 'd'],
  ['/runs', 'runs', 'r'],
  ['/models', 'models', 'm'],
  ['/deployments', 'deployments', 'e'],
  ['/room', 'room', 'o'],
  ['/alerts', 'alerts', 'a'],
  ['/keys', 'keys', 'k'],
  ['/settings', 'settings', 's'],
] as const satisfies readonly (readonly [string, IconName, string])[];

type Open = 'palette' | 'keys' | undefined;
let open: Open;
const listeners = new Set<() => void>();

/** Shows the palette, the list of keys, or neither. */
export function showPalette(what: Open): void {
  open = what;
  for (const listener of listeners) listener();
}

/** What is shown now. */
export const usePalette = (): Open =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => open,
  );
