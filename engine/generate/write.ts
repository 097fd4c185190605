// Whole texts by a model's settings: prompts in, texts out, many side by side or one piece by piece.
import { setImmediate } from 'node:timers/promises';
import { rng } from '../base/index.ts';
import type { WritingTokens } from '../data/index.ts';
import { Fault, type GenerateOptions, type TextTokens } from '../schema/index.ts';
import { beamSearch } from './beam.ts';
import { chooseToken, logSumExp } from './choose.ts';
import { openCursor, type Prompt, type Writer } from './cursor.ts';
import { openTextStream } from './textStream.ts';

export interface Written {
  text: string;
  tokens: { prompt: number; written: number };
  finish: 'stop' | 'length';
  logProbability: number;
}

export interface Hooks {
  /** Text of input `row` as it is written, where there is no beam search. */
  piece?: (row: number, text: string) => void;
  /** True ends the work with the Fault `cancelled`. */
  cancelled?: () => boolean;
}

/** Texts written side by side. */
const mostRows = 16;
const usualTokens = 256;

type Shape = Pick<TextTokens, 'maxLength' | 'start' | 'end' | 'source'>;

/** Writes one text for each input: what follows it, or the other text of it. Faults: `bad_input`, `bad_request`, `cancelled`. */
export async function writeTexts(
  writer: Writer,
  tokens: WritingTokens,
  shape: Shape,
  inputs: readonly string[],
  options: GenerateOptions = {},
  hooks: Hooks = {},
): Promise<Written[]> {
  const { beams = 1, temperature } = options;
  if (beams > 1 && (temperature || options.topK !== undefined || options.topP !== undefined))
    throw new Fault('bad_request', 'a beam search draws nothing: leave temperature, topK and topP out, or beams');
  const prompts = inputs.map((text, i) => promptOf(tokens, shape, text, i));
  const between = async () => {
    // Others are heard between steps: a request that ends, another that begins.
    await setImmediate();
    if (hooks.cancelled?.()) throw new Fault('cancelled', 'the client left before the text was written');
  };
  if (beams > 1) {
    const found: Written[] = [];
    for (const [row, prompt] of prompts.entries()) {
      const one = await withBeams(writer, tokens, shape, prompt, options, between);
      hooks.piece?.(row, one.text);
      found.push(one);
    }
    return found;
  }
  const found: Written[] = [];
  for (let from = 0; from < prompts.length; from += mostRows) {
    const part = prompts.slice(from, from + mostRows);
    found.push(...(await sideBySide(writer, tokens, shape, part, from, options, hooks, between)));
  }
  return found;
}

function promptOf(tokens: WritingTokens, { start, source, maxLength }: Shape, text: string, i: number): Prompt {
  if (source) return { ids: [start], source: tokens.read(text) };
  const ids = tokens.beginning(text);
  if (ids.length < maxLength) return { ids };
  throw new Fault(
    'bad_input',
    `inputs[${i}] has ${ids.length} tokens, and the model reads and writes ${maxLength} in all: shorten it`,
  );
}

const roomOf = ({ maxLength }: Shape, { ids }: Prompt, { maxTokens = usualTokens }: GenerateOptions) =>
  Math.min(maxTokens, maxLength - ids.length);
const readBy = ({ ids, source }: Prompt) => source?.length ?? ids.length;

async function withBeams(
  writer: Writer,
  tokens: WritingTokens,
  shape: Shape,
  prompt: Prompt,
  options: GenerateOptions,
  between: () => Promise<void>,
): Promise<Written> {
  const { beams = 1, lengthPenalty = 0, stop } = options;
  const most = roomOf(shape, prompt, options);
  const { ids, ended, logProbability } = await beamSearch(writer, prompt, {
    beams,
    most,
    end: shape.end,
    lengthPenalty,
    between,
  });
  const stream = openTextStream(tokens.decode, stop);
  for (const id of ids) stream.push(id);
  stream.finish();
  return {
    text: stream.text,
    tokens: { prompt: readBy(prompt), written: ids.length },
    finish: ended || stream.stopped ? 'stop' : 'length',
    logProbability,
  };
}

async function sideBySide(
  writer: Writer,
  tokens: WritingTokens,
  shape: Shape,
  prompts: readonly Prompt[],
  first: number,
  options: GenerateOptions,
  { piece }: Hooks,
  between: () => Promise<void>,
): Promise<Written[]> {
  const { seed = 0, stop } = options;
  const texts = prompts.map((prompt, i) => ({
    row: first + i,
    prompt,
    stream: openTextStream(tokens.decode, stop),
    random: rng(seed, 'write', first + i),
    room: roomOf(shape, prompt, options),
    written: 0,
    logProbability: 0,
    finish: undefined as Written['finish'] | undefined,
  }));
  const cursor = await openCursor(writer, prompts);
  let open = texts;
  while (open.length > 0) {
    const { logits } = cursor;
    const vocabulary = logits.length / open.length;
    const chosen = open.map((text, i) => {
      const scores = logits.subarray(i * vocabulary, (i + 1) * vocabulary);
      const token = chooseToken(scores, options, text.random);
      text.logProbability += scores[token] - logSumExp(scores);
      if (token === shape.end) text.finish = 'stop';
      else {
        text.written++;
        const told = text.stream.push(token);
        if (told !== '') piece?.(text.row, told);
        if (text.stream.stopped) text.finish = 'stop';
        else if (text.written >= text.room) text.finish = 'length';
      }
      if (text.finish) {
        const rest = text.stream.finish();
        if (rest !== '') piece?.(text.row, rest);
      }
      return token;
    });
    const going = open.map((_, i) => i).filter((i) => open[i].finish === undefined);
    if (going.length === 0) break;
    await between();
    cursor.keep(going);
    open = going.map((i) => open[i]);
    await cursor.step(going.map((i) => chosen[i]));
  }
  return texts.map(({ prompt, stream, written, finish, logProbability }) => ({
    text: stream.text,
    tokens: { prompt: readBy(prompt), written },
    finish: finish ?? 'length',
    logProbability,
  }));
}
