// The answers of OpenAI's API, whole or as Server-Sent Events, from deployments whose models write. What a question is and how
// it finds a host is others' matter: this file turns one protocol's words into ours and back.
import { randomBytes } from 'node:crypto';
import {
  type Call,
  type ChatRequest,
  type CompletionRequest,
  Fault,
  faultBody,
  type GenerateOptions,
  type Handlers,
  type PredictOutput,
  type Task,
} from '../schema/index.ts';
import type { JobContext } from './context.ts';
import type { Predicting } from './predicting.ts';

/** What is asked of deployments here: their names, and texts or vectors of them. */
export interface Writers {
  /** Deployments whose models write texts. */
  list(): { name: string; createdAt: number }[];
  /** What the deployment's model does. Fault `not_found`. */
  taskOf(name: string): Task;
  /** Whether it takes a conversation as it is, and knows how to write one. */
  chats(name: string): boolean;
  /** One output an input. With `onPiece` the only input's text is told as it is written. */
  ask: Predicting['write'];
}

const writes = (task: Task): boolean => task === 'language-model' || task === 'text-to-text';

/** The deployments of an appliance as these handlers see them. */
export function writersOf({ store }: JobContext, predicting: Pick<Predicting, 'write'>): Writers {
  const modelOf = (name: string) => store.models.get(store.deployments.find(name).model.id);
  const taskOf = (name: string) => modelOf(name).task;
  return {
    list: () =>
      store.deployments
        .list({ limit: 1000, where: ({ state }) => state === 'ready' || state === 'saved' })
        .items.filter(({ name }) => writes(taskOf(name)))
        .map(({ name, createdAt }) => ({ name, createdAt })),
    taskOf,
    chats: (name) => modelOf(name).base?.gguf?.chats === true,
    ask(name, inputs, how, call) {
      if (!writes(taskOf(name)))
        throw new Fault(
          'bad_request',
          `Deployment ${name} writes no texts. Ask it by /api/v1/deployments/${name}/predict.`,
        );
      return predicting.write(name, inputs, how, call);
    },
  };
}

type Written = Extract<PredictOutput, { text: string }>;
type Names = 'models' | 'completions' | 'chat' | 'embeddings';

/** Tokens that OpenAI's completions give when nobody says how many. */
const usualTokens = 16;

const seconds = (ms: number): number => Math.floor(ms / 1000);

function optionsOf(
  request: CompletionRequest | ChatRequest,
  maxTokens: number | null | undefined,
  stop: readonly string[] = [],
): GenerateOptions {
  const { temperature, top_p: topP, top_k: topK, seed } = request;
  const stops = [...(typeof request.stop === 'string' ? [request.stop] : (request.stop ?? [])), ...stop].filter(
    (word) => word !== '',
  );
  return {
    temperature: temperature ?? 1,
    ...(topP ? { topP } : {}),
    ...(topK ? { topK } : {}),
    // A draw of its own for each request, as OpenAI's: ours would otherwise always be the same.
    seed: seed ?? randomBytes(4).readUInt32LE() % 2 ** 31,
    ...(maxTokens ? { maxTokens } : {}),
    ...(stops.length > 0 ? { stop: stops.slice(0, 16) } : {}),
  };
}

function written(output: PredictOutput | undefined, model: string): Written {
  if (output && 'text' in output) return output;
  throw new Fault('bad_request', `Deployment ${model} writes no texts. Deploy a language model, or ask it by /api/v1.`);
}

const usageOf = (outputs: readonly Written[]) => {
  const [prompt, made] = [(one: Written) => one.tokens.prompt, (one: Written) => one.tokens.written].map((of) =>
    outputs.reduce((sum, one) => sum + of(one), 0),
  );
  return { prompt_tokens: prompt, completion_tokens: made, total_tokens: prompt + made };
};

const contentOf = ({ content }: ChatRequest['messages'][number]): string =>
  typeof content === 'string' ? content : content.map(({ text }) => text).join('');

const speakers = { system: 'System', developer: 'System', user: 'User', assistant: 'Assistant' } as const;

/** A conversation as a text that a plain language model goes on with; models made here know no other form. */
function transcript(messages: ChatRequest['messages']): string {
  const lines = messages.map((message) => `${speakers[message.role]}: ${contentOf(message)}`);
  return `${lines.join('\n')}\nAssistant:`;
}

/** The answer as Server-Sent Events: `begin`, one event a piece, `end` of the whole, `[DONE]`. A fault in between is an event. */
async function streamed(
  call: Call,
  events: { begin?: object; piece: (text: string) => object; end: (output: Written) => object[] },
  ask: (onPiece: (text: string) => void) => Promise<Written>,
): Promise<undefined> {
  let out: ReturnType<Call['download']> | undefined;
  const send = (event: object) => {
    // Nothing is sent before there is something to tell, so that a refusal still has its own status.
    if (!out) {
      out = call.download({ type: 'text/event-stream; charset=utf-8' });
      if (events.begin) out.write(`data: ${JSON.stringify(events.begin)}\n\n`);
    }
    out.write(`data: ${JSON.stringify(event)}\n\n`);
  };
  try {
    const output = await ask((text) => send(events.piece(text)));
    for (const event of events.end(output)) send(event);
  } catch (error) {
    if (!out) throw error;
    send({ error: faultBody(error) });
  }
  out?.end('data: [DONE]\n\n');
  return undefined;
}

/** Handlers of OpenAI's routes over these deployments. */
export function completionHandlers(writers: Writers): Pick<Handlers, `openai.${Names}`> {
  const headOf = (kind: string, model: string) => ({
    id: `${kind}-${randomBytes(12).toString('hex')}`,
    created: seconds(Date.now()),
    model,
  });
  return {
    'openai.models'(_input, { caller }) {
      const mine = writers.list().filter(({ name }) => !caller.deployments || caller.deployments.includes(name));
      return {
        object: 'list' as const,
        data: mine.map(({ name, createdAt }) => ({
          id: name,
          object: 'model' as const,
          created: seconds(createdAt),
          owned_by: 'neutrino',
        })),
      };
    },

    async 'openai.completions'({ body }, call) {
      const { model, prompt, stream } = body;
      const prompts = typeof prompt === 'string' ? [prompt] : prompt;
      const generate = optionsOf(body, body.max_tokens ?? usualTokens);
      const head = { ...headOf('cmpl', model), object: 'text_completion' as const };
      const choice = (text: string, finish: Written['finish'] | null, index = 0) => ({
        index,
        text,
        finish_reason: finish,
        logprobs: null,
      });
      if (stream) {
        const [only, another] = prompts;
        if (only === undefined || another !== undefined)
          throw new Fault('bad_request', 'A stream is of one text: send one prompt, or leave stream out.');
        const events = {
          piece: (text: string) => ({ ...head, choices: [choice(text, null)] }),
          end: (output: Written) => [
            { ...head, choices: [choice('', output.finish)] },
            ...(body.stream_options?.include_usage ? [{ ...head, choices: [], usage: usageOf([output]) }] : []),
          ],
        };
        // What was begun by `download` is answered already.
        return streamed(call, events, async (onPiece) =>
          written((await writers.ask(model, [only], { generate, onPiece }, call))[0], model),
        ) as never;
      }
      const outputs = (await writers.ask(model, prompts, { generate }, call)).map((one) => written(one, model));
      return {
        ...head,
        choices: outputs.map((one, i) => ({ ...choice(one.text, one.finish, i), finish_reason: one.finish })),
        usage: usageOf(outputs),
      };
    },

    async 'openai.chat'({ body }, call) {
      const { model, messages, stream } = body;
      const last = messages.at(-1);
      const reads = writers.taskOf(model) === 'text-to-text';
      const chats = writers.chats(model);
      const prompt = chats
        ? { messages: messages.map((message) => ({ role: message.role, content: contentOf(message) })) }
        : reads && last
          ? contentOf(last)
          : transcript(messages);
      const wanted = body.max_completion_tokens ?? body.max_tokens;
      const generate = optionsOf(body, wanted, reads || chats ? [] : ['\nUser:', '\nSystem:', '\nAssistant:']);
      const head = { ...headOf('chatcmpl', model), object: 'chat.completion' as const };
      // The blank between "Assistant:" and what it says is not said.
      const said = (text: string) => (reads || chats ? text : text.replace(/^ /, ''));
      if (stream) {
        const chunk = (delta: object, finish: Written['finish'] | null) => ({
          ...head,
          object: 'chat.completion.chunk',
          choices: [{ index: 0, delta, finish_reason: finish, logprobs: null }],
        });
        let isFirst = true;
        const events = {
          begin: chunk({ role: 'assistant', content: '' }, null),
          piece(text: string) {
            const content = isFirst ? said(text) : text;
            isFirst = false;
            return chunk({ content }, null);
          },
          end: (output: Written) => [
            chunk({}, output.finish),
            ...(body.stream_options?.include_usage
              ? [{ ...head, object: 'chat.completion.chunk', choices: [], usage: usageOf([output]) }]
              : []),
          ],
        };
        return streamed(call, events, async (onPiece) =>
          written((await writers.ask(model, [prompt], { generate, onPiece }, call))[0], model),
        ) as never;
      }
      const output = written((await writers.ask(model, [prompt], { generate }, call))[0], model);
      return {
        ...head,
        choices: [
          {
            index: 0,
            message: { role: 'assistant' as const, content: said(output.text) },
            finish_reason: output.finish,
            logprobs: null,
          },
        ],
        usage: usageOf([output]),
      };
    },

    async 'openai.embeddings'({ body }, call) {
      const { model, input, encoding_format: format } = body;
      const outputs = await writers.ask(model, typeof input === 'string' ? [input] : input, { embed: true }, call);
      let tokens = 0;
      const data = outputs.map((output, index) => {
        if (!('embedding' in output))
          throw new Fault('bad_request', `Deployment ${model} gives no vectors of texts. Ask a language model.`);
        tokens += output.tokens;
        const { embedding } = output;
        const bytes = () => Buffer.from(Float32Array.from(embedding).buffer).toString('base64');
        return { object: 'embedding' as const, index, embedding: format === 'base64' ? bytes() : embedding };
      });
      return { object: 'list' as const, model, data, usage: { prompt_tokens: tokens, total_tokens: tokens } };
    },
  };
}
