// Which devices this machine has, found out by a child: a GPU driver that crashes must not take the appliance along.
import { cpus } from 'node:os';
import { deathFault, spawnChild } from '../children/index.ts';
import { type Device, faultFrom } from '../schema/index.ts';
import type { Log } from '../base/index.ts';

export interface DeviceList {
  /** What is known now; the processor alone until the first look is over. */
  known(): Device[];
  /** Looks, unless it has. */
  look(): Promise<Device[]>;
}

const probeMemory = 2 * 1024 ** 3;
const probeSeconds = 60;

/** Looks at the devices once and remembers. */
export function createDeviceList(log: Log): DeviceList {
  let found: Promise<Device[]> | undefined;
  let known: Device[] = [{ id: 'cpu', name: cpus()[0]?.model ?? 'processor', available: true }];
  return {
    known: () => known,
    async look() {
      found ??= probe(log);
      known = await found;
      return known;
    },
  };
}

function probe(log: Log): Promise<Device[]> {
  return new Promise((resolve) => {
    const child = spawnChild('probe', { log, memory: probeMemory, seconds: probeSeconds });
    let devices: Device[] | undefined;
    let why = '';
    child.onMessage((message) => {
      if (message.type === 'devices') devices = message.devices;
      else why = faultFrom(message.fault).message;
    });
    child.onExit((exit) => {
      const reason = why || deathFault('probe', exit, 'Check the GPU driver.').message;
      resolve(devices ?? [{ id: 'auto', name: 'devices', available: false, why: reason }]);
    });
    child.send({ type: 'devices' });
  });
}
