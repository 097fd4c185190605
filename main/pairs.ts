// NAME=VALUE pairs of the command line, as `--set` takes them. Knows no name.
import { Fault } from '../engine/schema/index.ts';

/** Values as JSON where they are, else as text. Fault `bad_request` for a pair without a name. */
export function pairsOf(pairs: readonly string[] | undefined): Record<string, unknown> | undefined {
  if (!pairs) return undefined;
  const out: Record<string, unknown> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw new Fault('bad_request', `--set takes NAME=VALUE, not ${pair}`);
    const text = pair.slice(at + 1);
    let value: unknown = text;
    try {
      value = JSON.parse(text);
    } catch {}
    out[pair.slice(0, at)] = value;
  }
  return out;
}
