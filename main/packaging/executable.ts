// `npm run build:executable`: one file that runs an appliance on a machine with nothing but the C and C++ runtime. Node's
// own binary with the app inside (Node's single executable application); written to dist/headless, for the platform that
// it is built on.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'vite';
import about from '../../package.json' with { type: 'json' };
import { pack } from './archive.ts';
import { collectFiles } from './collect.ts';

/** Node looks for this mark in its own binary. */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
const root = join(import.meta.dirname, '../..');
const out = join(root, 'dist/headless');
const at = (name: string): string => join(out, name);
const target = at(process.platform === 'win32' ? 'neutrino.exe' : 'neutrino');

mkdirSync(out, { recursive: true });
await build({ root, configFile: join(root, 'vite.config.ts'), mode: 'sea', logLevel: 'warn' });
writeFileSync(at('enter.cjs'), `import('./main/cli.ts');\n`);
const files = [
  ...collectFiles(root, { os: process.platform, arch: process.arch }),
  { path: 'enter.cjs', from: at('enter.cjs') },
];
const archive = pack(files);
writeFileSync(at('app.zst'), archive);
const mark = createHash('sha256').update(archive).digest('hex').slice(0, 16);
writeFileSync(at('version.txt'), `${about.version}-${mark}`);
writeFileSync(
  at('sea.json'),
  JSON.stringify({
    main: at('sea.cjs'),
    output: at('sea.blob'),
    disableExperimentalSEAWarning: true,
    assets: { app: at('app.zst'), version: at('version.txt') },
  }),
);
execFileSync(process.execPath, ['--experimental-sea-config', at('sea.json')], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
rmSync(target, { force: true });
copyFileSync(process.execPath, target);
chmodSync(target, 0o755);
const mac = process.platform === 'darwin';
if (mac) execFileSync('codesign', ['--remove-signature', target]);
const postject = createRequire(import.meta.url)('postject') as {
  inject: (file: string, name: string, blob: Buffer, options: object) => Promise<void>;
};
await postject.inject(target, 'NODE_SEA_BLOB', readFileSync(at('sea.blob')), {
  sentinelFuse: fuse,
  ...(mac ? { machoSegmentName: 'NODE_SEA' } : {}),
});
// Unsigned code does not run on Apple's processors; a name to trust is put on by who ships it.
if (mac) execFileSync('codesign', ['--sign', '-', target]);
for (const name of ['app.zst', 'sea.blob', 'sea.json', 'sea.cjs', 'enter.cjs', 'version.txt']) rmSync(at(name));
const mib = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
console.log(`${target}: ${mib(statSync(target).size)}, ${files.length} files of the app in ${mib(archive.length)}`);
