// ViT (Dosovitskiy et al. 2021) as transformers' modeling_vit computes it: an image cut into patches, read by an encoder.
import { Fault } from '../../schema/index.ts';
import { activationOf } from './activations.ts';
import type { Architecture } from './architecture.ts';
import { attend, dense, dropout, norm, openStack, positionOf, splitHeads } from './layers.ts';

export const vit: Architecture = {
  says: 'ViT: an encoder of images',
  takes: 'image',
  prefix: 'vit.',
  probe: 'embeddings.cls_token',
  ignored: [/^(vit\.)?embeddings\.mask_token$/],
  build({ g, config, weights, dropout: share }, prefix) {
    const width = config.count('hidden_size', 768);
    const heads = config.count('num_attention_heads', 12);
    const [side, patch, channels] = [
      config.count('image_size', 224),
      config.count('patch_size', 16),
      config.count('num_channels', 3),
    ];
    if (width % heads !== 0)
      throw new Fault('bad_graph', 'config.json: "hidden_size" does not divide by "num_attention_heads"');
    if (side % patch !== 0) throw new Fault('bad_graph', 'config.json: "image_size" does not divide by "patch_size"');
    config.only('pooler_act', ['tanh']);
    const patches = (side / patch) ** 2;
    const epsilon = config.real('layer_norm_eps', 1e-12);
    const dropped = config.real('hidden_dropout_prob', 0);
    const pixels = g.input('pixel_values', 'float32', ['batch', channels, side, side]);
    const batch = g.op('Shape', [pixels], { start: 0, end: 1 });
    const s = openStack(g, weights, g.op('Concat', [batch, g.ints([patches + 1])], { axis: 0 }), share);

    const e = `${prefix}embeddings`;
    const kernel = weights.take(`${e}.patch_embeddings.projection.weight`, [width, channels, patch, patch]);
    const bias = weights.take(`${e}.patch_embeddings.projection.bias`, [width]);
    // A convolution whose windows do not overlap, as one product: the gradient of its kernel is one too.
    const across = side / patch;
    const grid = g.op('Reshape', [pixels, g.ints([0, channels, across, patch, across, patch])]);
    const windows = g.op('Transpose', [grid], { perm: [0, 2, 4, 1, 3, 5] });
    const size = channels * patch * patch;
    const flat = g.op(
      'Gemm',
      [g.op('Reshape', [windows, g.ints([-1, size])]), g.op('Reshape', [kernel, g.ints([width, size])]), bias],
      { transB: 1 },
    );
    const words = g.op('Reshape', [flat, g.op('Concat', [batch, g.ints([patches, width])], { axis: 0 })]);
    const first = g.op('Expand', [
      weights.take(`${e}.cls_token`, [1, 1, width]),
      g.op('Concat', [batch, g.ints([1, width])], { axis: 0 }),
    ]);
    const placed = weights.take(`${e}.position_embeddings`, [1, patches + 1, width]);
    let x = dropout(s, g.op('Add', [g.op('Concat', [first, words], { axis: 1 }), placed]), dropped);

    const activation = activationOf('hidden_act', config.text('hidden_act', 'gelu'));
    const attention = { heads, bias: null, dropped: config.real('attention_probs_dropout_prob', 0) };
    const withBias = config.flag('qkv_bias', true);
    for (let i = 0; i < config.count('num_hidden_layers', 12); i++) {
      const layer = `${prefix}encoder.layer.${i}`;
      const normed = norm(s, x, `${layer}.layernorm_before`, epsilon);
      const [q, k, v] = ['query', 'key', 'value'].map((part) =>
        splitHeads(s, dense(s, normed, `${layer}.attention.attention.${part}`, width, withBias), heads),
      );
      const mixed = dense(s, attend(s, q, k, v, attention), `${layer}.attention.output.dense`, width);
      x = g.op('Add', [dropout(s, mixed, dropped), x]);
      const inner = dense(
        s,
        norm(s, x, `${layer}.layernorm_after`, epsilon),
        `${layer}.intermediate.dense`,
        config.count('intermediate_size', 3072),
      );
      x = g.op('Add', [dropout(s, dense(s, activation(g, inner), `${layer}.output.dense`, width), dropped), x]);
    }
    const hidden = norm(s, x, `${prefix}layernorm`, epsilon);
    g.output(hidden, 'last_hidden_state');
    const front = positionOf(s, hidden, 0);
    if (weights.has(`${prefix}pooler.dense.weight`))
      g.output(g.op('Tanh', [dense(s, front, `${prefix}pooler.dense`, width)]), 'pooler_output');
    if (config.saved !== 'ViTForImageClassification') return {};
    const classes = weights.rowsOf('classifier.weight');
    g.output(dense(s, front, 'classifier', classes), 'logits');
    return { classes };
  },
};
