// The ONNX model as plain objects: what the codec reads and writes, and what every other folder builds on.
import type { DType, Tensor } from './tensor.ts';

/** A string is a symbolic dimension such as `batch`; `?` stands for one that nobody named. */
export type Dim = number | string;

export interface ValueInfo {
  name: string;
  dtype: DType;
  shape: Dim[];
}

/** An attribute with its ONNX kind, so that 1 the integer and 1 the float stay apart. */
export type Attribute =
  | { type: 'float'; value: number }
  | { type: 'int'; value: number }
  | { type: 'string'; value: string }
  | { type: 'tensor'; value: Tensor }
  | { type: 'graph'; value: ModelGraph }
  | { type: 'floats'; value: number[] }
  | { type: 'ints'; value: number[] }
  | { type: 'strings'; value: string[] };

export interface Node {
  op: string;
  /** '' is the standard ONNX domain. */
  domain: string;
  name: string;
  /** An empty string is an optional input left out. */
  inputs: string[];
  outputs: string[];
  attributes: Record<string, Attribute>;
}

/** GraphProto without annotations. Nodes stand in topological order. */
export interface ModelGraph {
  name: string;
  inputs: ValueInfo[];
  outputs: ValueInfo[];
  initializers: Map<string, Tensor>;
  nodes: Node[];
}

export interface Model {
  irVersion: number;
  /** Version by operator domain. */
  opsets: Record<string, number>;
  producer: string;
  metadata: Record<string, string>;
  graph: ModelGraph;
}

/** What this project writes: readable by runtimes since 2021 (ONNX 1.12). */
export const targetOpsets = { '': 17, 'ai.onnx.ml': 3 } as const;
export const targetIr = 8;

/** Wraps a graph as a model of our opsets. */
export function wrapGraph(graph: ModelGraph, metadata: Record<string, string> = {}): Model {
  const used = new Set(graph.nodes.map((node) => node.domain));
  const opsets: Record<string, number> = { '': targetOpsets[''] };
  if (used.has('ai.onnx.ml')) opsets['ai.onnx.ml'] = targetOpsets['ai.onnx.ml'];
  if (used.has('com.microsoft')) opsets['com.microsoft'] = 1;
  return { irVersion: targetIr, opsets, producer: 'neutrino', metadata, graph };
}
