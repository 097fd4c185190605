// The one client of this page's appliance. Deletions outlive the page, so that one confirmed by closing the window
// (parts/removal.ts) still arrives.
import { createClient } from '../../engine/client/index.ts';

export const api = createClient({
  url: location.origin,
  fetch: (input, init) => fetch(input, { ...init, keepalive: init?.method === 'DELETE' }),
});
