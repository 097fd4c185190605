// What is read from a model folder and what is refused, each with the name of the thing and a remedy.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkGraph } from '../../../engine/graph/index.ts';
import { type PretrainedOptions, pretrainedOf, readFolder, readPretrained } from '../../../engine/models/index.ts';
import { readSafetensors, tensor, writeSafetensors } from '../../../engine/onnx/index.ts';
import { Fault } from '../../../engine/schema/index.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');
const distilbert = join(fixtures, 'pretrained', 'distilbert');
const bert = join(fixtures, 'bert-tiny');

let scratch: string;
/** A copy of a fixture folder that a test may damage. */
let dir: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'pretrained-'));
  dir = join(scratch, 'model');
});
afterEach(() => rmSync(scratch, { recursive: true }));

const faultOf = (act: () => unknown): { code: string; message: string } => {
  try {
    act();
  } catch (error) {
    if (error instanceof Fault) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
};
const refusal = (options?: PretrainedOptions) => faultOf(() => readPretrained(dir, options));

function setConfig(changes: Record<string, unknown>): void {
  const path = join(dir, 'config.json');
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), ...changes }));
}

describe('what a folder gives', () => {
  test('parameters under their Hugging Face names, symbolic batch and length, and the labels of its head', () => {
    const model = readPretrained(distilbert);
    checkGraph(model.graph);
    const { parameters, inputs, outputs } = model.graph;
    const held = Object.keys(
      (JSON.parse(readFileSync(join(distilbert, 'model.safetensors.index.json'), 'utf8')) as { weight_map: object })
        .weight_map,
    );
    expect(parameters.toSorted()).toEqual(held.toSorted());
    expect(inputs).toEqual(
      ['input_ids', 'attention_mask'].map((name) => ({ name, dtype: 'int64', shape: ['batch', 'length'] })),
    );
    expect(outputs).toEqual([
      { name: 'last_hidden_state', dtype: 'float32', shape: ['batch', 'length', 32] },
      { name: 'logits', dtype: 'float32', shape: ['batch', 3] },
    ]);
    const { graph: _, tokenizer, config: __, ...rest } = model;
    expect(rest).toEqual({
      architecture: 'distilbert',
      takes: 'text',
      labels: ['class 0', 'class 1', 'class 2'],
      maxLength: 64,
      unused: [],
    });
    expect(tokenizer?.truncation?.max_length).toBe(64);
  });

  test('the dropout that config.json asks for, unless it is left out', () => {
    const count = (options: PretrainedOptions) =>
      readPretrained(distilbert, options).graph.nodes.filter(({ op }) => op === 'Dropout').length;
    expect([count({}), count({ dropout: false })]).toEqual([1 + 2 * 2 + 1, 0]);
  });

  test('a base model saved without a head has no logits, and its tensors no prefix', () => {
    const folder = readFolder(bert);
    const tensors = new Map(
      [...folder.tensors].filter(([name]) => name.startsWith('bert.')).map(([name, value]) => [name.slice(5), value]),
    );
    const model = pretrainedOf({
      ...folder,
      tensors,
      config: { ...(folder.config as object), architectures: ['BertModel'] },
    });
    expect(model.graph.outputs.map(({ name }) => name)).toEqual(['last_hidden_state', 'pooler_output']);
    expect(model.graph.parameters.toSorted()).toEqual([...tensors.keys()].toSorted());
    expect([model.labels, model.unused]).toEqual([[], []]);
  });

  test('tensors that the graph does not read are named', () => {
    expect(readPretrained(join(fixtures, 'pretrained', 'gpt2')).unused).toEqual(['score.weight']);
  });

  test('a masked language model scores every word with the table that embeds them', () => {
    const folder = readFolder(bert);
    const zeros = (...dims: number[]) => tensor('float32', dims);
    const head = new Map([
      ['cls.predictions.transform.dense.weight', zeros(64, 64)],
      ['cls.predictions.transform.dense.bias', zeros(64)],
      ['cls.predictions.transform.LayerNorm.weight', zeros(64)],
      ['cls.predictions.transform.LayerNorm.bias', zeros(64)],
      ['cls.predictions.bias', zeros(1480)],
    ]);
    const config = { ...(folder.config as object), architectures: ['BertForMaskedLM'] };
    const { graph, unused } = pretrainedOf({ ...folder, config, tensors: new Map([...folder.tensors, ...head]) });
    expect(graph.outputs.at(-1)).toEqual({ name: 'logits', dtype: 'float32', shape: ['batch', 'length', 1480] });
    expect(unused).toEqual(['classifier.weight', 'classifier.bias']);
  });

  test('pairs of texts bring their token types', () => {
    const { inputs } = readPretrained(bert, { tokenTypes: true }).graph;
    expect(inputs.map(({ name }) => name)).toEqual(['input_ids', 'attention_mask', 'token_type_ids']);
  });

  test('how an image model takes its pixels', () => {
    expect(readPretrained(join(fixtures, 'pretrained', 'vit')).image).toEqual({
      channels: 3,
      height: 16,
      width: 16,
      scale: 1 / 255,
      mean: [0.5, 0.4, 0.3],
      std: [0.2, 0.25, 0.3],
    });
  });

  test('gamma and beta of BERT’s first files are read as the weight and bias that they are', () => {
    cpSync(bert, dir, { recursive: true });
    const tensors = readSafetensors(readFileSync(join(dir, 'model.safetensors')));
    const old = (name: string) =>
      name.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta');
    writeFileSync(
      join(dir, 'model.safetensors'),
      writeSafetensors(new Map([...tensors].map(([name, value]) => [old(name), value]))),
    );
    expect(readPretrained(dir).graph.parameters).toEqual(readPretrained(bert).graph.parameters);
  });

  test('the links of a Hugging Face cache lead into its blobs', () => {
    const [snapshot, blobs] = [join(scratch, 'snapshots', 'abc'), join(scratch, 'blobs')];
    mkdirSync(snapshot, { recursive: true });
    cpSync(bert, blobs, { recursive: true });
    for (const name of ['config.json', 'model.safetensors', 'vocab.txt'])
      symlinkSync(join('..', '..', 'blobs', name), join(snapshot, name));
    expect(readPretrained(snapshot).graph.parameters).toEqual(readPretrained(bert).graph.parameters);
  });
});

describe('what is refused', () => {
  beforeEach(() => cpSync(bert, dir, { recursive: true }));

  test.each([
    [
      { model_type: 't5' },
      'config.json: model type "t5" is not among bert, distilbert, roberta, gpt2, vit; export the model as ONNX and import that',
    ],
    [
      { hidden_act: 'snake' },
      'config.json: "hidden_act": "snake" is not supported; it may be gelu, gelu_new, gelu_fast, gelu_pytorch_tanh, quick_gelu, relu, silu, swish, tanh, sigmoid',
    ],
    [
      { position_embedding_type: 'relative_key' },
      `config.json: "position_embedding_type": "relative_key" is not supported by Neutrino's bert, which takes "absolute"`,
    ],
    [{ is_decoder: true }, `config.json: "is_decoder": true is not supported by Neutrino's bert, which takes false`],
    [{ hidden_size: '64' }, 'config.json: "hidden_size" must be a whole number from 1 to 16777216, found "64"'],
    [{ num_attention_heads: 7 }, 'config.json: "hidden_size" does not divide by "num_attention_heads"'],
    [
      { intermediate_size: 100 },
      'tensor "bert.encoder.layer.0.intermediate.dense.weight": expected [100,64], found [128,64]; config.json and weights are of different models',
    ],
    [
      { num_hidden_layers: 3 },
      'the weights lack the tensor "bert.encoder.layer.2.attention.self.query.weight"; the folder is not the whole model',
    ],
    [{ vocab_size: null }, 'config.json: has no "vocab_size", which a model of type bert needs'],
    [
      { quantization_config: { bits: 4 } },
      `config.json: "quantization_config" is not supported: save the model unquantised`,
    ],
  ])('%j', (changes, message) => {
    setConfig(changes);
    expect(refusal()).toEqual({ code: 'bad_graph', message });
  });

  test('a folder that is not there, a file in its place, and one without config.json', () => {
    const missing = join(scratch, 'nowhere');
    expect(faultOf(() => readPretrained(missing)).code).toBe('not_found');
    expect(faultOf(() => readPretrained(join(dir, 'config.json')))).toEqual({
      code: 'bad_request',
      message: `${join(dir, 'config.json')} is no folder; name the folder that holds config.json`,
    });
    rmSync(join(dir, 'config.json'));
    expect(refusal()).toEqual({
      code: 'not_found',
      message: `${dir} has no config.json; name the folder of a model that save_pretrained made`,
    });
  });

  test('weights that could carry code', () => {
    rmSync(join(dir, 'model.safetensors'));
    writeFileSync(join(dir, 'pytorch_model.bin'), 'x');
    expect(refusal()).toEqual({
      code: 'not_found',
      message: `${dir} has no model.safetensors; pytorch_model.bin is not read, as it may carry code: save the model with save_pretrained(dir, safe_serialization=True)`,
    });
  });

  test('config.json that is no JSON, and one that is too big', () => {
    writeFileSync(join(dir, 'config.json'), '{"model_type":');
    expect(refusal()).toEqual({
      code: 'bad_data',
      message: 'config.json is not JSON in UTF-8; get the file again from its source',
    });
    truncateSync(join(dir, 'config.json'), 5 * 1024 * 1024);
    expect(refusal()).toEqual({
      code: 'payload_too_large',
      message: 'config.json has 5242880 bytes; at most 4194304 can be read',
    });
  });

  test('weights beyond what one model file holds, before they are read', () => {
    truncateSync(join(dir, 'model.safetensors'), 3 * 1024 ** 3);
    expect(refusal()).toEqual({
      code: 'payload_too_large',
      message: 'model.safetensors has 3221225472 bytes; at most 2147483647 can be read',
    });
  });

  test('safetensors cut short', () => {
    truncateSync(join(dir, 'model.safetensors'), 10_000);
    expect(refusal().code).toBe('corrupt');
  });

  test('a link out of the folder', () => {
    const secret = join(scratch, 'secret.json');
    writeFileSync(secret, '{}');
    rmSync(join(dir, 'tokenizer_config.json'));
    symlinkSync(secret, join(dir, 'tokenizer_config.json'));
    expect(refusal()).toEqual({
      code: 'path_refused',
      message: `tokenizer_config.json is a link that leads out of ${dir}; copy the file into the folder`,
    });
  });

  test('integer weights', () => {
    const tensors = readSafetensors(readFileSync(join(dir, 'model.safetensors')));
    tensors.set('classifier.bias', tensor('int8', [10]));
    writeFileSync(join(dir, 'model.safetensors'), writeSafetensors(tensors));
    expect(refusal()).toEqual({
      code: 'bad_graph',
      message: 'tensor "classifier.bias" is int8: weights must be floats; save the model unquantised',
    });
  });
});

describe('shards', () => {
  beforeEach(() => cpSync(distilbert, dir, { recursive: true }));
  const setShard = (file: string) => {
    const path = join(dir, 'model.safetensors.index.json');
    const index = JSON.parse(readFileSync(path, 'utf8')) as { weight_map: Record<string, string> };
    index.weight_map['classifier.bias'] = file;
    writeFileSync(path, JSON.stringify(index));
  };

  test.each(['../other/model.safetensors', '/etc/passwd', 'a/b.safetensors', '.hidden.safetensors', 'weights.bin'])(
    '%s is no shard’s name',
    (file) => {
      setShard(file);
      expect(refusal()).toEqual({
        code: 'path_refused',
        message: `model.safetensors.index.json names "${file}" for "classifier.bias": shards are .safetensors files of the same folder`,
      });
    },
  );

  test('a missing shard, and a tensor that its shard does not hold', () => {
    setShard('model-00003-of-00003.safetensors');
    expect(refusal()).toEqual({
      code: 'not_found',
      message:
        'model-00003-of-00003.safetensors is missing, which model.safetensors.index.json names for "classifier.bias"; get it too',
    });
    setShard('model-00001-of-00002.safetensors');
    expect(refusal()).toEqual({
      code: 'bad_data',
      message:
        'model-00001-of-00002.safetensors lacks the tensor "classifier.bias", which model.safetensors.index.json places there',
    });
  });
});
