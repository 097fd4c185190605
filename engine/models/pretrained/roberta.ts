// RoBERTa (Liu et al. 2019): BERT's encoder with positions counted behind the padding's id, and heads of its own.
import type { Value } from '../../graph/index.ts';
import { activationOf } from './activations.ts';
import type { Architecture } from './architecture.ts';
import { bertEncoder, classifierDropout, pooler } from './bert.ts';
import { dense, dropout, norm, positionOf, type Stack, unembed } from './layers.ts';

/** Tokens count from `pad + 1` in their row, padding stays at `pad` (transformers' create_position_ids_from_input_ids). */
const positionsBehind =
  (pad: number) =>
  ({ g }: Stack, _ids: Value, mask: Value): Value =>
    g.op('Add', [g.op('Mul', [g.op('CumSum', [mask, g.ints(1)]), mask]), g.ints(pad)]);

export const roberta: Architecture = {
  says: 'RoBERTa: an encoder of texts',
  takes: 'text',
  prefix: 'roberta.',
  probe: 'embeddings.word_embeddings.weight',
  ignored: [/position_ids$/, /^lm_head\.decoder\./],
  maxLength: (config) => config.count('max_position_embeddings', 514) - config.real('pad_token_id', 1) - 1,
  build(parts, prefix) {
    const { g, config, weights } = parts;
    const { s, hidden } = bertEncoder(parts, prefix, positionsBehind(config.real('pad_token_id', 1)));
    pooler(parts, s, hidden, prefix);
    const width = config.count('hidden_size');
    const dropped = (x: Value) => dropout(s, x, classifierDropout(parts));
    switch (config.saved) {
      case 'RobertaForSequenceClassification': {
        const classes = weights.rowsOf('classifier.out_proj.weight');
        const inner = g.op('Tanh', [dense(s, dropped(positionOf(s, hidden, 0)), 'classifier.dense', width)]);
        g.output(dense(s, dropped(inner), 'classifier.out_proj', classes), 'logits');
        return { classes };
      }
      case 'RobertaForTokenClassification': {
        const classes = weights.rowsOf('classifier.weight');
        g.output(dense(s, dropped(hidden), 'classifier', classes), 'logits');
        return { classes };
      }
      case 'RobertaForMaskedLM': {
        config.only('tie_word_embeddings', [true]);
        const turned = activationOf('hidden_act', 'gelu')(g, dense(s, hidden, 'lm_head.dense', width));
        const words = weights.take(`${prefix}embeddings.word_embeddings.weight`, [config.count('vocab_size'), width]);
        const bias = weights.take('lm_head.bias', [config.count('vocab_size')]);
        const ready = norm(s, turned, 'lm_head.layer_norm', config.real('layer_norm_eps', 1e-12));
        g.output(unembed(s, ready, words, bias), 'logits');
        return {};
      }
      default:
        return {};
    }
  },
};
