// A graph as text for people: one line a value.
import type { Attribute, ModelGraph } from '../onnx/index.ts';
import type { Graph } from './graph.ts';

function attributeText(attribute: Attribute): string {
  if (attribute.type === 'tensor') return `${attribute.value.dtype}[${attribute.value.dims.join(',')}]`;
  if (attribute.type === 'graph') return `{${attribute.value.name}}`;
  const text = JSON.stringify(attribute.value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Inputs, parameters, nodes in order and outputs, with types; constants only by name. */
export function printGraph(graph: Graph): string {
  const typed = (name: string) => {
    const type = graph.types.get(name);
    return type ? `${name}: ${type.dtype}[${type.shape.join(',')}]` : name;
  };
  const list = (infos: ModelGraph['inputs']) => infos.map((info) => typed(info.name)).join(', ');
  const lines = graph.nodes.map((node) => {
    const attributes = Object.entries(node.attributes).map(([name, value]) => `${name}=${attributeText(value)}`);
    const made = node.outputs.map(typed).join(', ');
    return `  ${made} = ${node.op}(${[...node.inputs.map((name) => name || '_'), ...attributes].join(', ')})`;
  });
  return [
    `graph ${graph.name}(${list(graph.inputs)})`,
    ...graph.parameters.map((name) => `  parameter ${typed(name)}`),
    ...lines,
    `  return ${graph.outputs.map((output) => output.name).join(', ')}`,
    '',
  ].join('\n');
}
