// The one subscription to live events: starts it, feeds the cache, and tells whether events arrive.
import { useSyncExternalStore } from 'react';
import { api } from './api.ts';
import { applyEvent } from './live.ts';
import { queryClient } from './queries.ts';
import { sessionQuery } from './session.ts';

type Link = 'connecting' | 'live' | 'waiting';
let link: Link = 'connecting';
let fresh = true;
const listeners = new Set<() => void>();

function set(value: Link): void {
  link = value;
  for (const listener of listeners) listener();
}

/** Follows events until the function that it returns is called. A session that ended brings the log-in page back. */
export function followEvents(): () => void {
  fresh = true;
  const stop = api.events({
    onEvent: applyEvent,
    onState: set,
    onResync() {
      // The first resync only says where the stream begins; what was asked a moment ago is asked again once.
      void queryClient.invalidateQueries(
        fresh ? { predicate: (query) => query.queryKey[0] !== 'session' && query.queryKey[0] !== 'rows' } : {},
      );
      fresh = false;
    },
    onFault(fault) {
      set('waiting');
      if (fault.code === 'unauthenticated' || fault.code === 'key_expired') {
        queryClient.setQueryData(sessionQuery.queryKey, null);
      }
    },
  });
  return () => {
    stop();
    set('connecting');
  };
}

/** `live` while events arrive. */
export function useLink(): Link {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => link,
  );
}
