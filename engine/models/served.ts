// The graph that is exported and served: raw columns in, labels or quantities out.
import { compose, type Graph } from '../graph/index.ts';
import type { Preprocess } from '../schema/index.ts';
import { edgeGraph, featureGraph } from './features.ts';
import { headGraph } from './head.ts';

/** The graph of a family that writes texts with the weights of its trained form: the one with a cache. */
export function writerGraph(cached: Graph, trained: Graph): Graph {
  const weights = cached.parameters.flatMap((name) => {
    const value = trained.initializers.get(name);
    return value ? [[name, value] as const] : [];
  });
  return { ...cached, initializers: new Map([...cached.initializers, ...weights]) };
}

const wiresBetween = (first: Graph, second: Graph): Record<string, string> => {
  const wanted = new Set(second.inputs.map((input) => input.name));
  return Object.fromEntries(first.outputs.filter(({ name }) => wanted.has(name)).map(({ name }) => [name, name]));
};
const chain = (first: Graph | null, second: Graph): Graph =>
  first ? compose(first, second, wiresBetween(first, second)) : second;

/** Edge, features, model and head as one graph; `model` is a family's graph with its trained weights. */
export function servedGraph(preprocess: Preprocess, model: Graph): Graph {
  // A recommender has its features, its tables and its answers inside.
  if (preprocess.ranking) return { ...chain(edgeGraph(preprocess), model), name: model.name };
  const features = featureGraph(preprocess);
  const before = features ? chain(edgeGraph(preprocess), features) : null;
  const whole = chain(chain(before, model), headGraph(preprocess));
  return { ...whole, name: model.name };
}
