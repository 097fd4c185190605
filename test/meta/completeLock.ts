// `node test/meta/completeLock.ts`: adds to package-lock.json the optional packages of other platforms that the registry in
// use did not have, so that `npm ci` takes the file everywhere. It knows them from their parents, and the platform from the
// name. files.test.ts fails while one is missing.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Locked {
  version?: string;
  optional?: boolean;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}
interface Lock {
  packages: Record<string, Locked>;
}

const path = join(import.meta.dirname, '../../package-lock.json');
const platforms = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'openharmony',
  'win32',
  'aix',
  'sunos',
  'netbsd',
  'openbsd',
  'wasm32',
];
const processors = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el'];

/** Optional packages that a locked package names and the lock file lacks: name, version, whether only development needs it. */
export function lacking({ packages }: Lock): { name: string; version: string; dev: boolean }[] {
  const found = new Map<string, { name: string; version: string; dev: boolean }>();
  for (const [parent, { optionalDependencies = {}, dev = false }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const places = [`${parent}/node_modules/${name}`, `node_modules/${name}`];
      if (parent !== '' && !places.some((place) => place in packages)) found.set(name, { name, version, dev });
    }
  }
  return [...found.values()];
}

export const readLock = (): Lock => JSON.parse(readFileSync(path, 'utf8')) as Lock;

function platformOf(name: string): Pick<Locked, 'os' | 'cpu' | 'libc'> {
  const words = name.split(/[/-]/);
  const os = platforms.find((word) => words.includes(word));
  const cpu = processors.find((word) => words.includes(word));
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined;
  return { ...(os ? { os: [os] } : {}), ...(cpu ? { cpu: [cpu] } : {}), ...(libc ? { libc: [libc] } : {}) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lock = readLock();
  const added = lacking(lock).filter(({ version }) => /^\d/.test(version));
  for (const { name, version, dev } of added) {
    lock.packages[`node_modules/${name}`] = { version, ...(dev ? { dev } : {}), optional: true, ...platformOf(name) };
  }
  const sorted = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(path, `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`);
  process.stdout.write(`${added.length} packages added\n`);
}
