// How a verb reaches an appliance: the one at --url, else the one that holds the data directory, else one started inside
// this process for the time of the command. Knows nothing of what the verb then does.
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { findAppliance, startAppliance } from '../engine/appliance.ts';
import { type Client, createClient } from '../engine/client/index.ts';
import { applianceConfig, Fault } from '../engine/schema/index.ts';
import { dataDirectory as placeOfData } from './dataDirectory.ts';
import { showRecovery } from './print.ts';

/** Options that every verb takes. */
export interface GlobalOptions {
  url?: string;
  key?: string;
  dataDir?: string;
  passphraseFile?: string;
  json?: boolean;
}

export interface Session {
  client: Client;
  url: string;
  key: string;
  /** The appliance lives on after this command. */
  lasting: boolean;
  /** The command and the appliance see the same files. */
  sameMachine: boolean;
  close(): Promise<void>;
}

/** The data directory: `--data-dir`, NEUTRINO_HOME, or the platform's place for application data. */
export const dataDirectory = (options: GlobalOptions): string => placeOfData(options.dataDir);

/** The vault's passphrase from `--passphrase-file` or NEUTRINO_PASSPHRASE, when one is given. */
export function passphrase(options: GlobalOptions): string | undefined {
  if (!options.passphraseFile) return process.env['NEUTRINO_PASSPHRASE'];
  try {
    return readFileSync(options.passphraseFile, 'utf8').replace(/\r?\n$/, '');
  } catch {
    throw new Fault('bad_input', `cannot read the passphrase file ${options.passphraseFile}: check its path and mode`);
  }
}

/** Opens a session; the caller closes it. */
export async function openSession(options: GlobalOptions): Promise<Session> {
  const url = options.url ?? process.env['NEUTRINO_URL'];
  const key = options.key ?? process.env['NEUTRINO_KEY'];
  if (url) {
    if (!key) throw new Fault('unauthenticated', `give a key for ${url}: --key or NEUTRINO_KEY`);
    return attach(url, key, false);
  }
  const dataDir = dataDirectory(options);
  const running = findAppliance(dataDir);
  if (running) {
    trustAppliance(dataDir);
    return attach(running.url, key ?? running.token, true);
  }
  const secret = passphrase(options);
  const config = applianceConfig.parse({ dataDir, port: 0 });
  const own = await startAppliance(config, { lasting: false, ...(secret === undefined ? {} : { passphrase: secret }) });
  showRecovery(own.recoveryCode);
  return {
    client: createClient({ url: own.url, key: key ?? own.token }),
    url: own.url,
    key: key ?? own.token,
    lasting: false,
    sameMachine: true,
    close: () => own.close(),
  };
}

/** Makes this process trust the appliance of a data directory that serves https by its own authority. */
export function trustAppliance(dataDir: string): void {
  const ca = findAppliance(dataDir)?.ca;
  if (ca) setDefaultCACertificates([...getCACertificates('default'), ca]);
}

function attach(url: string, key: string, sameMachine: boolean): Session {
  return { client: createClient({ url, key }), url, key, lasting: true, sameMachine, close: async () => {} };
}
