// Weights by name as one thing: their hash, and a graph that carries them.
import { createHash } from 'node:crypto';
import { type Graph, inferTypes } from '../graph/index.ts';
import { type Tensor, tensorBytes } from '../onnx/index.ts';

/** SHA-256, hex, over names, shapes and bytes in the order of names. */
export function weightsHash(weights: ReadonlyMap<string, Tensor>): string {
  const hash = createHash('sha256');
  for (const name of [...weights.keys()].sort()) {
    const value = weights.get(name) as Tensor;
    hash.update(`${name}\u0000${value.dtype}\u0000${value.dims.join()}\u0000`);
    hash.update(tensorBytes(value));
  }
  return hash.digest('hex');
}

/** The graph with these weights in place of those it was built with. */
export function withWeights(graph: Graph, weights: ReadonlyMap<string, Tensor>): Graph {
  const joined = { ...graph, initializers: new Map([...graph.initializers, ...weights]) };
  return { ...joined, types: inferTypes(joined) };
}

/** Numbers that training may change. */
export function parameterCount(graph: Graph): number {
  return graph.parameters.reduce((sum, name) => sum + (graph.initializers.get(name)?.data.length ?? 0), 0);
}
