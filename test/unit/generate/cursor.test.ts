// Writing with a cache is writing without one, only quicker: scores, places and batches.
import { expect, test } from 'vitest';
import { openCursor } from '../../../engine/generate/index.ts';
import { type Tensor, tensor } from '../../../engine/onnx/index.ts';
import { compile } from '../../../engine/runtime/index.ts';
import { sampleWriter, vocabulary } from './sample.ts';

const best = (scores: Float32Array) => scores.reduce((at, value, i) => (value > (scores[at] ?? 0) ? i : at), 0);
const worst = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
const integers = (values: readonly number[]) => tensor('int64', [1, values.length], BigInt64Array.from(values, BigInt));

test.each(['decoder', 'seq2seq'] as const)(
  '%s: greedy writing with the cache is token for token that without',
  async (name) => {
    const { plain, program, writer } = await sampleWriter(name, 3);
    const whole = await compile(plain);
    const source = [4, 9, 2, 17];
    const read: Record<string, Tensor> =
      name === 'seq2seq' ? { source_ids: integers(source), source_mask: integers(source.map(() => 1)) } : {};
    const ids = [0, 5, 7];
    const cursor = await openCursor(writer, [{ ids, source }]);
    const [cached, uncached]: [number[], number[]] = [[], []];
    while (uncached.length < 24) {
      const { logits } = await whole.run({ input_ids: integers([...ids, ...uncached]), ...read });
      const last = (logits.data as Float32Array).slice(-vocabulary);
      expect(worst(cursor.logits, last)).toBeLessThan(1e-4);
      uncached.push(best(last));
      cached.push(best(cursor.logits));
      await cursor.step([cached.at(-1) ?? 0]);
    }
    expect(cached).toEqual(uncached);
    await whole.dispose();
    await program.dispose();
  },
);

test.each(['decoder', 'seq2seq'] as const)('%s: texts of other lengths beside it change nothing', async (name) => {
  const { program, writer } = await sampleWriter(name, 5);
  const prompts = [
    { ids: [0, 3, 8, 8, 1], source: [6, 6] },
    { ids: [0], source: [1, 2, 3, 4, 5] },
    { ids: [0, 9, 4], source: [7] },
  ];
  const many = await openCursor(writer, prompts);
  await many.step([2, 5, 7]);
  // Two go on, one of them twice.
  many.keep([2, 0, 2]);
  await many.step([1, 1, 3]);
  const rows = [
    [2, [7, 1]],
    [0, [2, 1]],
    [2, [7, 3]],
  ] as const;
  for (const [i, [row, tokens]] of rows.entries()) {
    const one = await openCursor(writer, [prompts[row]]);
    for (const token of tokens) await one.step([token]);
    expect(worst(one.logits, many.logits.slice(i * vocabulary, (i + 1) * vocabulary))).toBeLessThan(1e-4);
  }
  await program.dispose();
});
