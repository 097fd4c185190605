// Any ONNX file as a graph ready to fine-tune: the outputs kept, the batch symbolic, the weights found among its constants.
import { type Graph, graphOf, isReadable, nameNode, type Node, opTable } from '../../graph/index.ts';
import {
  type Dim,
  decodeModel,
  type ExternalData,
  inFloat32,
  type Model,
  type ModelGraph,
  sizeOf,
  type ValueInfo,
} from '../../onnx/index.ts';
import { Fault } from '../../schema/index.ts';
import { pruned } from './prune.ts';

export interface OnnxOptions {
  /** The value to keep as the only output: an output of the file, or any other value in it. All outputs when absent. */
  output?: string;
  /** Gives what lies in files beside it. */
  external?: ExternalData;
}

/** Inputs of operators that hold what a network learned, by operator; an initializer that feeds no other is no weight. */
const weightSlots: Readonly<Record<string, readonly number[]>> = {
  MatMul: [0, 1],
  Gemm: [0, 1, 2],
  Einsum: [0, 1],
  Conv: [1, 2],
  ConvTranspose: [1, 2],
  Gather: [0],
  Add: [0, 1],
  Mul: [0, 1],
  PRelu: [1],
  LayerNormalization: [1, 2],
  InstanceNormalization: [1, 2],
  BatchNormalization: [1, 2],
  LSTM: [1, 2, 3, 7],
  GRU: [1, 2, 3],
  RNN: [1, 2, 3],
};
/** Operators behind which a weight is still a weight. */
const passing = new Set(['Transpose', 'Reshape', 'Identity', 'Unsqueeze', 'Squeeze', 'Flatten', 'Expand', 'Cast']);

/** Float initializers of one axis or more that reach a weight's place, in the file's order. */
function weightsOf({ initializers, nodes }: ModelGraph): string[] {
  const readers = new Map<string, { node: Node; slot: number }[]>();
  for (const node of nodes)
    node.inputs.forEach((name, slot) => readers.set(name, [...(readers.get(name) ?? []), { node, slot }]));
  const known = new Map<string, boolean>();
  const learns = (name: string): boolean => {
    const found = known.get(name);
    if (found !== undefined) return found;
    known.set(name, false);
    const made = (readers.get(name) ?? []).some(({ node, slot }) =>
      passing.has(node.op) && slot === 0
        ? node.outputs.some(learns)
        : node.domain === '' && (weightSlots[node.op] ?? []).includes(slot),
    );
    known.set(name, made);
    return made;
  };
  return [...initializers]
    .filter(([name, { dtype, dims }]) => dtype === 'float32' && dims.length > 0 && sizeOf(dims) > 1 && learns(name))
    .map(([name]) => name);
}

/** Some exporters write weights as Constant nodes: those of tensors become initializers. */
function lifted(graph: ModelGraph): ModelGraph {
  const initializers = new Map(graph.initializers);
  const nodes = graph.nodes.filter(({ op, domain, outputs, attributes: { value } }) => {
    const constant = op === 'Constant' && domain === '' && value?.type === 'tensor';
    if (constant) initializers.set(outputs[0], value.value);
    return !constant;
  });
  return { ...graph, initializers, nodes };
}

/** Throws `unsupported_operator` naming every operator that is lacking, the first node of it and what to do. */
function checkOperators({ nodes }: ModelGraph): void {
  const lacking = nodes.filter(
    ({ op, domain }) =>
      op !== 'Constant' &&
      (domain === '' ? !isReadable(op) : !Object.hasOwn(opTable, op) || (opTable[op].domain ?? '') !== domain),
  );
  const [first] = lacking;
  if (!first) return;
  const called = ({ op, domain }: Node) => (domain ? `${domain}.${op}` : op);
  const others = [...new Set(lacking.map(called))].filter((name) => name !== called(first));
  const before = first.inputs.filter((name) => nodes.some(({ outputs }) => outputs.includes(name)));
  const keep = before.length > 0 ? `, or keep what stands before it as the output ("${before[0]}")` : '';
  throw new Fault(
    'unsupported_operator',
    `operator ${called(first)} of node ${nameNode(first)} is not supported${others.length > 0 ? ` (nor ${others.join(', ')})` : ''}: export the model with standard operators of opset 17${keep}, or import it to be served as it is (--as-is)`,
    { operators: [called(first), ...others], node: first.name || first.outputs[0] },
  );
}

/** The first axis of the inputs as the name `batch`, where it is the same of all: a number, a name, or nothing. */
function batched(inputs: readonly ValueInfo[]): ValueInfo[] {
  const firsts = new Set(inputs.filter(({ shape }) => shape.length > 0).map(({ shape }) => shape[0]));
  const [first] = firsts;
  if (firsts.size !== 1 || first === undefined) return [...inputs];
  const named = (dim: Dim, axis: number): Dim =>
    axis === 0 || (dim === first && typeof dim === 'string' && dim !== '?') ? 'batch' : dim;
  return inputs.map((info) => ({ ...info, shape: info.shape.map(named) }));
}

/** A file with a fixed batch may compute with it: then its own nodes contradict a symbolic one. */
function typed(model: Model, parameters: string[]): Graph {
  const inputs = batched(model.graph.inputs);
  const wasFixed = model.graph.inputs.some(({ shape }) => typeof shape[0] === 'number');
  try {
    return graphOf({ ...model, graph: { ...model.graph, inputs } }, parameters);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'bad_graph') throw error;
    const remedy = wasFixed
      ? 'the batch size is fixed in the file: export it with a symbolic one (torch.onnx.export: dynamic_axes)'
      : 'name the variable axes at export (torch.onnx.export: dynamic_axes with the same name for the same size)';
    throw new Fault('bad_graph', `${error.message}; ${remedy}`, error.details, error);
  }
}

/**
 * Reads the bytes of an ONNX file (opset 11 to 21; float16 becomes float32). Float constants that feed a layer become
 * parameters under their own names. Throws `corrupt` for other bytes, `unsupported_operator` and `bad_graph` naming the
 * node and the remedy, `bad_request` listing what can be kept.
 */
export function readOnnx(bytes: Uint8Array, { output, external }: OnnxOptions = {}): Graph {
  return trainable(decodeModel(bytes, external), output);
}

/** As `readOnnx`, of a model that was decoded. */
export function trainable(read: Model, output?: string): Graph {
  const model = inFloat32(read);
  const graph = lifted(model.graph);
  const made = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  if (output !== undefined && !made.has(output)) {
    const known = graph.outputs.map(({ name }) => name).join(', ');
    throw new Fault('bad_request', `the model has no value "${output}" to keep; its outputs are ${known}`);
  }
  const outputs = output === undefined ? graph.outputs : [{ name: output, dtype: 'float32' as const, shape: [] }];
  const parts = pruned(
    graph,
    outputs.map(({ name }) => name),
  );
  checkOperators({ ...graph, ...parts });
  const cut: Model = { ...model, graph: { name: graph.name || 'model', outputs, ...parts } };
  return typed(cut, weightsOf(cut.graph));
}
