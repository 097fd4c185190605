// Bundles of older formats, brought to the current one step at a time. A format, once released, is never changed: a
// change is a new number here, with its step from the number before.
import { Fault } from '../schema/index.ts';

/** The parts of a bundle as they were parsed, before any schema looked at them. */
export interface RawBundle {
  manifest: Record<string, unknown>;
  preprocess: unknown;
  report: unknown;
}

/** `steps[n]` turns format n into n + 1. */
export type Migrations = Readonly<Record<number, (bundle: RawBundle) => RawBundle>>;

export const formatVersion = 1;
const migrations: Migrations = {};

/** The bundle in the current format. Fault `newer_version` for a format that this version does not know. */
export function upgrade(
  bundle: RawBundle,
  what: string,
  steps = migrations,
  current: number = formatVersion,
): RawBundle {
  const from = bundle.manifest.formatVersion;
  if (typeof from !== 'number' || !Number.isInteger(from) || from < 1) {
    throw new Fault('bad_input', `${what} names no bundle format; it is damaged or made by something else`);
  }
  if (from > current) {
    throw new Fault(
      'newer_version',
      `${what} has bundle format ${from}, and this version reads up to ${current}; update Neutrino to use it`,
    );
  }
  let raw = bundle;
  for (let version = from; version < current; version++) {
    const step = steps[version];
    if (!step) throw new Fault('internal', `there is no migration of bundle format ${version}`);
    raw = step(raw);
    raw = { ...raw, manifest: { ...raw.manifest, formatVersion: version + 1 } };
  }
  return raw;
}
