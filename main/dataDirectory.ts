// Where an appliance's data lies. Node's own modules only: the single executable asks before anything is unpacked.
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The data directory: `given` (`--data-dir`), NEUTRINO_HOME, or the platform's place for application data. */
export function dataDirectory(given?: string): string {
  if (given) return given;
  if (process.env['NEUTRINO_HOME']) return process.env['NEUTRINO_HOME'];
  if (process.platform === 'win32') return join(process.env['LOCALAPPDATA'] ?? homedir(), 'Neutrino');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Neutrino');
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'neutrino');
}
