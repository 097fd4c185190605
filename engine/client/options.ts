// The shapes of the client: what it is made of and what it can do. Types only.
import type {
  CompletionRequest,
  Dataset,
  Fault,
  LiveEvent,
  RouteAnswer,
  RouteArguments,
  RouteName,
  routes,
  Run,
} from '../schema/index.ts';

export interface ClientOptions {
  /** Where the appliance answers, e.g. `http://127.0.0.1:7317`; in its own pages, `location.origin`. */
  url: string;
  /** A key (or the per-start token); without it the browser's session cookie speaks. */
  key?: string;
  /** In place of the platform's own, e.g. one that trusts a private authority. */
  fetch?: typeof globalThis.fetch;
  WebSocket?: typeof globalThis.WebSocket;
}

export interface CallOptions {
  /** Aborting rejects the call with `cancelled` and aborts the handler on the appliance. */
  signal?: AbortSignal;
}

type Table = typeof routes;
/** Routes whose body, or answer, is raw bytes. */
type UploadName = { [N in RouteName]: Table[N] extends { stream: 'in' } ? N : never }[RouteName];
type DownloadName = { [N in RouteName]: Table[N] extends { stream: 'out' } ? N : never }[RouteName];
type CallName = Exclude<RouteName, UploadName | DownloadName>;

/** Fields that may be empty may be left out. */
type Loose<A> = { [K in keyof A as object extends A[K] ? never : K]: A[K] } & {
  [K in keyof A as object extends A[K] ? K : never]?: A[K];
};
/** What a caller passes: `params`, `query`, `body` as the route has them. */
type Arguments<N extends RouteName> = Loose<RouteArguments<N>>;
type Rest<N extends RouteName, O> =
  object extends Arguments<N> ? [args?: Arguments<N>, options?: O] : [args: Arguments<N>, options?: O];

export interface UploadOptions extends CallOptions {
  /** Length in bytes, where the source does not tell it (streams). */
  bytes?: number;
  /** Bytes handed to the network so far. */
  onProgress?: (sent: number, total: number | undefined) => void;
}

/** What can be uploaded. Browsers send only blobs (files) without holding them in memory. */
export type UploadSource = Blob | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

export interface DownloadOptions extends CallOptions {
  onProgress?: (received: number, total: number | undefined) => void;
}

export interface Download {
  filename: string;
  type: string;
  bytes: number | undefined;
  /** Errors with Fault `unreachable` when the connection breaks before the end. */
  body: ReadableStream<Uint8Array>;
}

export interface EventsOptions {
  /** Replay what followed this event. */
  after?: number;
  onEvent: (event: LiveEvent) => void;
  /** What is known may be stale: fetch it anew. Comes first when `after` was left out, and after a gap too old to replay. */
  onResync?: (seq: number) => void;
  /** Whether events arrive at the moment. */
  onState?: (state: 'live' | 'waiting') => void;
  /** The appliance refused for good (wrong key, logged out); no more tries are made. */
  onFault?: (fault: Fault) => void;
}

export interface WaitOptions extends CallOptions {
  /** Asks at least this often, ms, should events not get through; 2000 when left out. */
  pollMs?: number;
}

export interface CompletionOptions extends CallOptions {
  /** Hears what is written, piece by piece. */
  onText?: (text: string) => void;
}

/** A text that a model wrote. */
export interface Completion {
  text: string;
  finish: 'stop' | 'length';
  tokens: { prompt: number; written: number };
}

/** A typed client of one appliance. Whatever fails is thrown as a Fault with its code. */
export interface Client {
  readonly url: string;
  call<N extends CallName>(name: N, ...rest: Rest<N, CallOptions>): Promise<RouteAnswer<N>>;
  upload<N extends UploadName>(
    name: N,
    source: UploadSource,
    args: Arguments<N>,
    options?: UploadOptions,
  ): Promise<RouteAnswer<N>>;
  download<N extends DownloadName>(name: N, ...rest: Rest<N, DownloadOptions>): Promise<Download>;
  /** Asks a deployment that writes to go on with a text; `onText` hears it as it comes. */
  complete(
    body: Omit<CompletionRequest, 'stream' | 'stream_options'>,
    options?: CompletionOptions,
  ): Promise<Completion>;
  /** Follows the events, reconnecting as needed; call what it returns to stop. */
  events(options: EventsOptions): () => void;
  /** Resolves when the run is over, whatever its end; `onEvent` gets each of its events. */
  waitRun(id: string, onEvent?: (event: LiveEvent) => void, options?: WaitOptions): Promise<Run>;
  /** Resolves when the dataset is no longer importing: `ready` or `failed`. */
  waitDataset(id: string, onEvent?: (event: LiveEvent) => void, options?: WaitOptions): Promise<Dataset>;
}
