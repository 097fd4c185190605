// Programs whose outputs may stay on the device: for state that goes from step to step without coming back. onnxruntime-node
// can do so on WebGPU only. What stays holds the device's memory until it is disposed of; it is never read in place (1.30 ends
// the process then), but through a program that copies it.
import { Tensor as OrtTensor } from 'onnxruntime-node';
import { type Tensor, wrapGraph } from '../onnx/index.ts';
import { faultOf, fromOrt, openSession, toOrt } from './ort.ts';
import type { CompileOptions, Source } from './program.ts';

/** A value that lies on the device. */
export interface Resident {
  readonly dims: readonly number[];
  /** Gives its memory back; it must not be fed any more. */
  dispose(): void;
}

export interface ResidentProgram {
  /** Runs the graph on values of either kind. `kept` has the outputs that stay, `read` the others. */
  run(
    feeds: Readonly<Record<string, Tensor | Resident>>,
  ): Promise<{ read: Record<string, Tensor>; kept: Record<string, Resident> }>;
  dispose(): Promise<void>;
}

/** Whether values may stay on a device. */
export const canStay = (device: string): boolean => device === 'webgpu';

class OnDevice implements Resident {
  readonly value: OrtTensor;
  constructor(value: OrtTensor) {
    this.value = value;
  }
  get dims(): readonly number[] {
    return this.value.dims;
  }
  dispose(): void {
    this.value.dispose();
  }
}

/** Compiles a graph whose outputs in `keep` stay on the device. Faults as `compile`. */
export async function compileResident(
  source: Source,
  options: CompileOptions,
  outputs: readonly string[],
  keep: ReadonlySet<string>,
): Promise<ResidentProgram> {
  const locations = Object.fromEntries(
    outputs.map((name) => [name, keep.has(name) ? ('gpu-buffer' as const) : ('cpu' as const)]),
  );
  const session = await openSession(source, options, locations);
  return {
    async run(feeds) {
      const given: Record<string, OrtTensor> = {};
      for (const name in feeds) {
        const value = feeds[name];
        given[name] = value instanceof OnDevice ? value.value : toOrt(value as Tensor);
      }
      try {
        const out = await session.run(given);
        const read: Record<string, Tensor> = {};
        const kept: Record<string, Resident> = {};
        for (const name in out) {
          const value = out[name];
          if (value.location === 'gpu-buffer') kept[name] = new OnDevice(value);
          else read[name] = fromOrt(value);
        }
        return { read, kept };
      } catch (error) {
        throw faultOf(error);
      }
    },
    dispose: () => session.release(),
  };
}

export interface Reader {
  read(value: Resident): Promise<Tensor>;
  dispose(): Promise<void>;
}

/** Reads what lies on a device: by a program of one Identity for each rank. */
export function openReader(options: CompileOptions): Reader {
  const byRank = new Map<number, Promise<ResidentProgram>>();
  const open = (rank: number): Promise<ResidentProgram> => {
    const shape = Array.from({ length: rank }, (_, i) => `d${i}`);
    const graph = wrapGraph({
      name: 'read',
      inputs: [{ name: 'x', dtype: 'float32', shape }],
      outputs: [{ name: 'y', dtype: 'float32', shape }],
      initializers: new Map(),
      nodes: [{ op: 'Identity', domain: '', name: 'read', inputs: ['x'], outputs: ['y'], attributes: {} }],
    });
    return compileResident(graph, options, ['y'], new Set());
  };
  return {
    async read(value) {
      const rank = value.dims.length;
      const program = byRank.get(rank) ?? open(rank);
      byRank.set(rank, program);
      const { y } = (await (await program).run({ x: value })).read;
      return { ...y, data: y.data.slice() };
    },
    async dispose() {
      for (const program of byRank.values()) await (await program).dispose();
    },
  };
}
