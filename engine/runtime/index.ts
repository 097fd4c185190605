// Compiles graphs and runs them on a device of this machine. Knows nothing of training or of models.
export { compile, listDevices } from './devices.ts';
export { type FusedPass, fuse, fusedVectors, type Vectors } from './fused.ts';
export { canStay, compileResident, openReader, type Resident, type ResidentProgram } from './resident.ts';
export { hasTfjsKernel } from './tfjs.ts';
export type { Bound, CompileOptions, Device, Port, Program, Source } from './program.ts';
