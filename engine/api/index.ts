// The only surface of api/: the appliance's HTTP server.
export type { Api, ApiOptions } from './options.ts';
export { createApi } from './server.ts';
