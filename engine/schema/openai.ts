// OpenAI's API for models that write texts, so that its clients work as they are: completions, chat, vectors of texts. Options
// that would change an answer and that we do not have are refused, not ignored. `model` is a deployment's name.
// https://platform.openai.com/docs/api-reference
import { z } from 'zod';

const settings = {
  /** Name of a deployment. */
  model: z.string().min(1),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  /** Not OpenAI's own, but usual among servers of open models. */
  top_k: z.number().int().min(1).nullish(),
  stop: z.union([z.string().max(200), z.array(z.string().max(200)).max(16)]).nullish(),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
  n: z.literal(1).nullish(),
  presence_penalty: z.literal(0).nullish(),
  frequency_penalty: z.literal(0).nullish(),
  logit_bias: z.strictObject({}).nullish(),
  user: z.string().max(512).nullish(),
};

const maxTokens = z.number().int().min(1).max(100_000).nullish();

export const completionRequest = z.object({
  ...settings,
  prompt: z.union([z.string(), z.array(z.string()).min(1).max(64)]),
  max_tokens: maxTokens,
  best_of: z.literal(1).nullish(),
  echo: z.literal(false).nullish(),
  logprobs: z.null().optional(),
  suffix: z.null().optional(),
});
export type CompletionRequest = z.infer<typeof completionRequest>;

export const chatRequest = z.object({
  ...settings,
  messages: z
    .array(
      z.object({
        role: z.enum(['system', 'developer', 'user', 'assistant']),
        content: z.union([z.string(), z.array(z.object({ type: z.literal('text'), text: z.string() }))]),
        name: z.string().max(100).optional(),
      }),
    )
    .min(1)
    .max(1000),
  max_tokens: maxTokens,
  max_completion_tokens: maxTokens,
  logprobs: z.literal(false).nullish(),
  response_format: z.object({ type: z.literal('text') }).nullish(),
});
export type ChatRequest = z.infer<typeof chatRequest>;

export const embeddingRequest = z.object({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(z.string()).min(1).max(2048)]),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  user: z.string().max(512).nullish(),
});
export type EmbeddingRequest = z.infer<typeof embeddingRequest>;

const usage = z.object({
  prompt_tokens: z.number().int(),
  completion_tokens: z.number().int(),
  total_tokens: z.number().int(),
});
const finish = z.enum(['stop', 'length']);
const head = { id: z.string(), created: z.number().int(), model: z.string() };
const listed = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.number().int(),
  owned_by: z.string(),
});

export const completionAnswer = z.object({
  ...head,
  object: z.literal('text_completion'),
  choices: z.array(z.object({ index: z.number().int(), text: z.string(), finish_reason: finish, logprobs: z.null() })),
  usage,
});
export const chatAnswer = z.object({
  ...head,
  object: z.literal('chat.completion'),
  choices: z.array(
    z.object({
      index: z.number().int(),
      message: z.object({ role: z.literal('assistant'), content: z.string() }),
      finish_reason: finish,
      logprobs: z.null(),
    }),
  ),
  usage,
});

const predict = 'deployments:predict' as const;

/** `routes` of routes.ts takes these in. Completions answer Server-Sent Events where `stream` is true. */
export const openaiRoutes = {
  'openai.models': {
    method: 'GET',
    path: '/v1/models',
    action: predict,
    summary: 'OpenAI’s API: deployments that write texts',
    response: z.object({ object: z.literal('list'), data: z.array(listed) }),
  },
  'openai.completions': {
    method: 'POST',
    path: '/v1/completions',
    action: predict,
    summary: 'OpenAI’s API: go on with a text',
    body: completionRequest,
    response: completionAnswer,
  },
  'openai.chat': {
    method: 'POST',
    path: '/v1/chat/completions',
    action: predict,
    summary: 'OpenAI’s API: the next message of a conversation',
    body: chatRequest,
    response: chatAnswer,
  },
  'openai.embeddings': {
    method: 'POST',
    path: '/v1/embeddings',
    action: predict,
    summary: 'OpenAI’s API: vectors of texts',
    body: embeddingRequest,
    response: z.object({
      object: z.literal('list'),
      model: z.string(),
      data: z.array(
        z.object({
          object: z.literal('embedding'),
          index: z.number().int(),
          embedding: z.union([z.array(z.number()), z.string()]),
        }),
      ),
      usage: usage.omit({ completion_tokens: true }),
    }),
  },
} as const;
