// Hyper-parameters as tables: every one has a default, a range and a sentence. Families are set by them, searches draw from them.
import { Fault } from './errors.ts';
import type { Hyper } from './plan.ts';

/** One hyper-parameter. A list has numbers in the range, from none to `most` of them. */
export type HyperSpec = { says: string } & (
  | { kind: 'integer' | 'number'; default: number; range: readonly [number, number]; log?: boolean }
  | { kind: 'choice'; default: string; choices: readonly string[] }
  | { kind: 'switch'; default: boolean }
  | { kind: 'text'; default: string; most: number }
  | { kind: 'list'; default: readonly number[]; range: readonly [number, number]; most: number }
);
export type HyperTable = Readonly<Record<string, HyperSpec>>;

/** The values that a row of the table takes, in words. */
export function takes(spec: HyperSpec): string {
  switch (spec.kind) {
    case 'choice':
      return `one of ${spec.choices.join(', ')}`;
    case 'text':
      return `a text of at most ${spec.most} characters`;
    case 'switch':
      return 'true or false';
    case 'list':
      return `a list of at most ${spec.most} whole numbers from ${spec.range[0]} to ${spec.range[1]}`;
    default:
      return `a ${spec.kind === 'integer' ? 'whole number' : 'number'} from ${spec.range[0]} to ${spec.range[1]}`;
  }
}

function fits(spec: HyperSpec, value: Hyper[string]): boolean {
  if (spec.kind === 'choice') return typeof value === 'string' && spec.choices.includes(value);
  if (spec.kind === 'text') return typeof value === 'string' && value.length <= spec.most;
  if (spec.kind === 'switch') return typeof value === 'boolean';
  const [low, high] = spec.range;
  const inside = (n: unknown) => typeof n === 'number' && n >= low && n <= high;
  if (spec.kind !== 'list') return inside(value) && (spec.kind === 'number' || Number.isInteger(value));
  return Array.isArray(value) && value.length <= spec.most && value.every((n) => inside(n) && Number.isInteger(n));
}

/** The given hyper-parameters with defaults for the rest; throws `bad_request` naming one that is unknown or out of range. */
export function settleHyper(family: { name: string; hyper: HyperTable }, given: Hyper = {}): Hyper {
  const names = Object.keys(family.hyper);
  for (const [name, value] of Object.entries(given)) {
    const spec = Object.hasOwn(family.hyper, name) ? family.hyper[name] : undefined;
    if (!spec) {
      const known = names.length > 0 ? `it has ${names.join(', ')}` : 'it has none';
      throw new Fault('bad_request', `model ${family.name} has no hyper-parameter "${name}": ${known}`);
    }
    if (!fits(spec, value)) {
      throw new Fault('bad_request', `hyper-parameter "${name}" of model ${family.name} must be ${takes(spec)}`);
    }
  }
  return Object.fromEntries(
    names.map((name) => {
      const value = given[name] ?? family.hyper[name].default;
      return [name, typeof value === 'object' ? [...value] : value];
    }),
  );
}
