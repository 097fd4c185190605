// An appliance that serves the built pages, over a data directory of its own.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { launch, makePlace, type Place, type Running } from '../../app/parts/appliance.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Builds the pages where `npm run build` has not, then starts. */
export async function serve(settings: Record<string, unknown> = {}): Promise<{ place: Place; running: Running }> {
  if (!existsSync(`${root}dist/renderer/index.html`)) {
    await build({ configFile: `${root}vite.config.ts`, mode: 'production', logLevel: 'error' });
  }
  const place = makePlace();
  return { place, running: await launch(place, settings) };
}

/** A key of the given role. */
export async function keyFor(running: Running, role: 'admin' | 'predictor'): Promise<string> {
  const { secret } = await running.client.call('keys.create', { body: { role, name: `story ${role}` } });
  return secret;
}

/** A file of the bundled sample data. */
export const sample = (name: string): string => `${root}resources/samples/${name}`;
