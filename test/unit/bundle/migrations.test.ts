import { expect, test } from 'vitest';
import { formatVersion, type Migrations, upgrade } from '../../../engine/bundle/migrations.ts';

const steps: Migrations = {
  1: (raw) => ({ ...raw, manifest: { ...raw.manifest, colour: 'red' } }),
  2: (raw) => ({
    ...raw,
    report: { was: raw.report },
    manifest: { ...raw.manifest, colour: `${String(raw.manifest.colour)}dish` },
  }),
};
const at = (version: unknown) => ({ manifest: { formatVersion: version, name: 'm' }, preprocess: {}, report: 1 });

test('an old bundle goes through every step up to the current format', () => {
  expect(upgrade(at(1), 'it', steps, 3)).toEqual({
    manifest: { formatVersion: 3, name: 'm', colour: 'reddish' },
    preprocess: {},
    report: { was: 1 },
  });
});

test('a bundle of the current format is not touched', () => {
  expect(upgrade(at(formatVersion), 'it')).toEqual(at(formatVersion));
});

test('a bundle of a later format says what to do', () => {
  expect(() => upgrade(at(4), 'the file', steps, 3)).toThrow(
    expect.objectContaining({
      code: 'newer_version',
      message: 'the file has bundle format 4, and this version reads up to 3; update Neutrino to use it',
    }) as Error,
  );
});

test.each([undefined, '1', 1.5, 0, null])('format %s is none', (version) => {
  expect(() => upgrade(at(version), 'the file')).toThrow(expect.objectContaining({ code: 'bad_input' }) as Error);
});
