// The runtimes that the contract suites run on. One that cannot run here says why.
import { listDevices } from '../../engine/runtime/index.ts';

export interface Runtime {
  device: string;
  /** Why its tests are skipped; undefined where they run. */
  skip?: string;
}

/** Every device that onnxruntime may drive on some machine, in the order of `--device`. */
export const runtimes: Runtime[] = (await listDevices()).map(({ id, available, why }) =>
  available ? { device: id } : { device: id, skip: why ?? 'not available' },
);
