// How a process learns that it is a child and which. The single executable re-runs its own main when forked, so main
// asks here before anything else. It must not load a child's code in a process that is not that child.
import { type ChildKind, childKinds } from '../schema/index.ts';

/** Environment variable that names the kind of a child. */
export const childVariable = 'NEUTRINO_CHILD';

/** The descriptor of a child's socket for bulk bytes, after the three standard ones and the channel. */
export const dataDescriptor = 4;

const entries: Record<ChildKind, () => Promise<unknown>> = {
  importer: () => import('./importer.ts'),
  trainer: () => import('./trainer.ts'),
  trial: () => import('./trial.ts'),
  host: () => import('./host.ts'),
  probe: () => import('./probe.ts'),
};

/** Runs the child that this process was forked to be; false when it is no child. */
export async function runChildIfAsked(): Promise<boolean> {
  const kind = childKinds.find((kind) => kind === process.env[childVariable]);
  if (!kind || !process.channel) return false;
  await entries[kind]();
  return true;
}
