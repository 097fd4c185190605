// Typed ONNX graphs: the operator table with shape rules, the builder, the legality table. Differentiates nothing, runs nothing.
export type { Attribute, Dim, DType, Model, Node, Tensor, ValueInfo } from '../onnx/index.ts';
export { type AttributeValue, type GraphBuilder, graphBuilder, type Operand, type Value } from './builder.ts';
export { checkGraph, legality } from './check.ts';
export { type ComposeOptions, compose } from './compose.ts';
export { multiplyDims, sameShape } from './dims.ts';
export { type Graph, inferTypes, modelOf, namesRead } from './graph.ts';
export { graphOf } from './import.ts';
export { isReadable, rewrittenOps } from './opsets.ts';
export { einsumTerms } from './ops/linear.ts';
export { optimise } from './optimise.ts';
export { printGraph } from './print.ts';
export { nameNode, type OpRule, type ValueType } from './rule.ts';
export { opTable } from './table.ts';
