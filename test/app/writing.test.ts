// Models that write through real processes: trained, asked once, served, streamed by OpenAI's protocol, exported, begun from GPT-2.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../engine/client/index.ts';
import { openTokenizer, type TokenizerJson } from '../../engine/data/index.ts';
import { readPretrained } from '../../engine/models/index.ts';
import { faultOf, importPath, launch, makePlace, type Place, type Running, train } from './parts/appliance.ts';

const gpt2 = join(import.meta.dirname, '..', 'fixtures', 'pretrained', 'gpt2');
const animals = ['cat', 'dog', 'hen', 'cow'];

let place: Place;
let appliance: Running;

beforeAll(async () => {
  place = makePlace();
  appliance = await launch(place);
  const rows = Array.from({ length: 320 }, (_, i) => `the ${animals[i % 4]} says ${animals[i % 4]} ${animals[i % 4]}.`);
  const file = join(place.root, 'said.csv');
  writeFileSync(file, ['text', ...rows.map((row) => `"${row}"`)].join('\n'));
  await importPath(appliance.client, file, 'said');
}, 60_000);
afterAll(async () => {
  await appliance?.stop();
  place.remove();
});

const post = (path: string, body: object, key = appliance.token) =>
  fetch(`${appliance.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

/** The events of a stream, as OpenAI's clients read them. */
async function eventsOf(answer: Response): Promise<unknown[]> {
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const lines = (await answer.text()).split('\n\n').filter((event) => event !== '');
  expect(lines.at(-1)).toBe('data: [DONE]');
  return lines.slice(0, -1).map((line) => JSON.parse(line.replace(/^data: /, '')) as unknown);
}

describe('a language model made here', () => {
  it('is trained on a column of texts, and the report says how surely it predicts them', async () => {
    const run = await train(appliance.client, {
      dataset: 'said',
      model: 'decoder',
      epochs: 8,
      batchSize: 16,
      learningRate: 1e-2,
      hyper: { width: 32, layers: 1, inner: 64, heads: 2, vocabulary: 300, length: 32, dropout: 0 },
      name: 'sayer',
    });
    expect(run.error).toBeUndefined();
    expect(run).toMatchObject({ state: 'finished', report: { task: 'language-model', rows: 32 } });
    expect(run.report && 'perplexity' in run.report && run.report.perplexity).toBeLessThan(1.6);
    expect(run.plan).toMatchObject({ task: 'language-model', family: 'decoder', target: 'text' });
  }, 120_000);

  it('goes on with a text, the same way twice, and ends where a stop word would be', async () => {
    const ask = (generate: object) =>
      appliance.client.call('models.predict', {
        params: { id: 'sayer' },
        body: { inputs: ['the dog says', { text: 'the hen says' }], generate },
      });
    const { outputs } = await ask({ maxTokens: 30 });
    expect(outputs).toMatchObject([
      { text: ' dog dog.', finish: 'stop' },
      { text: ' hen hen.', finish: 'stop' },
    ]);
    expect((await ask({ maxTokens: 30, beams: 3 })).outputs).toMatchObject([
      { text: ' dog dog.' },
      { text: ' hen hen.' },
    ]);
    expect((await ask({ stop: [' dog.', ' hen.'] })).outputs).toMatchObject([{ text: ' dog' }, { text: ' hen' }]);
    expect((await ask({ maxTokens: 1 })).outputs).toMatchObject([{ finish: 'length' }, { finish: 'length' }]);
    const draw = { temperature: 2, seed: 5, maxTokens: 12 };
    expect((await ask(draw)).outputs).toEqual((await ask(draw)).outputs);
    expect(await faultOf(ask({ beams: 2, temperature: 1 }))).toMatchObject({ code: 'bad_request' });
  }, 60_000);

  it('answers OpenAI’s clients: models, completions, chat, vectors', async () => {
    await appliance.client.call('deployments.create', { body: { model: 'sayer', name: 'sayer' } });
    const models = await fetch(`${appliance.url}/v1/models`, {
      headers: { authorization: `Bearer ${appliance.token}` },
    });
    expect(await models.json()).toMatchObject({ object: 'list', data: [{ id: 'sayer', object: 'model' }] });
    const whole = await post('/v1/completions', { model: 'sayer', prompt: 'the cow says', temperature: 0 });
    expect(await whole.json()).toMatchObject({
      object: 'text_completion',
      model: 'sayer',
      choices: [{ index: 0, text: ' cow cow.', finish_reason: 'stop', logprobs: null }],
    });
    const chat = await post('/v1/chat/completions', {
      model: 'sayer',
      messages: [{ role: 'user', content: 'the cow says' }],
      temperature: 0,
      max_tokens: 4,
    });
    expect(await chat.json()).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant' } }],
    });
    const vectors = await post('/v1/embeddings', { model: 'sayer', input: ['the cow says', 'the cow says', 'x'] });
    const { data } = (await vectors.json()) as { data: { embedding: number[] }[] };
    expect(data[0].embedding).toHaveLength(32);
    expect(data[1].embedding).toEqual(data[0].embedding);
    expect(Math.hypot(...data[2].embedding)).toBeCloseTo(1, 5);
    const base64 = await post('/v1/embeddings', { model: 'sayer', input: 'x', encoding_format: 'base64' });
    const [{ embedding }] = ((await base64.json()) as { data: { embedding: string }[] }).data;
    expect([...new Float32Array(Buffer.from(embedding, 'base64').buffer.slice(0))].length).toBeGreaterThanOrEqual(32);
  }, 60_000);

  it('streams what it writes piece by piece, and the pieces are the whole text', async () => {
    const asked = { model: 'sayer', prompt: 'the cow says', temperature: 0, stream: true };
    const pieces = (await eventsOf(await post('/v1/completions', asked))) as {
      choices: { text: string; finish_reason: string | null }[];
    }[];
    expect(pieces.map(({ choices }) => choices[0].text).join('')).toBe(' cow cow.');
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.at(-1)?.choices[0].finish_reason).toBe('stop');
    const chat = (await eventsOf(
      await post('/v1/chat/completions', {
        model: 'sayer',
        messages: [{ role: 'user', content: 'hi' }],
        max_tokens: 5,
        stream: true,
        stream_options: { include_usage: true },
      }),
    )) as { choices: { delta: { role?: string } }[]; usage?: { completion_tokens: number } }[];
    expect(chat[0].choices[0].delta).toEqual({ role: 'assistant', content: '' });
    expect(chat.at(-1)?.usage?.completion_tokens).toBeGreaterThan(0);
    const heard: string[] = [];
    const { model, prompt, temperature } = asked;
    const done = await appliance.client.complete(
      { model, prompt, temperature },
      { onText: (text) => heard.push(text) },
    );
    expect(done).toMatchObject({ text: ' cow cow.', finish: 'stop', tokens: { written: expect.any(Number) } });
    expect(heard.join('')).toBe(done.text);
  }, 60_000);

  it('refuses what it would have to ignore, other names, and keys for other deployments', async () => {
    const refused = async (path: string, body: object, key?: string) => {
      const answer = await post(path, body, key);
      return [answer.status, ((await answer.json()) as { error: { code: string } }).error.code];
    };
    const ask = { model: 'sayer', prompt: 'a' };
    expect(await refused('/v1/completions', { ...ask, presence_penalty: 1 })).toEqual([400, 'bad_request']);
    expect(await refused('/v1/completions', { ...ask, model: 'nobody' })).toEqual([404, 'not_found']);
    expect(await faultOf(appliance.client.complete({ model: 'nobody', prompt: 'a' }))).toMatchObject({
      code: 'not_found',
    });
    expect(await refused('/v1/completions', { ...ask, prompt: 'word '.repeat(100) })).toEqual([422, 'bad_input']);
    expect(await refused('/v1/completions', { ...ask, stream: true, prompt: ['a', 'b'] })).toEqual([
      400,
      'bad_request',
    ]);
    const { secret } = await appliance.client.call('keys.create', {
      body: { role: 'predictor', name: 'other', deployments: ['other'] },
    });
    expect(await refused('/v1/completions', ask, secret)).toEqual([403, 'forbidden']);
    const mine = createClient({ url: appliance.url, key: secret });
    expect(await mine.call('openai.models', {})).toEqual({ object: 'list', data: [] });
  }, 60_000);
});

describe('GPT-2 from a folder', () => {
  it('is served as it is, and writes what transformers writes', async () => {
    const base = await appliance.client.call('models.adopt', { body: { path: gpt2, name: 'plain' } });
    expect(base).toMatchObject({ task: 'language-model', base: { architecture: 'gpt2', writes: true } });
    await appliance.client.call('deployments.create', { body: { model: 'plain', name: 'plain' } });
    const { prompt, generated } = JSON.parse(readFileSync(join(gpt2, 'expected.json'), 'utf8')) as {
      prompt: string;
      generated: number[];
    };
    const tokens = openTokenizer(readPretrained(gpt2).tokenizer as TokenizerJson);
    const answer = await post('/v1/completions', {
      model: 'plain',
      prompt,
      temperature: 0,
      max_tokens: generated.length,
    });
    expect(await answer.json()).toMatchObject({
      choices: [{ text: tokens.decode(generated), finish_reason: 'length' }],
      usage: { prompt_tokens: 6, completion_tokens: generated.length },
    });
    const { data } = await appliance.client.call('openai.models', {});
    expect(data.map(({ id }) => id)).toContain('plain');
    const refused = faultOf(appliance.client.download('models.export', { params: { id: 'plain' } }));
    expect(await refused).toMatchObject({ code: 'bad_request' });
  }, 60_000);

  it.each(['all', 'lora', 'head'])(
    'is fine-tuned (%s) as the language model that it is, and serves',
    async (tune) => {
      if (tune === 'all') await appliance.client.call('models.adopt', { body: { path: gpt2, name: 'gpt2' } });
      const run = await train(appliance.client, {
        dataset: 'said',
        task: 'language-model',
        model: 'pretrained',
        target: 'text',
        epochs: 2,
        batchSize: 16,
        learningRate: 1e-2,
        hyper: { base: 'gpt2', tune, length: 64 },
        name: `gpt2-${tune}`,
      });
      expect(run.error).toBeUndefined();
      expect(run).toMatchObject({ state: 'finished', plan: { family: 'pretrained', task: 'language-model' } });
      const { perplexity } = run.report as { perplexity: number };
      // Random weights give 317 tokens at chance.
      expect(perplexity).toBeLessThan(tune === 'head' ? 120 : 60);
      const body = { inputs: ['the dog'], generate: { maxTokens: 5 } };
      const { outputs } = await appliance.client.call('models.predict', { params: { id: `gpt2-${tune}` }, body });
      expect(outputs).toMatchObject([{ tokens: { written: 5 } }]);
    },
    120_000,
  );
});
