// Whether the train dialog is open, and with what. A store of its own, so that any screen can open it; a reload finds it open.
import { useSyncExternalStore } from 'react';
import type { TrainRequest } from '../../engine/schema/index.ts';

type Start = Partial<TrainRequest>;
const kept = 'neutrino.train';
let request: Start | undefined = remembered();
const listeners = new Set<() => void>();

function remembered(): Start | undefined {
  const text = sessionStorage.getItem(kept);
  return text === null ? undefined : (JSON.parse(text) as Start);
}

function set(value: Start | undefined): void {
  request = value;
  if (value) sessionStorage.setItem(kept, JSON.stringify(value));
  else sessionStorage.removeItem(kept);
  for (const listener of listeners) listener();
}
const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** `open` shows the dialog, filled with what is known already. */
export function useTrain(): { request: Start | undefined; open: (start?: Start) => void; close: () => void } {
  const current = useSyncExternalStore(subscribe, () => request);
  return { request: current, open: (start = {}) => set(start), close: () => set(undefined) };
}
