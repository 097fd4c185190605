// The typed client that the command line, the pages and tests use. Runs in browsers and in Node; imports schema only.
import { Fault, isRunOver, type RouteAnswer, type RouteName, routes } from '../schema/index.ts';
import { readCompletion } from './completion.ts';
import { followEvents } from './events.ts';
import { faultOf, networkFault } from './faults.ts';
import type { CallOptions, Client, ClientOptions } from './options.ts';
import { answerOf, headersOf, type Parts, urlOf } from './request.ts';
import { fetchBytes, sendBytes } from './transfer.ts';
import { waitFor } from './wait.ts';

/** A client of the appliance at a URL. Makes no request by itself. */
export function createClient(given: ClientOptions): Client {
  const options: ClientOptions = { ...given, url: given.url.replace(/\/+$/, '') };

  async function request(name: RouteName, parts: Parts = {}, { signal }: CallOptions = {}): Promise<unknown> {
    const fetch = options.fetch ?? globalThis.fetch;
    const hasBody = 'body' in routes[name];
    let response: Response;
    let body: unknown;
    try {
      response = await fetch(urlOf(options.url, name, parts), {
        method: routes[name].method,
        headers: { ...headersOf(options), ...(hasBody ? { 'content-type': 'application/json' } : {}) },
        body: hasBody ? JSON.stringify(parts.body ?? {}) : null,
        signal: signal ?? null,
        credentials: 'same-origin',
        redirect: 'error',
      });
      if (!response.ok) throw await faultOf(response);
      body = await response.json();
    } catch (error) {
      if (error instanceof SyntaxError) {
        throw new Fault('unreachable', `${options.url} does not answer in JSON; is it a Neutrino appliance?`);
      }
      throw networkFault(error, options.url, signal);
    }
    return answerOf(name, body);
  }

  const client: Client = {
    url: options.url,
    call: <N extends RouteName>(name: N, parts?: Parts, how?: CallOptions) =>
      request(name, parts, how) as Promise<RouteAnswer<N>>,
    upload: async <N extends RouteName>(name: N, ...[source, parts, how]: UploadRest) =>
      answerOf(name, await sendBytes(options, urlOf(options.url, name, parts), source, how ?? {})) as RouteAnswer<N>,
    download: (name: RouteName, parts?: Parts, how?: CallOptions) =>
      fetchBytes(options, urlOf(options.url, name, parts ?? {}), how ?? {}),
    complete: (body, how) => readCompletion(options, body, how ?? {}),
    events: (events) => followEvents(options, () => request('events.list'), events),
    waitRun: (id, onEvent, how) =>
      waitFor(client, {
        ...how,
        id,
        onEvent,
        show: () => client.call('runs.show', { params: { id } }, callOptions(how)),
        isOver: (run) => isRunOver(run.state),
      }),
    waitDataset: (id, onEvent, how) =>
      waitFor(client, {
        ...how,
        id,
        onEvent,
        show: () => client.call('datasets.show', { params: { id } }, callOptions(how)),
        isOver: (dataset) => dataset.state !== 'importing',
      }),
  };
  return client;
}

type UploadRest = [source: Parameters<typeof sendBytes>[2], parts: Parts, how?: Parameters<typeof sendBytes>[3]];

const callOptions = (how: CallOptions | undefined): CallOptions => (how?.signal ? { signal: how.signal } : {});
