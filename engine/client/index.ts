// The only surface of client/: a typed client of the appliance's API for Node and browsers.
export { createClient } from './client.ts';
export type {
  CallName,
  CallOptions,
  Client,
  ClientOptions,
  Download,
  DownloadName,
  DownloadOptions,
  EventsOptions,
  UploadName,
  UploadOptions,
  UploadSource,
  WaitOptions,
} from './options.ts';
