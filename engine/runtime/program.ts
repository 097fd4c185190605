// The one interface behind which graphs run, whatever the runtime.
import type { Model, ModelGraph, Tensor } from '../onnx/index.ts';

export interface Device {
  /** What `--device` takes: cpu, webgpu, cuda, dml, coreml, tfjs. */
  id: string;
  name: string;
  available: boolean;
  /** Why it cannot be used here, and what would help. */
  why?: string;
}

export interface CompileOptions {
  /** A device id; cpu when absent. */
  device?: string;
  /** Threads one operator may use; 1 when absent. */
  threads?: number;
  /**
   * What the runtime may rewrite. `exact` (the default) keeps rewrites that depend on whether weights are constants out,
   * so that training and evaluation compute the same bits; `packed` only lays constant weights out for its kernels, which
   * changes roundings as another batch size does; `all` allows everything.
   */
  optimise?: 'exact' | 'packed' | 'all';
  /** The program is only run by `bind`, with all outputs bound, again and again: none is copied, and memory is kept small. */
  training?: boolean;
  /** Writes a profile of every run to a file with this prefix; its name comes from `endProfiling`. */
  profile?: string;
}

export interface Port {
  name: string;
}

/** A compiled graph. Calls do not overlap: `run` holds its thread until the result is there. */
export interface Program {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /**
   * Runs the graph. `fetches` limits the outputs: a list of names, or tensors of the right type and shape to write into
   * (they come back in the result). Throws `out_of_memory` or `internal` with the runtime's message.
   */
  run(
    feeds: Record<string, Tensor>,
    fetches?: readonly string[] | Record<string, Tensor>,
  ): Promise<Record<string, Tensor>>;
  /**
   * Fixes some feeds and all fetches, which the runtime then reads and writes in place at every call: for state that
   * stays where it is while its contents change. On the cpu a fetch may be the memory of a feed.
   */
  bind(feeds: Record<string, Tensor>, fetches: Record<string, Tensor>): Bound;
  dispose(): Promise<void>;
}

/** Runs with what was bound, the other feeds, and outputs whose shapes are those of these feeds. */
export type Bound = (feeds: Record<string, Tensor>, fetches?: Record<string, Tensor>) => Promise<void>;

/** What can be compiled: a graph, a model, or the bytes of an ONNX file. */
export type Source = ModelGraph | Model | Uint8Array;
