// Beam search: never worse than greedy by its own measure, and exact where the beams hold every text.
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { beamSearch, logSumExp, openCursor } from '../../../engine/generate/index.ts';
import { end, type Sample, sampleWriter, vocabulary } from './sample.ts';

const samples: Sample[] = [];
beforeAll(async () => {
  for (const seed of [1, 2, 3]) samples.push(await sampleWriter(seed === 2 ? 'seq2seq' : 'decoder', seed));
});
afterAll(async () => {
  for (const { program } of samples) await program.dispose();
});

/** The greedy text with its log-probability, the end token included. */
async function greedy({ writer }: Sample, prompt: { ids: number[]; source: number[] }, most: number) {
  const cursor = await openCursor(writer, [prompt]);
  const ids: number[] = [];
  let logProbability = 0;
  while (ids.length < most) {
    const token = cursor.logits.indexOf(Math.max(...cursor.logits));
    logProbability += cursor.logits[token] - logSumExp(cursor.logits);
    ids.push(token);
    if (token === end) break;
    await cursor.step([token]);
  }
  return { logProbability, length: ids.length };
}

const token = fc.integer({ min: 1, max: vocabulary - 1 });

test('its text is at least as good as the greedy one, whatever the model, prompt, beams and length penalty', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 2 }),
      fc.array(token, { maxLength: 5 }),
      fc.array(token, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 12 }),
      fc.constantFrom(0, 0, 0.6, 1, -0.5),
      async (which, ids, source, beams, most, lengthPenalty) => {
        const sample = samples[which];
        const prompt = { ids: [0, ...ids], source };
        const plain = await greedy(sample, prompt, most);
        const found = await beamSearch(sample.writer, prompt, { beams, most, end, lengthPenalty });
        const score = (logProbability: number, length: number) => logProbability / length ** lengthPenalty;
        expect(found.score).toBeGreaterThanOrEqual(score(plain.logProbability, plain.length) - 1e-4);
        if (lengthPenalty === 0) expect(found.logProbability).toBeGreaterThanOrEqual(plain.logProbability - 1e-4);
      },
    ),
    { numRuns: 60, seed: 7 },
  );
});

test('with as many beams as there are texts it finds the likeliest of all', async () => {
  const sample = samples[0];
  const prompt = { ids: [0, 4], source: [] };
  const most = 2;
  const first = await openCursor(sample.writer, [prompt]);
  const scores = first.logits.slice();
  let best = { ids: [] as number[], logProbability: Number.NEGATIVE_INFINITY };
  const offer = (ids: number[], logProbability: number) => {
    if (logProbability > best.logProbability) best = { ids, logProbability };
  };
  for (let a = 0; a < vocabulary; a++) {
    const own = scores[a] - logSumExp(scores);
    if (a === end) {
      offer([], own);
      continue;
    }
    const cursor = await openCursor(sample.writer, [prompt]);
    await cursor.step([a]);
    for (let b = 0; b < vocabulary; b++)
      offer(b === end ? [a] : [a, b], own + cursor.logits[b] - logSumExp(cursor.logits));
  }
  const found = await beamSearch(sample.writer, prompt, { beams: vocabulary, most, end, lengthPenalty: 0 });
  expect(found.ids).toEqual(best.ids);
  expect(found.logProbability).toBeCloseTo(best.logProbability, 4);
});
