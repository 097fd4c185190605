// Which runtime drives a device: the one place that knows all of them.
import { Fault } from '../schema/index.ts';
import { compileOrt, ortDevices, ortIds } from './ort.ts';
import type { CompileOptions, Device, Program, Source } from './program.ts';
import { compileTfjs, isTfjs, tfjsDevice } from './tfjs.ts';

/** Compiles for a device; throws `no_device` naming what to do when it is missing. */
export function compile(source: Source, options: CompileOptions = {}): Promise<Program> {
  const device = options.device ?? 'cpu';
  if (isTfjs(device)) return compileTfjs(source, options);
  if (!ortIds.includes(device)) {
    const all = [...ortIds, 'tfjs'].join(', ');
    return Promise.reject(new Fault('no_device', `there is no device "${device}": use one of ${all}`));
  }
  return compileOrt(source, options);
}

/** Every device by name, tried out here: a device is available when a graph ran on it. */
export const listDevices = async (): Promise<Device[]> => [...(await ortDevices()), await tfjsDevice()];
