// A model host for an ONNX file that was imported: its own tensors in and out, nothing of rows or texts. Runs only in a child.
import { type DeviceLease, Fault, type Manifest } from '../schema/index.ts';
import { inferWith, type ModelHost } from './host.ts';

/** Compiles the file within the lease. Rows are refused with what to do instead. */
export async function openTensorHost(
  manifest: Manifest,
  file: Uint8Array,
  lease: Pick<DeviceLease, 'device' | 'threads'>,
): Promise<ModelHost> {
  const { compile } = await import('../runtime/index.ts');
  const device = lease.device === 'auto' ? 'cpu' : lease.device;
  // Nothing was trained on these numbers here, so that the runtime may fuse as it likes.
  const program = await compile(file, { device, threads: lease.threads, optimise: 'all' });
  const names = manifest.inputs.map(({ name }) => name).join(', ');
  return {
    manifest,
    predict() {
      const why = `this model takes tensors (${names}), not rows or texts: POST /v2/models/NAME/infer`;
      return Promise.reject(new Fault('bad_input', why));
    },
    infer: (tensors, outputs) => inferWith(program, manifest, tensors, outputs),
    dispose: () => program.dispose(),
  };
}
