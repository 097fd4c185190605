// DistilBERT (Sanh et al. 2019) as transformers' modeling_distilbert computes it: BERT without token types and pooler.
import { Fault } from '../../schema/index.ts';
import type { Value } from '../../graph/index.ts';
import { activationOf } from './activations.ts';
import type { Architecture } from './architecture.ts';
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
  unembed,
} from './layers.ts';

const epsilon = 1e-12;

export const distilbert: Architecture = {
  says: 'DistilBERT: a small encoder of texts',
  takes: 'text',
  prefix: 'distilbert.',
  probe: 'embeddings.word_embeddings.weight',
  ignored: [/position_ids$/, /^vocab_projector\.weight$/],
  maxLength: (config) => config.count('max_position_embeddings', 512),
  build({ g, config, weights, dropout: share }, prefix) {
    const width = config.count('dim', 768);
    const heads = config.count('n_heads', 12);
    if (width % heads !== 0) throw new Fault('bad_graph', 'config.json: "dim" does not divide by "n_heads"');
    const dropped = config.real('dropout', 0.1);
    const ids = g.input('input_ids', 'int64', ['batch', 'length']);
    const mask = g.input('attention_mask', 'int64', ['batch', 'length']);
    const s = openStack(g, weights, g.op('Shape', [ids]), share);

    const e = `${prefix}embeddings`;
    const places = g.op('Range', [g.ints(0), sizeOfAxis(g, ids, 1), g.ints(1)]);
    const words = embedding(s, ids, `${e}.word_embeddings`, config.count('vocab_size'), width);
    const placed = embedding(
      s,
      places,
      `${e}.position_embeddings`,
      config.count('max_position_embeddings', 512),
      width,
    );
    let x = dropout(s, norm(s, g.op('Add', [words, placed]), `${e}.LayerNorm`, epsilon), dropped);

    const activation = activationOf('activation', config.text('activation', 'gelu'));
    const attention = { heads, bias: paddingBias(g, mask), dropped: config.real('attention_dropout', 0.1) };
    for (let i = 0; i < config.count('n_layers', 6); i++) {
      const layer = `${prefix}transformer.layer.${i}`;
      const [q, k, v] = ['q_lin', 'k_lin', 'v_lin'].map((part) =>
        splitHeads(s, dense(s, x, `${layer}.attention.${part}`, width), heads),
      );
      const mixed = dense(s, attend(s, q, k, v, attention), `${layer}.attention.out_lin`, width);
      x = norm(s, g.op('Add', [mixed, x]), `${layer}.sa_layer_norm`, epsilon);
      const inner = activation(g, dense(s, x, `${layer}.ffn.lin1`, config.count('hidden_dim', 4 * width)));
      const outer = dropout(s, dense(s, inner, `${layer}.ffn.lin2`, width), dropped);
      x = norm(s, g.op('Add', [outer, x]), `${layer}.output_layer_norm`, epsilon);
    }
    g.output(x, 'last_hidden_state');

    const last = (y: Value) => dropout(s, y, config.real('seq_classif_dropout', 0.2));
    switch (config.saved) {
      case 'DistilBertForSequenceClassification': {
        const classes = weights.rowsOf('classifier.weight');
        const inner = g.op('Relu', [dense(s, positionOf(s, x, 0), 'pre_classifier', width)]);
        g.output(dense(s, last(inner), 'classifier', classes), 'logits');
        return { classes };
      }
      case 'DistilBertForTokenClassification': {
        const classes = weights.rowsOf('classifier.weight');
        g.output(dense(s, dropout(s, x, dropped), 'classifier', classes), 'logits');
        return { classes };
      }
      case 'DistilBertForMaskedLM': {
        config.only('tie_word_embeddings', [true]);
        const turned = norm(s, activation(g, dense(s, x, 'vocab_transform', width)), 'vocab_layer_norm', epsilon);
        const table = weights.take(`${e}.word_embeddings.weight`, [config.count('vocab_size'), width]);
        const bias = weights.take('vocab_projector.bias', [config.count('vocab_size')]);
        g.output(unembed(s, turned, table, bias), 'logits');
        return {};
      }
      default:
        return {};
    }
  },
};
