// The only surface of client/: a typed client of the appliance's API for Node and browsers.
export { createClient } from './client.ts';
export type { Client, UploadSource } from './options.ts';
export { type SnippetLanguage, snippets } from './snippets.ts';
