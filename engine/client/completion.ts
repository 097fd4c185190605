// A text as it is written: the Server-Sent Events of OpenAI's completions, read piece by piece.
import { Fault, type FaultBody, faultFrom } from '../schema/index.ts';
import { faultOf, networkFault } from './faults.ts';
import type { ClientOptions, CompletionOptions, Completion } from './options.ts';
import { headersOf } from './request.ts';

interface Event {
  error?: FaultBody;
  choices?: { text?: string; finish_reason?: 'stop' | 'length' | null }[];
  usage?: { prompt_tokens: number; completion_tokens: number };
}

/** Asks a deployment to go on with a text, and tells what it writes as it comes. */
export async function readCompletion(
  client: ClientOptions,
  body: Record<string, unknown>,
  { signal, onText }: CompletionOptions,
): Promise<Completion> {
  const fetch = client.fetch ?? globalThis.fetch;
  const done: Completion = { text: '', finish: 'stop', tokens: { prompt: 0, written: 0 } };
  const take = (line: string) => {
    if (!line.startsWith('data: ') || line === 'data: [DONE]') return;
    const event = JSON.parse(line.slice(6)) as Event;
    if (event.error) throw faultFrom(event.error);
    const [choice] = event.choices ?? [];
    if (choice?.text) {
      done.text += choice.text;
      onText?.(choice.text);
    }
    if (choice?.finish_reason) done.finish = choice.finish_reason;
    if (event.usage) done.tokens = { prompt: event.usage.prompt_tokens, written: event.usage.completion_tokens };
  };
  try {
    const response = await fetch(`${client.url}/v1/completions`, {
      method: 'POST',
      headers: { ...headersOf(client), 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
      signal: signal ?? null,
      credentials: 'same-origin',
      redirect: 'error',
    });
    if (!response.ok) throw await faultOf(response);
    if (!response.body) throw new Fault('unreachable', 'the answer has no body');
    const decoder = new TextDecoder();
    let held = '';
    // Not every browser iterates over a stream.
    const reader = response.body.getReader();
    for (;;) {
      const { done: isOver, value } = await reader.read();
      if (isOver) break;
      held += decoder.decode(value, { stream: true });
      const lines = held.split('\n');
      held = lines.pop() ?? '';
      for (const line of lines) take(line);
    }
    return done;
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw networkFault(error, client.url, signal);
  }
}
