// Looks at the devices of this machine once and leaves. Wiring only: the looking is in runtime/.
import { listDevices } from '../runtime/index.ts';
import { faultBody } from '../schema/index.ts';
import { openParentLink } from './link.ts';

const link = openParentLink<'probe'>();

link.onMessage(() => {
  const look = async () => {
    try {
      await link.send({ type: 'devices', devices: await listDevices() });
      await link.exit(0);
    } catch (error) {
      await link.send({ type: 'failed', fault: faultBody(error) });
      await link.exit(1);
    }
  };
  void look();
});
