// ai.onnx.ml 3 and text operators that exported graphs use before and after the network; none has a gradient.
import type { OpRule, OpTable, ValueType } from '../rule.ts';

const domain = 'ai.onnx.ml';

const trees = {
  nodes_treeids: 'ints',
  nodes_nodeids: 'ints',
  nodes_featureids: 'ints',
  nodes_values: 'floats',
  nodes_hitrates: 'floats',
  nodes_modes: 'strings',
  nodes_truenodeids: 'ints',
  nodes_falsenodeids: 'ints',
  nodes_missing_value_tracks_true: 'ints',
  base_values: 'floats',
  post_transform: 'string',
} as const;

const toFloat: OpRule['infer'] = (c) => [{ dtype: 'float32', shape: c.input(0).shape }];

export const mlOps: OpTable = {
  LabelEncoder: {
    domain,
    inputs: [1, 1],
    attributes: {
      keys_strings: 'strings',
      keys_int64s: 'ints',
      keys_floats: 'floats',
      values_strings: 'strings',
      values_int64s: 'ints',
      values_floats: 'floats',
      default_string: 'string',
      default_int64: 'int',
      default_float: 'float',
    },
    infer: (c) => {
      const { attributes } = c.node;
      const dtype = attributes['values_strings'] ? 'string' : attributes['values_int64s'] ? 'int64' : 'float32';
      return [{ dtype, shape: c.input(0).shape }];
    },
  },
  OneHotEncoder: {
    domain,
    inputs: [1, 1],
    attributes: { cats_int64s: 'ints', cats_strings: 'strings', zeros: 'int' },
    infer: (c) => {
      const cats = c.node.attributes['cats_int64s'] ?? c.node.attributes['cats_strings'];
      const count =
        cats?.type === 'ints' || cats?.type === 'strings' ? cats.value.length : c.fail('categories are missing');
      return [{ dtype: 'float32', shape: [...c.input(0).shape, count] }];
    },
  },
  Imputer: {
    domain,
    inputs: [1, 1],
    attributes: {
      imputed_value_floats: 'floats',
      imputed_value_int64s: 'ints',
      replaced_value_float: 'float',
      replaced_value_int64: 'int',
    },
    infer: (c) => [{ dtype: c.input(0).dtype, shape: c.input(0).shape }],
  },
  Scaler: { domain, inputs: [1, 1], attributes: { offset: 'floats', scale: 'floats' }, infer: toFloat },
  Normalizer: { domain, inputs: [1, 1], attributes: { norm: 'string' }, infer: toFloat },
  ArrayFeatureExtractor: {
    domain,
    inputs: [2, 2],
    infer: (c) => [
      { dtype: c.input(0).dtype, shape: [...c.input(0).shape.slice(0, -1), c.input(1).shape.at(-1) ?? 1] },
    ],
  },
  TreeEnsembleRegressor: {
    domain,
    inputs: [1, 1],
    attributes: {
      ...trees,
      aggregate_function: 'string',
      n_targets: 'int',
      target_treeids: 'ints',
      target_nodeids: 'ints',
      target_ids: 'ints',
      target_weights: 'floats',
    },
    infer: (c) => [{ dtype: 'float32', shape: [c.input(0).shape[0], c.int('n_targets', 1)] }],
  },
  TreeEnsembleClassifier: {
    domain,
    inputs: [1, 1],
    outputs: [2, 2],
    attributes: {
      ...trees,
      class_treeids: 'ints',
      class_nodeids: 'ints',
      class_ids: 'ints',
      class_weights: 'floats',
      classlabels_strings: 'strings',
      classlabels_int64s: 'ints',
    },
    infer: (c) => {
      const labels = c.node.attributes['classlabels_strings'] ?? c.node.attributes['classlabels_int64s'];
      const count =
        labels?.type === 'ints' || labels?.type === 'strings'
          ? labels.value.length
          : c.fail('class labels are missing');
      const [rows] = c.input(0).shape;
      const label: ValueType = { dtype: labels?.type === 'strings' ? 'string' : 'int64', shape: [rows] };
      return [label, { dtype: 'float32', shape: [rows, count] }];
    },
  },
  TfIdfVectorizer: {
    inputs: [1, 1],
    attributes: {
      max_gram_length: 'int',
      max_skip_count: 'int',
      min_gram_length: 'int',
      mode: 'string',
      ngram_counts: 'ints',
      ngram_indexes: 'ints',
      pool_int64s: 'ints',
      pool_strings: 'strings',
      weights: 'floats',
    },
    infer: (c) => {
      const width = Math.max(...(c.ints('ngram_indexes') ?? [])) + 1;
      return [{ dtype: 'float32', shape: [...c.input(0).shape.slice(0, -1), width] }];
    },
  },
};
