// Low-rank adaptation (Hu et al. 2021): W + (alpha/rank)·A·B in place of W, where only A and B are trained. Works on any
// matrix that MatMul and Gemm nodes read, and on nothing else of the graph.
import { type Graph, inferTypes, type Node } from '../graph/index.ts';
import { type Tensor, tensor } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';
import { normal, zeros } from './initial.ts';
import { checkPatterns, matcher } from './pretrained/prune.ts';

export interface LoraOptions {
  /** Inner width of the update. */
  rank: number;
  /** The update weighs alpha / rank; twice the rank when absent. */
  alpha?: number;
  /** Names of weights, `*` for any characters; every eligible one when absent. */
  targets?: readonly string[];
  /** Parameters of the base that stay trainable, such as `head.*`. */
  train?: readonly string[];
  seed?: number;
}

/** A node that multiplies by a weight: y = x·W, W being [inputs, outputs] or, `flipped`, the other way round. */
interface Site {
  node: Node;
  weight: string;
  flipped: boolean;
}

const down = (weight: string) => `${weight}.lora_A`;
const up = (weight: string) => `${weight}.lora_B`;
const share = (weight: string) => `${weight}.lora_scale`;
/** What a site's own product is called once the update is added to it. */
const baseOf = (output: string) => `${output}/lora_base`;
const partOf = (output: string, part: string) => `${output}/lora_${part}`;
const isPart = (name: string) => /\/lora_(down|scaled|gain|up|sum)$/.test(name);

const flag = (node: Node, name: string): boolean => node.attributes[name]?.value === 1;

/** Transposes of weights, by the name of what they make. */
function flips(graph: Graph): Map<string, string> {
  const found = graph.nodes.filter(
    ({ op, inputs }) => op === 'Transpose' && graph.initializers.get(inputs[0])?.dims.length === 2,
  );
  const isFlip = ({ attributes }: Node) =>
    ((attributes['perm']?.value as number[] | undefined) ?? [1, 0]).join() === '1,0';
  return new Map(found.filter(isFlip).map(({ inputs, outputs }) => [outputs[0], inputs[0]]));
}

/** Every product by a float32 matrix that nothing else reads. */
function sitesOf(graph: Graph): Map<string, Site[]> {
  const flipped = flips(graph);
  const sites = new Map<string, Site[]>();
  const reads = new Map<string, number>();
  const count = (name: string) => reads.set(name, (reads.get(name) ?? 0) + 1);
  for (const node of graph.nodes) {
    for (const name of node.inputs) count(flipped.get(name) ?? name);
    const second = node.inputs[1];
    if (node.domain !== '' || (node.op !== 'MatMul' && node.op !== 'Gemm') || second === undefined) continue;
    const weight = flipped.get(second) ?? second;
    const value = graph.initializers.get(weight);
    if (value?.dtype !== 'float32' || value.dims.length !== 2) continue;
    sites.set(weight, [
      ...(sites.get(weight) ?? []),
      { node, weight, flipped: flipped.has(second) !== flag(node, 'transB') },
    ]);
  }
  for (const [made, weight] of flipped) if (made !== '') reads.set(weight, (reads.get(weight) ?? 0) - 1);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const alone = (weight: string, own: readonly Site[]) => reads.get(weight) === own.length && !outputs.has(weight);
  const alike = (own: readonly Site[]) => own.every((site) => site.flipped === own[0].flipped);
  return new Map([...sites].filter(([weight, own]) => alone(weight, own) && alike(own)));
}

const sizesOf = (value: Tensor, turned: boolean): [number, number] =>
  turned ? [value.dims[1], value.dims[0]] : [value.dims[0], value.dims[1]];

/** The nodes of one site with the update added to its product. */
function updated({ node, weight }: Site): Node[] {
  const [out] = node.outputs;
  const make = (op: string, part: string, inputs: string[], attributes: Node['attributes'] = {}): Node => {
    const name = partOf(out, part);
    return { op, domain: '', name, inputs, outputs: [part === 'sum' ? out : name], attributes };
  };
  const gain = node.attributes['alpha'];
  const turned = flag(node, 'transA');
  const scaled = make('Mul', 'scaled', [partOf(out, 'down'), share(weight)]);
  return [
    { ...node, outputs: [baseOf(out), ...node.outputs.slice(1)] },
    turned
      ? make('Gemm', 'down', [node.inputs[0], down(weight)], { transA: { type: 'int', value: 1 } })
      : make('MatMul', 'down', [node.inputs[0], down(weight)]),
    scaled,
    node.op === 'Gemm' && gain
      ? make('Gemm', 'up', [scaled.outputs[0], up(weight)], { alpha: gain })
      : make('MatMul', 'up', [scaled.outputs[0], up(weight)]),
    make('Add', 'sum', [baseOf(out), partOf(out, 'up')]),
  ];
}

/**
 * The graph with an update of low rank beside each target; it computes what it did until it is trained. Only the updates and
 * `train` stay parameters. Throws `bad_request` when a pattern matches no weight that can be adapted.
 */
export function withLora(
  graph: Graph,
  { rank, alpha = 2 * rank, targets = ['*'], train = [], seed = 0 }: LoraOptions,
): Graph {
  if (!Number.isInteger(rank) || rank < 1)
    throw new Fault('bad_request', `a LoRA rank must be a whole number from 1, got ${rank}`);
  const kept = graph.parameters.filter(matcher(train));
  const sites = new Map([...sitesOf(graph)].filter(([weight]) => !kept.includes(weight)));
  checkPatterns(targets, [...sites.keys()], 'matrix that LoRA can adapt');
  checkPatterns(train, graph.parameters, 'parameter');
  const chosen = [...sites].filter(([weight]) => matcher(targets)(weight));
  const initializers = new Map(graph.initializers);
  const parameters = [...kept];
  const chosenSites = new Map<Node, Site>();
  for (const [weight, own] of chosen) {
    const [inputs, outputs] = sizesOf(graph.initializers.get(weight) as Tensor, own[0].flipped);
    initializers.set(down(weight), normal(seed, down(weight), [inputs, rank], 1 / Math.sqrt(inputs)));
    initializers.set(up(weight), zeros([rank, outputs]));
    initializers.set(share(weight), tensor('float32', [], [alpha / rank]));
    parameters.push(down(weight), up(weight));
    for (const site of own) chosenSites.set(site.node, site);
  }
  const nodes = graph.nodes.flatMap((node) => {
    const site = chosenSites.get(node);
    return site ? updated(site) : [node];
  });
  const made = { ...graph, nodes, initializers, parameters };
  return { ...made, types: inferTypes(made) };
}

/** W + scale·A·B, summed in double precision. */
function mergedWeight(weight: Tensor, a: Tensor, b: Tensor, scale: number, flipped: boolean): Tensor {
  const [inputs, rank] = a.dims;
  const [, outputs] = b.dims;
  const [left, right] = [a.data as Float32Array, b.data as Float32Array];
  const data = Float32Array.from(weight.data as Float32Array);
  const row = new Float64Array(outputs);
  for (let i = 0; i < inputs; i++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = left[i * rank + r];
      for (let o = 0; o < outputs; o++) row[o] += factor * right[r * outputs + o];
    }
    for (let o = 0; o < outputs; o++) data[flipped ? o * inputs + i : i * outputs + o] += scale * row[o];
  }
  return { ...weight, data };
}

/** The graph without its updates: they are added into the weights, and its nodes are those from before `withLora`. */
export function mergeLora(graph: Graph): Graph {
  if (!graph.parameters.some((name) => name.endsWith('.lora_A'))) return graph;
  const restored = graph.nodes
    .filter(({ name }) => !isPart(name))
    .map((node) => {
      const [out] = node.outputs;
      return out?.endsWith('/lora_base')
        ? { ...node, outputs: [out.slice(0, -'/lora_base'.length), ...node.outputs.slice(1)] }
        : node;
    });
  const base = { ...graph, nodes: restored };
  const sites = sitesOf(base);
  const initializers = new Map(graph.initializers);
  for (const [weight, [site]] of sites) {
    const [a, b, scale] = [down(weight), up(weight), share(weight)].map((name) => graph.initializers.get(name));
    if (!a || !b || !scale) continue;
    const value = graph.initializers.get(weight) as Tensor;
    initializers.set(weight, mergedWeight(value, a, b, (scale.data as Float32Array)[0], site.flipped));
    for (const name of [down(weight), up(weight), share(weight)]) initializers.delete(name);
  }
  const lost = [...initializers.keys()].find((name) => name.endsWith('.lora_A'));
  if (lost !== undefined)
    throw new Fault(
      'bad_graph',
      `the update "${lost}" has no weight to be added to: the graph was changed after withLora`,
    );
  // What was merged is what training made of those weights: they stand where their updates stood.
  const parameters = graph.parameters.flatMap((name) => {
    if (name.endsWith('.lora_A')) return [name.slice(0, -'.lora_A'.length)];
    return initializers.has(name) ? [name] : [];
  });
  const merged = { ...base, initializers, parameters };
  return { ...merged, types: inferTypes(merged) };
}
