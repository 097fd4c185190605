// Layers over the last axis of a value of any rank. Names of weights are their callers' matter.
import type { Value } from '../../graph/index.ts';
import { tensor } from '../../onnx/index.ts';
import { kaiming, normal, uniform, xavier, zeros } from '../initial.ts';
import type { Parts } from '../inputs.ts';

/** TensorProto.DataType of what Cast makes. */
export const float32 = 1;

export const widthOf = (x: Value): number => Number(x.shape.at(-1));

/** How a weight `[inputs, outputs]` starts. `torch` is nn.Linear's default, uniform within 1/√inputs; `small` is N(0, 0.02), as BERT's. */
export type Start = 'relu' | 'plain' | 'torch' | 'small' | 'zero';

const starts: Record<Start, (seed: number, name: string, dims: readonly [number, number]) => ReturnType<typeof zeros>> =
  {
    relu: kaiming,
    plain: xavier,
    torch: (seed, name, dims) => uniform(seed, name, dims, 1 / Math.sqrt(dims[0])),
    small: (seed, name, dims) => normal(seed, name, dims, 0.02),
    zero: (_seed, _name, dims) => zeros(dims),
  };

/** `x @ weight + bias` over the last axis. */
export function affine({ g, seed }: Parts, x: Value, width: number, name: string, start: Start): Value {
  const weight = starts[start](seed, name, [widthOf(x), width]);
  const product = g.op('MatMul', [x, g.parameter(`${name}.weight`, weight)]);
  return g.op('Add', [product, g.parameter(`${name}.bias`, zeros([width]))]);
}

/** Layer normalisation over the last axis (Ba et al. 2016); starts as the plain normalisation. */
export function layerNorm({ g }: Parts, x: Value, name: string): Value {
  const width = widthOf(x);
  const scale = g.parameter(`${name}.scale`, filled(width, 1));
  return g.op('LayerNormalization', [x, scale, g.parameter(`${name}.bias`, zeros([width]))], {
    axis: -1,
    epsilon: 1e-5,
  });
}

/** x·Φ(x) by the error function (Hendrycks & Gimpel 2016). */
export function gelu({ g }: Parts, x: Value): Value {
  const erf = g.op('Erf', [g.op('Mul', [x, g.constant(Math.SQRT1_2)])]);
  return g.op('Mul', [g.op('Mul', [x, g.constant(0.5)]), g.op('Add', [erf, g.constant(1)])]);
}

/** `count` equal numbers. */
export const filled = (count: number, value: number) => tensor('float32', [count], new Float32Array(count).fill(value));
