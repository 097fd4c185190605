// The one client of this page's appliance.
import { createClient } from '../../engine/client/index.ts';

export const api = createClient({ url: location.origin });
