// Builds graphs node by node; every value is typed as it is made, so a mistake is found where it stands.
import type { Attribute, Dim, DType, ModelGraph, Node, Tensor, ValueInfo } from '../onnx/index.ts';
import { tensor } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';
import { type Graph, inferNode, namesRead, tensorType } from './graph.ts';
import type { ValueType } from './rule.ts';
import { opTable } from './table.ts';

/** A value of the graph under construction. */
export interface Value {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly Dim[];
}

export type AttributeValue = number | string | readonly number[] | readonly string[] | Tensor | ModelGraph;
/** A left-out optional input is null. */
export type Operand = Value | null;

export interface GraphBuilder {
  /** Declares a graph input. */
  input(name: string, dtype: DType, shape: readonly Dim[]): Value;
  /** An initializer that training changes. */
  parameter(name: string, value: Tensor): Value;
  /** A named initializer that training does not change by gradient (running statistics, tables). */
  buffer(name: string, value: Tensor): Value;
  /** A constant; numbers become float32. Equal unnamed constants share one initializer. */
  constant(value: Tensor | number | readonly number[], name?: string): Value;
  /** An int64 constant: a number gives a scalar, a list a vector. */
  ints(value: number | readonly number[]): Value;
  op(op: string, inputs: readonly Operand[], attributes?: Record<string, AttributeValue>): Value;
  ops(op: string, inputs: readonly Operand[], attributes: Record<string, AttributeValue>, outputs: number): Value[];
  /** Adds a node as it stands, with its own output names. */
  node(node: Node): Value[];
  /** Makes a value an output of the graph under the given name (its own when absent). */
  output(value: Value, name?: string): void;
  /** Lets a subgraph read a value of the graph around it. */
  capture(value: Value): void;
  /** The same value, declared to have a shape that the rules could not find out (equal for every input). */
  assume(value: Value, shape: readonly Dim[]): Value;
  /** A name that no value has, beginning with `stem`. */
  unique(stem: string): string;
  /** The value of that name, which must exist. */
  value(name: string): Value;
  /** Name of output `i` of the node that makes `first` as its output 0; the node is made to give it if it does not yet. */
  outputOf(first: string, i: number): string;
  /** The nodes added so far. */
  nodes(): readonly Node[];
  /** Contents of a constant; undefined for anything else. */
  constantOf(name: string): Tensor | undefined;
  /** Integers that a value is known to hold. */
  known(value: Value): readonly Dim[] | undefined;
  build(): Graph;
}

/** The attribute of the kind that the operator table gives it. */
function attributeOf(op: string, name: string, value: AttributeValue): Attribute {
  const kind = opTable[op]?.attributes?.[name];
  if (!kind) throw new Fault('bad_graph', `${op} has no attribute ${name}`);
  if (Array.isArray(value)) return { type: kind, value: [...(value as number[])] } as Attribute;
  return { type: kind, value } as Attribute;
}

interface Parts {
  name: string;
  inputs: ValueInfo[];
  outputs: ValueInfo[];
  initializers: Map<string, Tensor>;
  parameters: string[];
  nodes: Node[];
  types: Map<string, ValueType>;
}

/** An empty graph to build on, or a copy of a graph to go on from. */
export function graphBuilder(start: string | Graph, prefix = ''): GraphBuilder {
  const parts: Parts =
    typeof start === 'string'
      ? { name: start, inputs: [], outputs: [], initializers: new Map(), parameters: [], nodes: [], types: new Map() }
      : {
          name: start.name,
          inputs: [...start.inputs],
          outputs: [...start.outputs],
          initializers: new Map(start.initializers),
          parameters: [...start.parameters],
          nodes: [...start.nodes],
          types: new Map(start.types),
        };
  const shared = new Map<string, Value>();
  const counters = new Map<string, number>();

  const fresh = (kind: string): string => {
    const stem = prefix + kind;
    let n = counters.get(stem) ?? 0;
    while (parts.types.has(`${stem}_${n}`) || parts.types.has(`${stem}_${n}.0`)) n++;
    counters.set(stem, n + 1);
    return `${stem}_${n}`;
  };
  const add = (name: string, type: ValueType): Value => {
    if (name === '' || parts.types.has(name))
      throw new Fault('bad_graph', `value "${name}" exists already in graph ${parts.name}`);
    parts.types.set(name, type);
    return { name, dtype: type.dtype, shape: type.shape };
  };
  const initializer = (name: string, value: Tensor): Value => {
    const made = add(name, tensorType(value));
    parts.initializers.set(name, value);
    return made;
  };
  const trainable = () => new Set(parts.parameters);
  const constantTensor = (name: string): Tensor | undefined =>
    trainable().has(name) ? undefined : parts.initializers.get(name);

  const self: GraphBuilder = {
    input(name, dtype, shape) {
      const made = add(name, { dtype, shape: [...shape] });
      parts.inputs.push({ name, dtype, shape: [...shape] });
      return made;
    },
    parameter(name, value) {
      const made = initializer(name, value);
      // What training changes must not be folded into shapes.
      parts.types.set(name, { dtype: value.dtype, shape: [...value.dims] });
      parts.parameters.push(name);
      return made;
    },
    buffer: initializer,
    constant(value, name) {
      const data =
        typeof value === 'number'
          ? tensor('float32', [], [value])
          : 'dtype' in value
            ? value
            : tensor('float32', [value.length], value);
      if (name !== undefined) return initializer(name, data);
      const key =
        data.data.length <= 16
          ? `${data.dtype}[${data.dims.join()}]${Array.from(data.data as Iterable<unknown>, (v) => (Object.is(v, -0) ? '-0' : String(v))).join()}`
          : undefined;
      const found = key === undefined ? undefined : shared.get(key);
      if (found) return found;
      const made = initializer(fresh('const'), data);
      if (key !== undefined) shared.set(key, made);
      return made;
    },
    ints(value) {
      return self.constant(
        typeof value === 'number' ? tensor('int64', [], [value]) : tensor('int64', [value.length], value),
      );
    },
    op(op, inputs, attributes = {}) {
      return self.ops(op, inputs, attributes, 1)[0];
    },
    ops(op, inputs, attributes, outputs) {
      const stem = fresh(op);
      const names = inputs.map((input) => input?.name ?? '');
      while (names.at(-1) === '') names.pop();
      const node: Node = {
        op,
        domain: opTable[op]?.domain ?? '',
        name: stem,
        inputs: names,
        outputs: outputs === 1 ? [stem] : Array.from({ length: outputs }, (_, i) => `${stem}.${i}`),
        attributes: Object.fromEntries(
          Object.entries(attributes).map(([name, value]) => [name, attributeOf(op, name, value)]),
        ),
      };
      return self.node(node);
    },
    node(node) {
      const types = inferNode(node, parts.types, constantTensor);
      parts.nodes.push(node);
      return node.outputs.flatMap((name, i) => (name === '' ? [] : [add(name, types[i])]));
    },
    output(value, name = value.name) {
      if (parts.outputs.some((output) => output.name === name))
        throw new Fault('bad_graph', `output "${name}" exists already`);
      const final = name === value.name ? value : rename(value, name);
      parts.outputs.push({ name, dtype: final.dtype, shape: [...final.shape] });
    },
    value(name) {
      const type = parts.types.get(name);
      if (!type) throw new Fault('bad_graph', `graph ${parts.name} has no value "${name}"`);
      return { name, dtype: type.dtype, shape: type.shape };
    },
    capture(value) {
      add(value.name, { dtype: value.dtype, shape: [...value.shape] });
    },
    assume(value, shape) {
      parts.types.set(value.name, { dtype: value.dtype, shape: [...shape] });
      return { ...value, shape };
    },
    unique: fresh,
    outputOf(first, i) {
      const at = parts.nodes.findIndex((node) => node.outputs[0] === first);
      const node = parts.nodes[at];
      if (!node) throw new Fault('bad_graph', `graph ${parts.name} has no node that makes "${first}"`);
      if (node.outputs[i]) return node.outputs[i];
      const outputs = Array.from(
        { length: Math.max(i + 1, node.outputs.length) },
        (_, k) => node.outputs[k] || fresh(`${node.op}_${k}`),
      );
      const grown = { ...node, outputs };
      const types = inferNode(grown, parts.types, constantTensor);
      outputs.forEach((name, k) => {
        if (!parts.types.has(name)) add(name, types[k]);
      });
      parts.nodes[at] = grown;
      return outputs[i];
    },
    nodes: () => [...parts.nodes],
    constantOf: constantTensor,
    known: (value) => parts.types.get(value.name)?.known,
    build() {
      const used = new Set(parts.nodes.flatMap(namesRead));
      for (const { name } of parts.outputs) used.add(name);
      const kept = new Set(parts.parameters);
      const initializers = new Map([...parts.initializers].filter(([name]) => used.has(name) || kept.has(name)));
      return { ...parts, initializers };
    },
  };

  const rename = (value: Value, name: string): Value => {
    const made = add(name, { dtype: value.dtype, shape: [...value.shape] });
    parts.nodes.push({ op: 'Identity', domain: '', name, inputs: [value.name], outputs: [name], attributes: {} });
    return made;
  };
  return self;
}
