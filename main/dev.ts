// `npm run dev`: the appliance from TypeScript with its own data directory and port, and Vite's dev server in front of it.
import { join } from 'node:path';
import { createServer } from 'vite';
import { startAppliance } from '../engine/appliance.ts';
import { createClient } from '../engine/client/index.ts';
import { applianceConfig } from '../engine/schema/index.ts';

const root = join(import.meta.dirname, '..');
const port = 7417;
const uiPort = 7418;
const config = applianceConfig.parse({
  dataDir: join(root, '.neutrino', 'dev'),
  port,
  allowedHosts: [`localhost:${uiPort}`, `127.0.0.1:${uiPort}`],
});
const appliance = await startAppliance(config, { lasting: true });
const forward = { target: appliance.url, changeOrigin: false };
const vite = await createServer({
  root: join(root, 'renderer'),
  configFile: join(root, 'vite.config.ts'),
  server: {
    host: '127.0.0.1',
    port: uiPort,
    strictPort: true,
    proxy: { '/api/v1/events': { ...forward, ws: true }, '/api': forward, '/v2': forward, '/docs': forward },
  },
});
await vite.listen();
const { ticket } = await createClient({ url: appliance.url, key: appliance.token }).call('session.ticket', {
  body: {},
});
console.log(`http://127.0.0.1:${uiPort}/#ticket=${ticket}`);
const stop = async () => {
  await vite.close();
  await appliance.close();
};
process.once('SIGINT', () => void stop());
process.once('SIGTERM', () => void stop());
