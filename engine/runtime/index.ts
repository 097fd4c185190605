// Compiles graphs and runs them on a device of this machine. Knows nothing of training or of models.
export { compileOrt as compile, ortDevices as listDevices } from './ort.ts';
export type { Bound, CompileOptions, Device, Port, Program, Source } from './program.ts';
