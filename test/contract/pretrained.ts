// Model folders of make_pretrained.py and bert-tiny: what PyTorch computed from them, and their graphs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Pretrained, type PretrainedOptions, readPretrained } from '../../engine/models/index.ts';
import { readSafetensors, type Tensor } from '../../engine/onnx/index.ts';
import { ones } from './fixture.ts';

const fixtures = join(import.meta.dirname, '..', 'fixtures');

interface Meta {
  texts: string[];
  curve: number[];
  gradient_norms: Record<string, number>;
  prompt: string;
  prompt_ids: number[];
  generated: number[];
}

export interface Reference {
  dir: string;
  meta: Meta;
  /** A tensor of expected.safetensors. */
  tensor(name: string): Tensor;
  /** What the graph takes: the whole batch. */
  feeds: Record<string, Tensor>;
  labels: Tensor;
  weights: Tensor;
}

export const architectures = ['distilbert', 'roberta', 'gpt2', 'vit'] as const;

export function referenceOf(name: string): Reference {
  const dir = join(fixtures, 'pretrained', name);
  const tensors = readSafetensors(readFileSync(join(dir, 'expected.safetensors')));
  const tensor = (key: string): Tensor => {
    const value = tensors.get(key);
    if (!value) throw new Error(`fixture ${name} has no ${key}`);
    return value;
  };
  const inputs = name === 'vit' ? ['pixel_values'] : ['input_ids', 'attention_mask'];
  const labels = tensor('labels');
  return {
    dir,
    meta: JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8')) as Meta,
    tensor,
    feeds: Object.fromEntries(inputs.map((key) => [key, tensor(key)])),
    labels,
    weights: ones(labels.dims[0]),
  };
}

/** The folder's model without dropout, as the references were computed. */
export const open = (reference: Reference, options: PretrainedOptions = {}): Pretrained =>
  readPretrained(reference.dir, { dropout: false, ...options });
