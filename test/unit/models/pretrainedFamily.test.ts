// Fine-tuning as a family: the stored form of a base, how texts reach it, and what each way of tuning trains.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodeInputs, withoutTokenizer, withTokenizer } from '../../../engine/data/index.ts';
import { checkGraph, type Graph } from '../../../engine/graph/index.ts';
import {
  baseFiles,
  baseOf,
  families,
  layoutOf,
  mergeLora,
  openBase,
  packBase,
  readPretrained,
  servedGraph,
  settleHyper,
} from '../../../engine/models/index.ts';
import { readSafetensors, type Tensor, tensor } from '../../../engine/onnx/index.ts';
import { compile } from '../../../engine/runtime/index.ts';
import type { Hyper, Preprocess } from '../../../engine/schema/index.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');
const base = openBase(packBase(baseOf(readPretrained(join(fixtures, 'bert-tiny')))));
const expected = readSafetensors(readFileSync(join(fixtures, 'bert-tiny', 'expected.safetensors')));
const { texts } = JSON.parse(readFileSync(join(fixtures, 'bert-tiny', 'expected.json'), 'utf8')) as { texts: string[] };

const preprocess: Preprocess = {
  format: 'neutrino-preprocess',
  formatVersion: 1,
  task: 'multiclass',
  target: { column: 'kind' },
  classes: ['ant', 'bee', 'cat'],
  numeric: [],
  category: [],
  text: [],
  sequence: [{ column: 'note', words: [], maxLength: 48, tokenizer: { ...base.tokenizer } }],
  columns: [
    { name: 'note', type: 'text' },
    { name: 'kind', type: 'category' },
  ],
  ignored: [],
};

const build = (given: Hyper = {}, own = preprocess): Graph => {
  const family = families.pretrained;
  const graph = family.build({ ...layoutOf(own), base }, 3, settleHyper(family, given), 7);
  checkGraph(graph);
  return graph;
};

async function run(graph: Graph, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  const program = await compile(graph);
  try {
    return await program.run(feeds);
  } finally {
    await program.dispose();
  }
}

describe('a base', () => {
  test('comes back from its files as it was, without its old head', () => {
    const whole = readPretrained(join(fixtures, 'bert-tiny'));
    expect(base.about).toEqual({
      format: 'neutrino-base',
      formatVersion: 1,
      architecture: 'bert',
      takes: 'text',
      output: 'pooler_output',
      pool: 'first',
      width: 64,
      maxLength: 128,
      parameters: whole.graph.parameters.filter((name) => name.startsWith('bert.')),
    });
    expect(base.graph.parameters).toEqual(base.about.parameters);
    expect(base.graph.initializers.get('bert.pooler.dense.weight')).toEqual(
      whole.graph.initializers.get('bert.pooler.dense.weight'),
    );
    expect(base.tokenizer).toEqual(whole.tokenizer);
  });

  test('that is damaged or newer is refused', () => {
    const files = packBase(base);
    const { [baseFiles.model]: _, ...rest } = files;
    expect(() => openBase(rest)).toThrow('the pretrained model has no model.onnx; import it again');
    const newer = { ...files, [baseFiles.about]: Buffer.from(JSON.stringify({ ...base.about, formatVersion: 2 })) };
    expect(() => openBase(newer)).toThrow('This pretrained model was stored by a newer Neutrino; update this one.');
  });
});

describe('texts', () => {
  test('reach the model as its own tokens, one higher, padded with 0', () => {
    const feeds = encodeInputs(preprocess, texts);
    const ids = expected.get('input_ids') as Tensor;
    const mask = expected.get('attention_mask') as Tensor;
    const shifted = (ids.data as BigInt64Array).map((id, i) => (mask.data as BigInt64Array)[i] * (id + 1n));
    expect(feeds).toEqual({ text_0_tokens: { ...ids, data: shifted } });
  });

  test('are read as PyTorch reads them: the head sees the pooler’s output', async () => {
    const graph = build({ headDropout: 0 });
    const [weight, bias] = ['output.weight', 'output.bias'].map((name) => graph.initializers.get(name) as Tensor);
    // A head that passes the first three numbers through shows them.
    const eye = tensor(
      'float32',
      weight.dims,
      Float32Array.from({ length: 64 * 3 }, (_, i) => Number(i % 3 === Math.floor(i / 3))),
    );
    const seen = {
      ...graph,
      initializers: new Map([
        ...graph.initializers,
        ['output.weight', eye],
        ['output.bias', tensor('float32', bias.dims)],
      ]),
    };
    const { logits } = await run(seen, encodeInputs(preprocess, texts));
    const { pooler_output: pooled } = await run(base.graph, {
      input_ids: expected.get('input_ids') as Tensor,
      attention_mask: expected.get('attention_mask') as Tensor,
    });
    const rows = Array.from({ length: 8 }, (_, r) =>
      Array.from((pooled.data as Float32Array).subarray(r * 64, r * 64 + 3)),
    );
    expect(Array.from(logits.data as Float32Array).every((x, i) => Math.abs(x - rows.flat()[i]) < 1e-5)).toBe(true);
  });

  test('that are missing are read as empty ones', () => {
    expect(encodeInputs(preprocess, [{ note: null, kind: 'ant' }])['text_0_tokens'].data).toEqual(
      encodeInputs(preprocess, [''])['text_0_tokens'].data,
    );
  });

  test('of two columns are read by one model with one set of weights', () => {
    const note = (preprocess.sequence ?? [])[0];
    const two = {
      ...preprocess,
      sequence: [note, { ...note, column: 'title' }],
      columns: [{ name: 'title', type: 'text' as const }, ...preprocess.columns],
    };
    expect(build({}, two).parameters.toSorted()).toEqual(build().parameters.toSorted());
  });
});

describe('what is trained', () => {
  const head = ['output.weight', 'output.bias'];
  const body = base.about.parameters;

  test('everything, unless some of it is frozen', () => {
    expect(build().parameters.toSorted()).toEqual(
      [...body.filter((name) => base.graph.initializers.has(name)), ...head].toSorted(),
    );
    const frozen = build({ freeze: 'bert.embeddings.*, bert.encoder.layer.0.*' }).parameters;
    expect(frozen.toSorted()).toEqual(
      [...body.filter((name) => !/embeddings|layer\.0\./.test(name)), ...head].toSorted(),
    );
  });

  test('the head alone', () => {
    expect(build({ tune: 'head' }).parameters).toEqual(head);
  });

  test('low-rank updates and the head; merged, the nodes are those of the model without them', () => {
    const graph = build({ tune: 'lora', rank: 2, targets: '*.query.weight' });
    const queries = [0, 1].map((i) => `bert.encoder.layer.${i}.attention.self.query.weight`);
    expect(graph.parameters).toEqual([...head, ...queries.flatMap((name) => [`${name}.lora_A`, `${name}.lora_B`])]);
    const merged = mergeLora(graph);
    expect(merged.nodes).toEqual(build().nodes);
    expect(merged.parameters).toEqual([...head, ...queries]);
  });

  test('nothing without a base', () => {
    const family = families.pretrained;
    expect(() => family.build(layoutOf(preprocess), 3, settleHyper(family), 1)).toThrow(
      'model pretrained needs a base: neutrino models import FOLDER or FILE.onnx, then --set base=NAME',
    );
  });
});

test('the served graph answers texts; its tokenizer stands in a file of its own', async () => {
  const graph = servedGraph(preprocess, build());
  checkGraph(graph);
  const apart = withoutTokenizer(preprocess);
  expect(apart.tokenizer).toEqual({ ...base.tokenizer });
  expect(apart.preprocess.sequence).toEqual([{ column: 'note', words: [], maxLength: 48, tokenizer: true }]);
  const joined = withTokenizer(apart.preprocess, apart.tokenizer as Record<string, unknown>);
  expect(joined).toEqual(preprocess);
  const { label, probabilities } = await run(graph, encodeInputs(joined, texts.slice(0, 2)));
  expect((label.data as string[]).every((one) => preprocess.classes.includes(one))).toBe(true);
  expect(probabilities.dims).toEqual([2, 3]);
  expect(() => encodeInputs(apart.preprocess, texts)).toThrow('the model has lost its tokenizer.json');
});
