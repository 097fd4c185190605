// How files look: short, one noun, opening with what they are for; nothing that belongs to one machine.
import { expect, test } from 'vitest';
import { lacking, readLock } from './completeLock.ts';
import { read, sources, tracked } from './repository.ts';

const code = sources.filter((file) => /^(engine|main|renderer)\//.test(file));
/** Tables, which may be long: a row is a row. */
const tables = new Set(['engine/schema/routes.ts', 'renderer/words/en.ts', 'renderer/words/zh.ts']);

test('a file stays below 500 lines unless it is a table', () => {
  const long = sources
    .filter((file) => !tables.has(file))
    .map((file) => ({ file, lines: read(file).split('\n').length }))
    .filter(({ lines }) => lines > 500);
  expect(long).toEqual([]);
});

test('no file is called by a name that says nothing', () => {
  expect(
    sources.filter((file) =>
      /(^|\/)(utils?|helpers?|common|managers?|services?|misc|shared|stuff)(\/|\.|$)/i.test(file),
    ),
  ).toEqual([]);
});

test('a file opens with what it is for', () => {
  expect(code.filter((file) => !/^(#!.*\n)?(\/\/|\/\*)/.test(read(file)))).toEqual([]);
});

test('nothing names this machine, a registry or unowned work', () => {
  const patterns = [/\/work\//, /registry\.npmjs|registry\.yarnpkg|deb\.debian|pypi\.org/, /\b(TODO|FIXME|XXX)\b/];
  const self = 'test/meta/files.test.ts';
  const texts = tracked.filter(
    (file) =>
      /\.(tsx?|json|md|ya?ml|css|html|sh)$|^\.ci\//.test(file) &&
      file !== self &&
      !file.startsWith('resources/samples/'),
  );
  const found = texts.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, i) =>
        patterns.some((p) => p.test(line)) ? [`${file}:${i + 1} ${line.trim().slice(0, 100)}`] : [],
      ),
  );
  expect(found).toEqual([]);
});

test('only the design’s files stand in the root', () => {
  const allowed = new Set([
    'README.md',
    'ARCHITECTURE.md',
    'CHANGELOG.md',
    'LICENSE',
    'package-lock.json',
    'package.json',
    'tsconfig.json',
    'vite.config.ts',
    'electron-builder.yml',
  ]);
  const folders = new Set(['main', 'renderer', 'engine', 'resources', 'test', '.ci']);
  const extra = tracked.filter((file) =>
    file.includes('/') ? !folders.has(file.split('/')[0] ?? '') : !allowed.has(file) && !file.startsWith('.'),
  );
  expect(extra).toEqual([]);
});

test('what is shipped reads no environment variable beyond the documented ones', () => {
  const documented = new Set([
    'NEUTRINO_HOME',
    'NEUTRINO_PASSPHRASE',
    'NEUTRINO_URL',
    'NEUTRINO_KEY',
    'NEUTRINO_PORT',
    'NEUTRINO_DEBUG',
    'NEUTRINO_NODE',
    'NEUTRINO_ROOT',
    'NEUTRINO_APP',
  ]);
  const used = code.flatMap((file) =>
    [...read(file).matchAll(/process\.env(?:\[['"]|\.)(NEUTRINO_\w+)/g)].map((match) => match[1] ?? ''),
  );
  expect([...new Set(used)].filter((name) => !documented.has(name))).toEqual([]);
});

test('the lock file names the optional packages of every platform, so that npm ci takes it: node test/meta/completeLock.ts', () => {
  expect(lacking(readLock()).filter(({ version }) => /^\d/.test(version))).toEqual([]);
});
