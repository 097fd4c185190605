// The order in which onnxruntime runs a graph: it walks back from the nodes that nothing reads, the last of the file first, and
// runs each with all that it needs. Gradients of weights are such nodes: in their natural order those of the first layer come
// first, and every other layer's activations wait for the end. Turned round, each runs as soon as it can.
import { type ModelGraph, type Node } from '../onnx/index.ts';

const namesIn = (node: Node): string[] => [
  ...node.inputs,
  ...Object.values(node.attributes).flatMap((attribute) =>
    attribute.type === 'graph' ? attribute.value.nodes.flatMap(namesIn) : [],
  ),
];

/** The same graph with the nodes that nothing reads at its end, those that can run first last. */
export function leavesLast<T extends ModelGraph>(graph: T): T {
  const read = new Set(graph.nodes.flatMap(namesIn));
  const isLeaf = (node: Node) => !node.outputs.some((name) => read.has(name));
  const leaves = graph.nodes.filter(isLeaf);
  return { ...graph, nodes: [...graph.nodes.filter((node) => !isLeaf(node)), ...leaves.toReversed()] };
}
