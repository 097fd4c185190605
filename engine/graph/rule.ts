// What an entry of the operator table says, and what its shape rule may look at.
import type { Attribute, Dim, DType, Node, Tensor } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';

/** Type of a value; `known` holds the elements of a small integer tensor (a shape, axes) where they are known. */
export interface ValueType {
  dtype: DType;
  shape: Dim[];
  known?: Dim[];
}

/** A node with the types of its inputs, as a shape rule sees it. */
export interface InferContext {
  node: Node;
  /** Undefined where an optional input is left out. */
  inputs: (ValueType | undefined)[];
  /** Input `i`, which must be there. */
  input(i: number): ValueType;
  /** Contents of input `i` where it is a constant (never a trainable parameter). */
  constant(i: number): Tensor | undefined;
  /** Integers that input `i` is known to hold; throws when they are not known. */
  known(i: number): Dim[];
  /** As `known`, all of them numbers. */
  numbers(i: number): number[];
  int(name: string, otherwise: number): number;
  ints(name: string): number[] | undefined;
  float(name: string, otherwise: number): number;
  text(name: string, otherwise: string): string;
  /** Axis counted from the front; throws when out of range. */
  axis(axis: number, rank: number): number;
  /** Throws `bad_graph` naming the node. */
  fail(message: string): never;
}

/** One operator: how many inputs and outputs, which attributes, and what type comes out. */
export interface OpRule {
  /** '' when absent: the standard domain. */
  domain?: string;
  inputs: readonly [least: number, most: number];
  /** [1, 1] when absent. */
  outputs?: readonly [least: number, most: number];
  attributes?: Readonly<Record<string, Attribute['type']>>;
  infer(context: InferContext): ValueType[];
}

export type OpTable = Readonly<Record<string, OpRule>>;

/** Name for messages: the operator and the node's own name or first output. */
export function nameNode(node: Node): string {
  return `${node.op} "${node.name || (node.outputs[0] ?? '')}"`;
}

/** Builds what a shape rule sees. */
export function inferContext(
  node: Node,
  inputs: (ValueType | undefined)[],
  constant: (name: string) => Tensor | undefined,
): InferContext {
  const fail = (message: string): never => {
    throw new Fault('bad_graph', `${nameNode(node)}: ${message}`);
  };
  const input = (i: number): ValueType => inputs[i] ?? fail(`input ${i} is missing`);
  const known = (i: number): Dim[] => input(i).known ?? fail(`input ${i} must be known when the graph is built`);
  const attribute = <T extends Attribute['type']>(name: string, type: T) => {
    const found = node.attributes[name];
    if (found && found.type !== type) fail(`attribute ${name} must be ${type}, got ${found.type}`);
    return found as Extract<Attribute, { type: T }> | undefined;
  };
  return {
    node,
    inputs,
    input,
    known,
    constant: (i) => (node.inputs[i] ? constant(node.inputs[i]) : undefined),
    numbers: (i) =>
      known(i).map((dim) => (typeof dim === 'number' ? dim : fail(`input ${i} must hold numbers, got ${dim}`))),
    int: (name, otherwise) => attribute(name, 'int')?.value ?? otherwise,
    ints: (name) => attribute(name, 'ints')?.value,
    float: (name, otherwise) => attribute(name, 'float')?.value ?? otherwise,
    text: (name, otherwise) => attribute(name, 'string')?.value ?? otherwise,
    axis: (axis, rank) => {
      if (axis < -rank || axis >= rank) fail(`axis ${axis} is outside a tensor of rank ${rank}`);
      return axis < 0 ? axis + rank : axis;
    },
    fail,
  };
}
