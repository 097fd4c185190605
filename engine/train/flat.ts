// One flat float32 buffer that holds many tensors as views: the runtime reads and writes each tensor in place, and the
// optimiser sees one long vector.
import { sizeOf, type Tensor } from '../onnx/index.ts';

/** Tensors start on a cache line. */
const alignment = 16;

export interface Slot {
  name: string;
  dims: readonly number[];
}

/** Where each tensor lies in a flat buffer; several buffers (weights, gradients, moments) share one layout. */
export interface Layout {
  slots: readonly (Slot & { offset: number; size: number })[];
  /** Elements in all, padding included. */
  length: number;
}

export function layoutOf(slots: readonly Slot[]): Layout {
  let length = 0;
  const placed = slots.map((slot) => {
    const size = sizeOf(slot.dims);
    const offset = length;
    length += Math.ceil(size / alignment) * alignment;
    return { ...slot, offset, size };
  });
  return { slots: placed, length };
}

export interface Flat {
  readonly data: Float32Array;
  /** Tensors over the buffer's own memory, by name. */
  readonly views: ReadonlyMap<string, Tensor>;
}

/** A buffer of the layout over the front of the given memory. */
export function flatBuffer(layout: Layout, memory: Float32Array): Flat {
  const data = memory.subarray(0, layout.length);
  const views = new Map<string, Tensor>(
    layout.slots.map(({ name, dims, offset, size }) => [
      name,
      { dtype: 'float32', dims: [...dims], data: data.subarray(offset, offset + size) },
    ]),
  );
  return { data, views };
}
