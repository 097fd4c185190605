// Mixed precision (Micikevicius et al. 2018): products in float16, everything else in float32, and a loss scale that keeps
// small gradients above what float16 can tell from 0 and finds itself.
import { type Graph, graphBuilder, type Node } from '../graph/index.ts';
import { dtypes, type Tensor, tensor } from '../onnx/index.ts';

/** What the loss is multiplied by before the way back, as the `grad` program names it. */
export const lossScaleName = 'train.lossScale';

/** Operators whose time is in their products; their first inputs and their output change type. */
const products: Readonly<Record<string, number>> = { MatMul: 2, Gemm: 3, Conv: 3, ConvTranspose: 3 };

/** The graph with its products in float16, inputs and outputs as they were. */
export function inHalf(graph: Graph): Graph {
  const g = graphBuilder({ ...graph, nodes: [], outputs: [], types: typesOfGiven(graph) });
  const cast = new Map<string, string>();
  const add = (node: Node) => g.node(node);
  const half = (name: string): string => {
    const known = cast.get(name);
    if (known !== undefined) return known;
    const made = `${name}/half`;
    add(plain('Cast', [name], made, dtypes.float16.code));
    cast.set(name, made);
    return made;
  };
  for (const node of graph.nodes) {
    const count = node.domain === '' ? products[node.op] : undefined;
    const isFloat = count !== undefined && graph.types.get(node.outputs[0])?.dtype === 'float32';
    if (!isFloat) {
      add(node);
      continue;
    }
    const wide = `${node.outputs[0]}/wide`;
    const inputs = node.inputs.map((name) => (name === '' ? '' : half(name)));
    add({ ...node, inputs, outputs: [wide] });
    add(plain('Cast', [wide], node.outputs[0], dtypes.float32.code));
  }
  for (const { name } of graph.outputs) g.output(g.value(name));
  return { ...g.build(), parameters: graph.parameters };
}

const plain = (op: string, inputs: string[], output: string, to: number): Node => ({
  op,
  domain: '',
  // Nodes are mostly called as what they make.
  name: `${output}/cast`,
  inputs,
  outputs: [output],
  attributes: { to: { type: 'int', value: to } },
});

/** Types of what no node makes. */
function typesOfGiven({ inputs, initializers, types }: Graph): Graph['types'] {
  const given = [...inputs.map(({ name }) => name), ...initializers.keys()];
  return new Map([...types].filter(([name]) => given.includes(name)));
}

export interface LossScale {
  readonly value: number;
  /** After a step: whether its gradients were finite. One that was not is left out, and the scale halved. */
  observe(finite: boolean): void;
  /** Where it stands, as an entry of a snapshot. */
  saved(): [name: string, state: Tensor];
  /** Goes on from a snapshot; one made without it begins anew. */
  restore(snapshot: ReadonlyMap<string, Tensor>): void;
}

const most = 2 ** 24;
/** Good steps after which a greater scale is tried. */
const patience = 500;

/** The scale that training begins with, or went on with. */
export function openLossScale(start = 2 ** 12): LossScale {
  let value = start;
  let good = 0;
  return {
    get value() {
      return value;
    },
    observe(finite) {
      good = finite ? good + 1 : 0;
      if (!finite) value = Math.max(1, value / 2);
      else if (good % patience === 0) value = Math.min(most, value * 2);
    },
    saved: () => [lossScaleName, tensor('float32', [2], [value, good])],
    restore(snapshot) {
      [value, good] = (snapshot.get(lossScaleName)?.data as Float32Array | undefined) ?? [start, 0];
    },
  };
}
