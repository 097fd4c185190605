// Field numbers of the ONNX messages this project uses (onnx/onnx.proto of the ONNX specification, IR version 8).
import type { Schema } from './wire.ts';

const entry: Schema = { key: { no: 1, type: 'string' }, value: { no: 2, type: 'string' } };

export const tensorMessage: Schema = {
  dims: { no: 1, type: 'int64', many: true },
  dataType: { no: 2, type: 'int32' },
  floatData: { no: 4, type: 'float', many: true },
  int32Data: { no: 5, type: 'int32', many: true },
  stringData: { no: 6, type: 'bytes', many: true },
  int64Data: { no: 7, type: 'int64', many: true },
  name: { no: 8, type: 'string' },
  rawData: { no: 9, type: 'bytes' },
  doubleData: { no: 10, type: 'double', many: true },
  uint64Data: { no: 11, type: 'uint64', many: true },
  externalData: { no: 13, type: entry, many: true },
  dataLocation: { no: 14, type: 'int32' },
};

const dimension: Schema = { value: { no: 1, type: 'int64' }, param: { no: 2, type: 'string' } };
const shape: Schema = { dim: { no: 1, type: dimension, many: true } };
const tensorType: Schema = { elemType: { no: 1, type: 'int32' }, shape: { no: 2, type: shape } };
const typeMessage: Schema = { tensor: { no: 1, type: tensorType } };
const valueInfo: Schema = { name: { no: 1, type: 'string' }, type: { no: 2, type: typeMessage } };

const attribute: Schema = {
  name: { no: 1, type: 'string' },
  f: { no: 2, type: 'float' },
  i: { no: 3, type: 'int64' },
  s: { no: 4, type: 'bytes' },
  t: { no: 5, type: tensorMessage },
  floats: { no: 7, type: 'float', many: true },
  ints: { no: 8, type: 'int64', many: true },
  strings: { no: 9, type: 'bytes', many: true },
  type: { no: 20, type: 'int32' },
};

const node: Schema = {
  input: { no: 1, type: 'string', many: true },
  output: { no: 2, type: 'string', many: true },
  name: { no: 3, type: 'string' },
  opType: { no: 4, type: 'string' },
  attribute: { no: 5, type: attribute, many: true },
  domain: { no: 7, type: 'string' },
};

export const graphMessage: Schema = {
  node: { no: 1, type: node, many: true },
  name: { no: 2, type: 'string' },
  initializer: { no: 5, type: tensorMessage, many: true },
  input: { no: 11, type: valueInfo, many: true },
  output: { no: 12, type: valueInfo, many: true },
};

// Control flow: an attribute may hold a graph of its own.
attribute['g'] = { no: 6, type: graphMessage };

export const modelMessage: Schema = {
  irVersion: { no: 1, type: 'int64' },
  producerName: { no: 2, type: 'string' },
  graph: { no: 7, type: graphMessage },
  opsetImport: { no: 8, type: { domain: { no: 1, type: 'string' }, version: { no: 2, type: 'int64' } }, many: true },
  metadataProps: { no: 14, type: entry, many: true },
};
