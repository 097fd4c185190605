// The user's cells within a model's own tensors: so that guards that were written for rows hold for tensors too.
// It reads and rounds numbers, and decides nothing about them.
import type { FeatureSpec, WireTensor } from '../schema/index.ts';

export interface Cell {
  row: number;
  column: string;
  value: number | string;
}

/** Inputs of trained models that hold the user's cells as they are, by the features that they take (data/inputs.ts). */
const inputs = { numeric: 'numeric', category: 'category' } as const;

/** Cells of number and category columns. Parts of dates, texts, pictures and sounds cannot be told from tensors. */
export function* cellsOf(tensors: readonly WireTensor[], features: readonly FeatureSpec[]): Generator<Cell> {
  for (const [name, as] of Object.entries(inputs)) {
    const tensor = tensors.find((one) => one.name === name);
    const columns = features.filter((feature) => feature.as === as);
    if (!tensor || tensor.dims.length !== 2 || tensor.dims[1] !== columns.length) continue;
    const values = Array.isArray(tensor.data) ? tensor.data : numbersOf(tensor.dtype, tensor.data);
    for (let at = 0; at < values.length; at++) {
      const { column, type } = columns[at % columns.length];
      if (type !== 'date') yield { row: Math.floor(at / columns.length), column, value: values[at] };
    }
  }
}

/** Tensors whose real numbers have so many decimals at most; others are as they were. */
export function roundTensors(tensors: readonly WireTensor[], decimals: number): WireTensor[] {
  return tensors.map((tensor) => {
    if (Array.isArray(tensor.data)) return tensor;
    const numbers = numbersOf(tensor.dtype, tensor.data);
    if (numbers.length === 0) return tensor;
    const rounded = numbers.map((value) => (Number.isFinite(value) ? Number(value.toFixed(decimals)) : value));
    return { ...tensor, data: new Uint8Array(rounded.buffer) };
  });
}

type Floats = Float16Array | Float32Array | Float64Array;

/** A copy of real numbers, since bytes that came over a wire may begin anywhere; empty for other types. */
function numbersOf(dtype: string, bytes: Uint8Array): Floats {
  const own = () => new Uint8Array(bytes).buffer;
  if (dtype === 'float64') return new Float64Array(own());
  if (dtype === 'float32') return new Float32Array(own());
  return dtype === 'float16' ? new Float16Array(own()) : new Float64Array(0);
}
