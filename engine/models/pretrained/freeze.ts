// Parameters as plain initializers: training leaves them as they are and computes no gradient for them.
import { type Graph, inferTypes } from '../../graph/index.ts';
import { checkPatterns, matcher } from './prune.ts';

/** Freezes the parameters whose names match (`bert.embeddings.*`); throws `bad_request` for a pattern that matches none. */
export function freeze(graph: Graph, patterns: readonly string[]): Graph {
  checkPatterns(patterns, graph.parameters, 'parameter');
  const frozen = matcher(patterns);
  const kept = { ...graph, parameters: graph.parameters.filter((name) => !frozen(name)) };
  return { ...kept, types: inferTypes(kept) };
}
