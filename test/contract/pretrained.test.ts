// Pretrained models read from Hugging Face folders, against PyTorch's references, on every runtime of this machine.
import { describe, expect, test } from 'vitest';
import { type Graph, inferTypes } from '../../engine/graph/index.ts';
import { pretrainedOf, readFolder } from '../../engine/models/index.ts';
import { type Tensor, tensor } from '../../engine/onnx/index.ts';
import { compile, type Program } from '../../engine/runtime/index.ts';
import { compileTraining } from '../../engine/train/index.ts';
import { relativeError } from './fixture.ts';
import { architectures, open, type Reference, referenceOf } from './pretrained.ts';
import { runtimes } from './runtimes.ts';

/** GPT-2's folder holds a language model; the same weights with its `score` classify. */
function classifier(name: string, reference: Reference): Graph {
  if (name !== 'gpt2') return open(reference).graph;
  const folder = readFolder(reference.dir);
  const config = { ...(folder.config as object), architectures: ['GPT2ForSequenceClassification'] };
  return pretrainedOf({ ...folder, config }, { dropout: false }).graph;
}

const ids = (values: readonly number[]): Tensor => tensor('int64', [1, values.length], values);

/** The best next token by the scores of the last position. */
function best(logits: Tensor): number {
  const words = logits.dims.at(-1) as number;
  const last = (logits.data as Float32Array).subarray(-words);
  return last.reduce((top, score, i) => (score > last[top] ? i : top), 0);
}

async function generate(program: Program, prompt: readonly number[], count: number): Promise<number[]> {
  const tokens = [...prompt];
  for (let i = 0; i < count; i++) {
    const out = await program.run({ input_ids: ids(tokens), attention_mask: ids(tokens.map(() => 1)) }, ['logits']);
    tokens.push(best(out['logits']));
  }
  return tokens.slice(prompt.length);
}

/** Generation that feeds each token once and keeps what attention saw. */
async function generateCached(
  program: Program,
  graph: Graph,
  prompt: readonly number[],
  count: number,
): Promise<number[]> {
  const past = graph.inputs.filter(({ name }) => name.startsWith('past_'));
  let cache = Object.fromEntries(
    past.map(({ name, shape }) => [name, tensor('float32', [1, Number(shape[1]), 0, Number(shape[3])])]),
  );
  const made: number[] = [];
  let fresh = [...prompt];
  for (let i = 0; i < count; i++) {
    const seen = ids(Array<number>(prompt.length + i).fill(1));
    const out = await program.run({ input_ids: ids(fresh), attention_mask: seen, ...cache });
    cache = Object.fromEntries(past.map(({ name }) => [name, out[name.replace('past_', 'present_')]]));
    fresh = [best(out['logits'])];
    made.push(fresh[0]);
  }
  return made;
}

for (const { device, skip } of runtimes) {
  describe.skipIf(skip !== undefined)(`${device}${skip ? `: skipped, ${skip}` : ''}`, () => {
    test.each(architectures)(
      '%s: hidden states, logits, first gradients and the fine-tuning curve are those of PyTorch',
      async (name) => {
        const reference = referenceOf(name);
        const { meta, feeds, labels, weights } = reference;
        const graph = classifier(name, reference);
        const options = {
          loss: 'cross_entropy',
          optimizer: { kind: 'adamw', weightDecay: 0.01 },
          device,
          threads: 2,
          seed: 1,
        } as const;
        const training = await compileTraining(graph, options);
        const out = await training.predict(feeds);
        const mask = feeds['attention_mask'];
        expect(
          relativeError(visible(out['last_hidden_state'], mask), visible(reference.tensor('last_hidden_state'), mask)),
        ).toBeLessThan(1e-5);
        expect(relativeError(out['logits'], reference.tensor('logits'))).toBeLessThan(1e-5);

        const gradients = await training.gradients(feeds, labels, weights);
        const off = Object.entries(meta.gradient_norms).flatMap(([parameter, norm]) => {
          const own = Math.hypot(...((gradients.get(parameter) as Tensor).data as Float32Array));
          // The key's bias shifts all scores of a row alike: its gradient is exactly 0 and floats hold noise.
          return Math.abs(own - norm) <= 1e-4 * norm + 1e-6 ? [] : [{ parameter, own, norm }];
        });
        expect(off).toEqual([]);
        expect(Object.keys(meta.gradient_norms).toSorted()).toEqual(graph.parameters.toSorted());

        const curve: number[] = [];
        for (let i = 0; i < meta.curve.length; i++) {
          const { lossSum, weightSum } = await training.step(feeds, labels, weights, 1e-3);
          curve.push(lossSum / weightSum);
        }
        const wrong = curve.filter((loss, i) => !(Math.abs(loss - meta.curve[i]) < 1e-4));
        expect(wrong).toEqual([]);
        await training.dispose();
      },
    );

    test('GPT-2 scores every next word and continues a text as PyTorch does, with and without a cache', async () => {
      const reference = referenceOf('gpt2');
      const { prompt_ids: prompt, generated } = reference.meta;
      const whole = open(reference);
      const program = await compile(whole.graph, { device });
      const { logits } = await program.run(reference.feeds);
      const mask = reference.feeds['attention_mask'];
      expect(relativeError(visible(logits, mask), visible(reference.tensor('lm_logits'), mask))).toBeLessThan(1e-5);
      expect(await generate(program, prompt, generated.length)).toEqual(generated);
      await program.dispose();

      const cached = open(reference, { cache: true }).graph;
      expect(inferTypes(cached)).toEqual(cached.types);
      const step = await compile(cached, { device });
      expect(await generateCached(step, cached, prompt, generated.length)).toEqual(generated);
      await step.dispose();
    });
  });
}

/** Values of padding set to 0: nobody reads them. */
function visible(value: Tensor, mask: Tensor | undefined): Tensor {
  if (!mask) return value;
  const width = value.dims.at(-1) as number;
  const kept = mask.data as BigInt64Array;
  return { ...value, data: (value.data as Float32Array).map((x, i) => (kept[Math.floor(i / width)] === 1n ? x : 0)) };
}
