// An appliance in a process of its own: `node serve.ts CONFIG-JSON`; says where it is on its first line, ends on SIGTERM.
import { startAppliance } from '../../../engine/appliance.ts';
import { applianceConfig, faultBody } from '../../../engine/schema/index.ts';

const { lasting = true, ...settings } = JSON.parse(process.argv[2] ?? '{}') as Record<string, unknown>;
try {
  const passphrase = process.env.TEST_PASSPHRASE;
  const appliance = await startAppliance(applianceConfig.parse(settings), {
    lasting: lasting === true,
    ...(passphrase ? { passphrase } : {}),
  });
  process.on('SIGTERM', () => {
    void appliance.close().then(() => process.exit(0));
  });
  process.stdout.write(
    `${JSON.stringify({ url: appliance.url, token: appliance.token, recoveryCode: appliance.recoveryCode })}\n`,
  );
} catch (error) {
  process.stdout.write(`${JSON.stringify({ fault: faultBody(error) })}\n`);
  process.exit(1);
}
