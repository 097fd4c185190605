// Seeded starting weights. Each is named by seed and parameter, so that adding a layer does not move the others' numbers.
import { rng } from '../base/index.ts';
import { sizeOf, type Tensor, tensor } from '../onnx/index.ts';

/** Zeros: biases, and weights that must say nothing at first. */
export function zeros(dims: readonly number[]): Tensor {
  return tensor('float32', dims);
}

/** Normal with the given standard deviation. */
export function normal(seed: number, name: string, dims: readonly number[], std: number): Tensor {
  const random = rng(seed, 'initial', name);
  return tensor(
    'float32',
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => random.normal() * std),
  );
}

/** For a `[inputs, outputs]` weight in front of a ReLU (He et al. 2015). */
export function kaiming(seed: number, name: string, dims: readonly [number, number]): Tensor {
  return normal(seed, name, dims, Math.sqrt(2 / Math.max(1, dims[0])));
}

/** For a `[inputs, outputs]` weight in front of nothing or a tanh (Glorot & Bengio 2010). */
export function xavier(seed: number, name: string, dims: readonly [number, number]): Tensor {
  return normal(seed, name, dims, Math.sqrt(2 / (dims[0] + dims[1])));
}

/** Uniform within ±`bound`. */
export function uniform(seed: number, name: string, dims: readonly number[], bound: number): Tensor {
  const random = rng(seed, 'initial', name);
  return tensor(
    'float32',
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => (2 * random.next() - 1) * bound),
  );
}
