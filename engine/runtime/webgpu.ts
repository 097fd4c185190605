// Rewrites a graph around an error of onnxruntime's WebGPU kernels: Conv reads its input in threes where the input
// channels divide by 3 and not by 4 and the output channels divide by 4, and beyond 3 channels the result is wrong
// (onnxruntime 1.30, its issue 29651). Channels of zeros up to a multiple of 4 change no sum and take the quick kernel.
import { type ModelGraph, type Node, type Tensor, tensor } from '../onnx/index.ts';

/** A graph that may carry the shape of every value. */
export type Shaped = ModelGraph & { types?: ReadonlyMap<string, { shape: readonly (number | string)[] }> };

type Size = number | string | undefined;

const integers = (values: readonly number[]): Tensor => tensor('int64', [values.length], values);
const node = (op: string, inputs: string[], output: string, attributes: Node['attributes'] = {}): Node => ({
  op,
  domain: '',
  name: output,
  inputs,
  outputs: [output],
  attributes,
});

/** The pads that add `count` channels behind those of a value of the rank. */
const padsOf = (rank: number, count: number): Tensor =>
  integers(Array.from({ length: 2 * rank }, (_, i) => (i === rank + 1 ? count : 0)));

/** Whether the kernel may be the wrong one, as far as the sizes are known. */
function suspect(channels: Size, outputs: Size): boolean {
  if (typeof outputs === 'number' && outputs % 4 !== 0) return false;
  return typeof channels !== 'number' || (channels > 3 && channels % 3 === 0 && channels % 4 !== 0);
}

/** Nodes that give `name` as many channels as the next multiple of 4, when their number is not known before the run. */
function unknownPad(name: string, of: string, stem: string, rank: number): Node[] {
  return [
    node('Shape', [of], `${stem}.channels`, { start: { type: 'int', value: 1 }, end: { type: 'int', value: 2 } }),
    node('Neg', [`${stem}.channels`], `${stem}.less`),
    node('Mod', [`${stem}.less`, 'webgpu.four'], `${stem}.missing`),
    node('Concat', [`webgpu.before${rank}`, `${stem}.missing`, `webgpu.after${rank}`], `${stem}.pads`, {
      axis: { type: 'int', value: 0 },
    }),
    node('Pad', [name, `${stem}.pads`], stem),
  ];
}

/** The same graph with the channels of its convolutions filled up where the kernel would go wrong. */
export function fillChannels(graph: Shaped): ModelGraph {
  const sizes = new Map<string, readonly (number | string)[]>();
  for (const { name, shape } of graph.inputs) sizes.set(name, shape);
  for (const [name, { shape }] of graph.types ?? []) sizes.set(name, shape);
  for (const [name, { dims }] of graph.initializers) sizes.set(name, dims);
  const initializers = new Map(graph.initializers);
  const nodes: Node[] = [];
  for (const conv of graph.nodes) {
    const [x, w] = conv.inputs;
    const [data, kernel] = [sizes.get(x), sizes.get(w)];
    const rank =
      (data ?? kernel)?.length ??
      ((conv.attributes['kernel_shape']?.value as number[] | undefined) ?? [0, 0]).length + 2;
    const group = (conv.attributes['group']?.value as number | undefined) ?? 1;
    const channels: Size = [kernel?.[1], data?.[1]].find((size) => typeof size === 'number');
    if (conv.op !== 'Conv' || conv.domain !== '' || group !== 1 || !suspect(channels, kernel?.[0])) {
      nodes.push(conv);
      continue;
    }
    const filled = [x, w].map((name, i) => {
      const stem = `webgpu.${conv.outputs[0]}.${i}`;
      if (typeof channels === 'number') {
        initializers.set(`${stem}.pads`, padsOf(rank, 4 - (channels % 4)));
        nodes.push(node('Pad', [name, `${stem}.pads`], stem));
        return stem;
      }
      initializers.set('webgpu.four', integers([4]));
      initializers.set(`webgpu.before${rank}`, integers(Array<number>(rank + 1).fill(0)));
      initializers.set(`webgpu.after${rank}`, integers(Array<number>(rank - 2).fill(0)));
      nodes.push(...unknownPad(name, x, stem, rank));
      return stem;
    });
    nodes.push({ ...conv, inputs: [...filled, ...conv.inputs.slice(2)] });
  }
  return { ...graph, initializers, nodes };
}
