// What works on this machine and why not: `neutrino doctor`. Looks, writes one probe file, changes nothing.
import { constants } from 'node:fs';
import { access, rm, statfs, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, freemem, networkInterfaces, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { type Log, silentLog } from '../base/index.ts';
import { type ApplianceConfig, Fault } from '../schema/index.ts';
import { hasVault, openVault, type WrapSources } from '../security/index.ts';
import { hasStore, readLock } from '../store/index.ts';
import { createDeviceList } from './devices.ts';

export interface Finding {
  check: string;
  ok: boolean;
  /** Whether the appliance cannot do its work without it. */
  needed: boolean;
  /** What was found, and what to do where it is not well. */
  finding: string;
}

const gib = (bytes: number) => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;

/** Every check in order. Never throws: what fails is a finding. */
export async function diagnose(config: ApplianceConfig, from: WrapSources, log: Log = silentLog): Promise<Finding[]> {
  const running = readLock(config.dataDir);
  const appliance = running ? Promise.resolve([applianceFinding(running)]) : port(config);
  const [place, ways, way, found] = await Promise.all([
    directory(config),
    vault(config, from),
    appliance,
    devices(log),
  ]);
  return [...nodeVersion(), ...machine(), ...place, ...ways, ...way, ...found, ...network(config)];
}

function applianceFinding({ url, pid }: { url?: string | undefined; pid: number }): Finding {
  return { check: 'appliance', ok: true, needed: true, finding: `runs at ${url ?? '(starting)'}, pid ${pid}` };
}

function nodeVersion(): Finding[] {
  const major = Number(process.versions.node.split('.')[0]);
  const ok = major >= 24;
  const finding = ok ? process.versions.node : `${process.versions.node}: run it through npm, which brings Node 24`;
  return [{ check: 'Node', ok, needed: true, finding }];
}

function machine(): Finding[] {
  const total = totalmem();
  const enough = total >= 4 * 1024 ** 3;
  const advice = enough ? '' : '; below 4 GiB only small models train';
  return [
    { check: 'processor', ok: true, needed: true, finding: `${availableParallelism()} threads` },
    { check: 'memory', ok: enough, needed: false, finding: `${gib(total)}, ${gib(freemem())} free${advice}` },
  ];
}

async function directory({ dataDir, limits }: ApplianceConfig): Promise<Finding[]> {
  let place = dataDir;
  const exists = (path: string) =>
    access(path, constants.F_OK).then(
      () => true,
      () => false,
    );
  while (!(await exists(place)) && dirname(place) !== place) place = dirname(place);
  try {
    if (place === dataDir) {
      const probe = join(dataDir, `.probe-${process.pid}`);
      await writeFile(probe, '', { mode: 0o600 });
      await rm(probe);
    } else {
      await access(place, constants.W_OK);
    }
  } catch {
    const finding = `${dataDir} cannot be written: change its owner or choose another with --data-dir`;
    return [{ check: 'data directory', ok: false, needed: true, finding }];
  }
  const disk = await statfs(place);
  const free = disk.bavail * disk.bsize;
  const roomy = free >= limits.freeDisk;
  const advice = roomy ? '' : `; imports and training need ${gib(limits.freeDisk)} free`;
  return [
    { check: 'data directory', ok: true, needed: true, finding: dataDir },
    { check: 'disk', ok: roomy, needed: true, finding: `${gib(free)} free${advice}` },
  ];
}

async function vault({ dataDir }: ApplianceConfig, from: WrapSources): Promise<Finding[]> {
  if (!hasVault(dataDir)) {
    const lost = hasStore(dataDir);
    const finding = lost ? 'vault.json is gone: restore it from a backup' : 'none yet; the first start makes one';
    return [{ check: 'vault', ok: !lost, needed: true, finding }];
  }
  try {
    const opened = await openVault(dataDir, from);
    const wraps = opened.wraps();
    opened.lock();
    const kinds = wraps.map(({ kind }) => kind);
    const plain = kinds.includes('keyfile') && !kinds.includes('passphrase');
    const advice = plain
      ? '; the key file protects a stolen data directory, not a stolen machine (neutrino vault rewrap)'
      : '';
    return [
      { check: 'vault', ok: true, needed: true, finding: `opens by ${kinds.join(', ')}${advice}` },
      ...wraps.flatMap(({ kind, warning }) =>
        warning ? [{ check: `vault ${kind}`, ok: false, needed: false, finding: warning }] : [],
      ),
    ];
  } catch (error) {
    const finding = error instanceof Fault ? error.message : String(error);
    return [{ check: 'vault', ok: false, needed: true, finding }];
  }
}

function port({ host, port: wanted }: ApplianceConfig): Promise<Finding[]> {
  return new Promise((resolve) => {
    const server = createServer();
    const say = (ok: boolean, finding: string) => resolve([{ check: 'port', ok, needed: true, finding }]);
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      say(false, taken ? `${wanted} is taken: choose another with --port` : `${host}:${wanted}: ${error.code}`);
    });
    server.listen(wanted, host, () => server.close(() => say(true, `${host}:${wanted} is free`)));
  });
}

async function devices(log: Log): Promise<Finding[]> {
  const found = await createDeviceList(log).look();
  return found.map(({ id, name, available, why }) => ({
    check: `device ${id}`,
    ok: available,
    needed: id === 'cpu',
    finding: available ? name : (why ?? 'not available'),
  }));
}

function network({ discovery }: ApplianceConfig): Finding[] {
  const named = Object.entries(networkInterfaces()).filter(([, addresses]) =>
    addresses?.some(({ internal }) => !internal),
  );
  const finding =
    named.length === 0
      ? 'no network beyond this machine; local work is not affected'
      : `${named.map(([name]) => name).join(', ')}${discovery ? '' : '; discovery is off'}`;
  return [{ check: 'network', ok: named.length > 0, needed: false, finding }];
}
