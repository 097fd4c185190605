// The only surface of api/: the appliance's HTTP server.
export type { ApiOptions } from './options.ts';
export { createApi } from './server.ts';
