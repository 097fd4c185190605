// BERT (Devlin et al. 2019) as transformers' modeling_bert computes it, and the encoder that RoBERTa shares.
import { Fault } from '../../schema/index.ts';
import type { Value } from '../../graph/index.ts';
import { activationOf } from './activations.ts';
import type { Architecture, Parts } from './architecture.ts';
import {
  attend,
  dense,
  dropout,
  embedding,
  norm,
  openStack,
  paddingBias,
  positionOf,
  sizeOfAxis,
  splitHeads,
  type Stack,
  unembed,
} from './layers.ts';

/** Rows of the position table that a batch's tokens read, [length] or [batch, length]: where BERT and RoBERTa differ. */
export type Positions = (s: Stack, ids: Value, mask: Value) => Value;

/** Options that change what the encoder computes and that it does not have. */
function refuse({ config }: Parts): void {
  config.only('position_embedding_type', ['absolute']);
  config.only('is_decoder', [false]);
  config.only('add_cross_attention', [false]);
  if (config.count('hidden_size') % config.count('num_attention_heads') !== 0)
    throw new Fault('bad_graph', 'config.json: "hidden_size" does not divide by "num_attention_heads"');
}

/** Embeddings and layers under `prefix`, to the last hidden state [batch, length, hidden]. */
export function bertEncoder(parts: Parts, prefix: string, positions: Positions): { s: Stack; hidden: Value } {
  const { g, config, weights } = parts;
  refuse(parts);
  const width = config.count('hidden_size');
  const epsilon = config.real('layer_norm_eps', 1e-12);
  const hiddenDropped = config.real('hidden_dropout_prob', 0.1);
  const ids = g.input('input_ids', 'int64', ['batch', 'length']);
  const mask = g.input('attention_mask', 'int64', ['batch', 'length']);
  const types = parts.tokenTypes ? g.input('token_type_ids', 'int64', ['batch', 'length']) : g.ints(0);
  const s = openStack(g, weights, g.op('Shape', [ids]), parts.dropout);

  const e = `${prefix}embeddings`;
  const words = embedding(s, ids, `${e}.word_embeddings`, config.count('vocab_size'), width);
  const places = positions(s, ids, mask);
  const placed = embedding(s, places, `${e}.position_embeddings`, config.count('max_position_embeddings', 512), width);
  const typed = embedding(s, types, `${e}.token_type_embeddings`, config.count('type_vocab_size', 2), width);
  const sum = g.op('Add', [g.op('Add', [words, typed]), placed]);
  let x = dropout(s, norm(s, sum, `${e}.LayerNorm`, epsilon), hiddenDropped);

  const heads = config.count('num_attention_heads');
  const inner = config.count('intermediate_size');
  const activation = activationOf('hidden_act', config.text('hidden_act', 'gelu'));
  const attention = { heads, bias: paddingBias(g, mask), dropped: config.real('attention_probs_dropout_prob', 0.1) };
  const residual = (y: Value, name: string) =>
    norm(
      s,
      g.op('Add', [dropout(s, dense(s, y, `${name}.dense`, width), hiddenDropped), x]),
      `${name}.LayerNorm`,
      epsilon,
    );
  for (let i = 0; i < config.count('num_hidden_layers'); i++) {
    const layer = `${prefix}encoder.layer.${i}`;
    const [q, k, v] = ['query', 'key', 'value'].map((part) =>
      splitHeads(s, dense(s, x, `${layer}.attention.self.${part}`, width), heads),
    );
    x = residual(attend(s, q, k, v, attention), `${layer}.attention.output`);
    x = residual(activation(g, dense(s, x, `${layer}.intermediate.dense`, inner)), `${layer}.output`);
  }
  g.output(x, 'last_hidden_state');
  return { s, hidden: x };
}

/** `pooler_output` where the weights have a pooler. */
export function pooler({ g, config, weights }: Parts, s: Stack, hidden: Value, prefix: string): Value | null {
  if (!weights.has(`${prefix}pooler.dense.weight`)) return null;
  const pooled = g.op('Tanh', [
    dense(s, positionOf(s, hidden, 0), `${prefix}pooler.dense`, config.count('hidden_size')),
  ]);
  g.output(pooled, 'pooler_output');
  return pooled;
}

/** Share dropped in front of a classifier. */
export const classifierDropout = ({ config }: Parts): number =>
  config.real('classifier_dropout', config.real('hidden_dropout_prob', 0.1));

export const bert: Architecture = {
  says: 'BERT: an encoder of texts',
  takes: 'text',
  prefix: 'bert.',
  probe: 'embeddings.word_embeddings.weight',
  ignored: [/position_ids$/, /^cls\.seq_relationship\./, /^cls\.predictions\.decoder\./],
  maxLength: (config) => config.count('max_position_embeddings', 512),
  build(parts, prefix) {
    const { g, config, weights } = parts;
    const { s, hidden } = bertEncoder(parts, prefix, (_, words) =>
      g.op('Range', [g.ints(0), sizeOfAxis(g, words, 1), g.ints(1)]),
    );
    const pooled = pooler(parts, s, hidden, prefix);
    const dropped = (x: Value) => dropout(s, x, classifierDropout(parts));
    switch (config.saved) {
      case 'BertForSequenceClassification': {
        if (!pooled) throw new Fault('bad_graph', `the weights lack the tensor "${prefix}pooler.dense.weight"`);
        const classes = weights.rowsOf('classifier.weight');
        g.output(dense(s, dropped(pooled), 'classifier', classes), 'logits');
        return { classes };
      }
      case 'BertForTokenClassification': {
        const classes = weights.rowsOf('classifier.weight');
        g.output(dense(s, dropped(hidden), 'classifier', classes), 'logits');
        return { classes };
      }
      case 'BertForMaskedLM':
      case 'BertForPreTraining': {
        const width = config.count('hidden_size');
        const head = 'cls.predictions';
        const turned = activationOf('hidden_act', config.text('hidden_act', 'gelu'))(
          g,
          dense(s, hidden, `${head}.transform.dense`, width),
        );
        const words = weights.take(`${prefix}embeddings.word_embeddings.weight`, [config.count('vocab_size'), width]);
        const bias = weights.take(`${head}.bias`, [config.count('vocab_size')]);
        g.output(
          unembed(s, norm(s, turned, `${head}.transform.LayerNorm`, config.real('layer_norm_eps', 1e-12)), words, bias),
          'logits',
        );
        return {};
      }
      default:
        return {};
    }
  },
};
