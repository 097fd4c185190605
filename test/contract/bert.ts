// BertForSequenceClassification from its Hugging Face folder, and what PyTorch computed from it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Graph } from '../../engine/graph/index.ts';
import { readPretrained } from '../../engine/models/index.ts';
import { readSafetensors, type Tensor } from '../../engine/onnx/index.ts';

const folder = join(import.meta.dirname, '..', 'fixtures', 'bert-tiny');

export interface Expected {
  tensors: Map<string, Tensor>;
  curve: number[];
  gradientNorms: Record<string, number>;
}

export function bertExpected(): Expected {
  const meta = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as {
    curve: number[];
    gradient_norms: Record<string, number>;
  };
  return {
    tensors: readSafetensors(readFileSync(join(folder, 'expected.safetensors'))),
    curve: meta.curve,
    gradientNorms: meta.gradient_norms,
  };
}

/** Inputs `input_ids` and `attention_mask` int64 [batch, length]; outputs `last_hidden_state`, `pooler_output` and `logits`. */
export const bertGraph = (): Graph => readPretrained(folder, { dropout: false }).graph;
