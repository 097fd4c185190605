// Lists without the records whose deletion can still be undone.
import { useMemo, useSyncExternalStore } from 'react';
import { removalStore } from './removal.ts';

/** `rows` less those that are hidden. */
export function useVisible<T extends { id: string }>(rows: T[] | undefined): T[] {
  const hidden = useSyncExternalStore(removalStore.subscribe, removalStore.now);
  return useMemo(() => (rows ?? []).filter((row) => !hidden.has(row.id)), [rows, hidden]);
}
