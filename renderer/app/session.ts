// Who is logged in, and the ways in and out. The session itself is an HttpOnly cookie that no script can read.
import { queryOptions } from '@tanstack/react-query';
import { Fault } from '../../engine/schema/index.ts';
import { showFault } from '../parts/faultWords.ts';
import { api } from './api.ts';
import { queryClient } from './queries.ts';

/** Redeems `#ticket=…` of the address, once, and takes it out of the address before anything else can see it. */
export async function takeTicket(): Promise<void> {
  const match = /^#ticket=([^&]+)/.exec(location.hash);
  if (!match) return;
  history.replaceState(null, '', `${location.pathname}#/`);
  try {
    await logIn({ ticket: decodeURIComponent(match[1]) });
  } catch (error) {
    // The log-in page follows; a used ticket is told there in passing.
    showFault(error);
  }
}

/** Opens a session with a key or a ticket. Throws the appliance's Fault. */
export async function logIn(proof: { key: string } | { ticket: string }): Promise<void> {
  const session = await api.call('session.create', { body: proof });
  queryClient.setQueryData(sessionQuery.queryKey, session);
}

export async function logOut(): Promise<void> {
  await api.call('session.end');
  queryClient.clear();
  location.reload();
}

/** The session, or null where nobody is logged in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  retry: false,
  queryFn: async () => {
    try {
      return await api.call('session.show');
    } catch (error) {
      if (error instanceof Fault && (error.code === 'unauthenticated' || error.code === 'key_expired')) return null;
      throw error;
    }
  },
});
