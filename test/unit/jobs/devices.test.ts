import { expect, it } from 'vitest';
import { silentLog } from '../../../engine/base/index.ts';
import { createDeviceList } from '../../../engine/jobs/devices.ts';

it('finds the processor, and says of every other device why it is not there', async () => {
  const list = createDeviceList(silentLog);
  expect(list.known().map(({ id }) => id)).toEqual(['cpu']);
  const devices = await list.look();
  expect(devices.find(({ id }) => id === 'cpu')).toMatchObject({ available: true });
  for (const device of devices) expect(device.available ? device.name : device.why).toMatch(/./);
  expect(list.known()).toBe(devices);
});
