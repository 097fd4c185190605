// The ONNX file format and safetensors, as plain objects. Builds no graphs and runs none.
export { decodeModel, type ExternalData, sameTensor } from './decode.ts';
export { encodeModel } from './encode.ts';
export { fromHalf, inFloat32 } from './half.ts';
export {
  type Attribute,
  type Dim,
  type Model,
  type ModelGraph,
  type Node,
  type ValueInfo,
  wrapGraph,
} from './ir.ts';
export { readSafetensors, writeSafetensors } from './safetensors.ts';
export {
  type DType,
  dtypes,
  type NumericArray,
  numbersOf,
  sizeOf,
  type Tensor,
  tensor,
  tensorBytes,
  tensorFromBytes,
} from './tensor.ts';
