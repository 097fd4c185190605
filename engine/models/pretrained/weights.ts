// The tensors of a model by name, taken with the shape that the model needs. A missing or misshapen one is named.
import { type GraphBuilder, type Value } from '../../graph/index.ts';
import { fromHalf, type Tensor, tensor } from '../../onnx/index.ts';
import { Fault } from '../../schema/index.ts';

export interface Weights {
  has(name: string): boolean;
  /** First dimension of a tensor, for sizes that config.json leaves open; throws when it is missing. */
  rowsOf(name: string): number;
  /** The tensor as a parameter of the graph under its own name; asked for again, the same value. */
  take(name: string, shape: readonly number[]): Value;
  /** Tensors that nothing took. */
  unused(): string[];
}

/** Weights of any float type as float32; throws `bad_graph` for others. */
export function asFloat32(name: string, value: Tensor): Tensor {
  switch (value.dtype) {
    case 'float32':
      return value;
    case 'float16':
      return tensor('float32', value.dims, fromHalf(value.data as Uint16Array));
    case 'float64':
      return tensor('float32', value.dims, Float32Array.from(value.data as Float64Array));
    default:
      throw new Fault(
        'bad_graph',
        `tensor "${name}" is ${value.dtype}: weights must be floats; save the model unquantised`,
      );
  }
}

/** Opens the tensors of a model for the graph under construction. */
export function openWeights(g: GraphBuilder, tensors: ReadonlyMap<string, Tensor>): Weights {
  const taken = new Map<string, Value>();
  const find = (name: string): Tensor => {
    const found = tensors.get(name);
    if (found) return found;
    throw new Fault('bad_graph', `the weights lack the tensor "${name}"; the folder is not the whole model`);
  };
  return {
    has: (name) => tensors.has(name),
    rowsOf: (name) => find(name).dims[0] ?? 1,
    take(name, shape) {
      const value = find(name);
      if (value.dims.join() !== shape.join()) {
        throw new Fault(
          'bad_graph',
          `tensor "${name}": expected [${shape.join(',')}], found [${value.dims.join(',')}]; config.json and weights are of different models`,
        );
      }
      const made = taken.get(name) ?? g.parameter(name, asFloat32(name, value));
      taken.set(name, made);
      return made;
    },
    unused: () => [...tensors.keys()].filter((name) => !taken.has(name)),
  };
}
