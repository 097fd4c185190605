// GPT-2 (Radford et al. 2019) as transformers' modeling_gpt2 computes it. With a cache the graph takes the keys and values
// of the tokens before (`past_key_i`, `past_value_i` [batch, heads, past, size]; `attention_mask` over past and new ones)
// and gives those of all (`present_key_i`, `present_value_i`): generation then costs one position a token.
import { Fault } from '../../schema/index.ts';
import type { GraphBuilder, Value } from '../../graph/index.ts';
import { activationOf } from './activations.ts';
import type { Architecture, Parts } from './architecture.ts';
import {
  attend,
  dense,
  dense1d,
  dropout,
  embedding,
  float32,
  lowest,
  norm,
  openStack,
  sizeOfAxis,
  splitHeads,
  type Stack,
  unembed,
} from './layers.ts';

/** Name of the sum that the cached mask's length is: past and new tokens. */
const whole = '(past+length)';

interface Cache {
  keys: Value[];
  values: Value[];
}

function refuse({ config }: Parts): void {
  config.only('add_cross_attention', [false]);
  config.only('scale_attn_by_inverse_layer_idx', [false]);
  if (config.count('n_embd', 768) % config.count('n_head', 12) !== 0)
    throw new Fault('bad_graph', 'config.json: "n_embd" does not divide by "n_head"');
}

/** 0 where a query may look (itself and tokens before it, padding left out), else `lowest`: [batch, 1, length, all]. */
function causalBias(g: GraphBuilder, places: Value, all: Value, mask: Value): Value {
  const keys = g.op('Range', [g.ints(0), all, g.ints(1)]);
  const reached = g.op('GreaterOrEqual', [
    g.op('Unsqueeze', [places, g.ints([1])]),
    g.op('Unsqueeze', [keys, g.ints([0])]),
  ]);
  const present = g.op('Cast', [g.op('Unsqueeze', [mask, g.ints([1, 2])])], { to: float32 });
  const seen = g.op('Mul', [g.op('Cast', [reached], { to: float32 }), present]);
  return g.op('Mul', [g.op('Sub', [g.constant(1), seen]), g.constant(lowest)]);
}

/** Hidden state of each row's last token: [batch, width]. */
function lastOf({ g }: Stack, x: Value, places: Value, mask: Value): Value {
  const last = g.op('ReduceMax', [g.op('Mul', [mask, places])], { axes: [1], keepdims: 1 });
  const hot = g.op('Cast', [g.op('Equal', [places, last])], { to: float32 });
  return g.op('Squeeze', [g.op('MatMul', [g.op('Unsqueeze', [hot, g.ints([1])]), x]), g.ints([1])]);
}

/** Place of each token in its own text, padding not counted: [batch, length]. */
function ownPlaces(g: GraphBuilder, mask: Value, places: Value): Value {
  const counted = g.op('Sub', [g.op('CumSum', [mask, g.ints(1)]), g.ints(1)]);
  return g.op('Gather', [g.op('Max', [counted, g.ints(0)]), places], { axis: 1 });
}

/** The last `keep` positions, an input. */
function lastPositions(g: GraphBuilder, x: Value, length: Value): Value {
  const keep = g.op('Squeeze', [g.input('keep', 'int64', [1]), g.ints([0])]);
  return g.op('Gather', [x, g.op('Range', [g.op('Sub', [length, keep]), length, g.ints(1)])], { axis: 1 });
}

function pastInputs(g: GraphBuilder, layers: number, heads: number, size: number): Cache {
  const shape = ['batch', heads, 'past', size];
  const one = (name: string) =>
    Array.from({ length: layers }, (_, i) => g.input(`past_${name}_${i}`, 'float32', shape));
  return { keys: one('key'), values: one('value') };
}

export const gpt2: Architecture = {
  says: 'GPT-2: a decoder that continues texts',
  takes: 'text',
  prefix: 'transformer.',
  probe: 'wte.weight',
  ignored: [/\.attn\.bias$/, /\.attn\.masked_bias$/, /^lm_head\.weight$/],
  maxLength: (config) => config.count('n_positions', 1024),
  build(parts, prefix) {
    const { g, config, weights } = parts;
    refuse(parts);
    const width = config.count('n_embd', 768);
    const heads = config.count('n_head', 12);
    const layers = config.count('n_layer', 12);
    const epsilon = config.real('layer_norm_epsilon', 1e-5);
    const dropped = config.real('resid_pdrop', 0.1);
    const ids = g.input('input_ids', 'int64', ['batch', 'length']);
    const mask = g.input('attention_mask', 'int64', ['batch', parts.cache ? whole : 'length']);
    const past = parts.cache ? pastInputs(g, layers, heads, width / heads) : null;
    const s = openStack(g, weights, g.op('Shape', [ids]), parts.dropout);

    const length = sizeOfAxis(g, ids, 1);
    const before = past ? sizeOfAxis(g, past.keys[0], 2) : null;
    const fresh = g.op('Range', [g.ints(0), length, g.ints(1)]);
    const places = before ? g.op('Add', [fresh, before]) : fresh;
    // With a cache texts may be padded in front, and a text's first token is its place 0 wherever it stands.
    const stands = before ? ownPlaces(g, mask, places) : places;
    const words = embedding(s, ids, `${prefix}wte`, config.count('vocab_size'), width);
    const placed = embedding(s, stands, `${prefix}wpe`, config.count('n_positions', 1024), width);
    let x = dropout(s, g.op('Add', [words, placed]), config.real('embd_pdrop', 0.1));

    const activation = activationOf('activation_function', config.text('activation_function', 'gelu_new'));
    const attention = {
      heads,
      bias: causalBias(g, places, before ? g.op('Add', [before, length]) : length, mask),
      dropped: config.real('attn_pdrop', 0.1),
      scaled: config.flag('scale_attn_weights', true),
    };
    for (let i = 0; i < layers; i++) {
      const layer = `${prefix}h.${i}`;
      const joined = dense1d(s, norm(s, x, `${layer}.ln_1`, epsilon), `${layer}.attn.c_attn`, 3 * width);
      const [q, newK, newV] = g.ops('Split', [joined], { axis: 2 }, 3).map((part) => splitHeads(s, part, heads));
      const k = past ? g.op('Concat', [past.keys[i], newK], { axis: 2 }) : newK;
      const v = past ? g.op('Concat', [past.values[i], newV], { axis: 2 }) : newV;
      if (past) {
        g.output(k, `present_key_${i}`);
        g.output(v, `present_value_${i}`);
      }
      const mixed = dense1d(s, attend(s, q, k, v, attention), `${layer}.attn.c_proj`, width);
      x = g.op('Add', [x, dropout(s, mixed, dropped)]);
      const inner = activation(
        g,
        dense1d(s, norm(s, x, `${layer}.ln_2`, epsilon), `${layer}.mlp.c_fc`, config.count('n_inner', 4 * width)),
      );
      x = g.op('Add', [x, dropout(s, dense1d(s, inner, `${layer}.mlp.c_proj`, width), dropped)]);
    }
    const normed = norm(s, x, `${prefix}ln_f`, epsilon);
    const hidden = past && parts.last ? lastPositions(g, normed, length) : normed;
    g.output(hidden, 'last_hidden_state');

    switch (config.saved) {
      case 'GPT2LMHeadModel': {
        config.only('tie_word_embeddings', [true]);
        const table = weights.take(`${prefix}wte.weight`, [config.count('vocab_size'), width]);
        const lead = g.op('Shape', [hidden], { start: 0, end: 2 });
        const tail = hidden === normed ? s : { ...s, lead, shapes: new Map<number, Value>() };
        g.output(unembed(tail, hidden, table, null), 'logits');
        return {};
      }
      case 'GPT2ForSequenceClassification': {
        if (past) return {};
        const classes = weights.rowsOf('score.weight');
        g.output(dense(s, lastOf(s, hidden, places, mask), 'score', classes, false), 'logits');
        return { classes };
      }
      default:
        return {};
    }
  },
};
