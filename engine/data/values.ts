// One value of a row as a person or a file gives it, read as what its column holds. The one place that says which spellings
// are numbers, dates, truth values or missing, for datasets to be tested on and for requests alike.
import { type CategoryInput, Fault, type NumericInput } from '../schema/index.ts';
import { parseDate, partOf } from './dates.ts';
import { truthOf } from './infer.ts';
import { missingMarkers } from './load.ts';

const missing = new Set(missingMarkers);
const numberLike = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;

/** Null, undefined and the markers of files. */
export const isMissing = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === 'string' && missing.has(value));

/** Says what a value is instead of what was wanted. Never quotes it. */
function refuse(where: string, value: unknown, wanted: string): never {
  const got = Array.isArray(value)
    ? 'a list'
    : typeof value === 'string'
      ? 'a text'
      : typeof value === 'object'
        ? 'an object'
        : `a ${typeof value}`;
  throw new Fault(
    'bad_input',
    `${where} must be ${wanted}, but is ${got}. Send ${wanted}, or null where it is missing.`,
  );
}

/** The number that a numeric input takes from a value, NaN where missing; `where` names the value in the Fault. */
export function readNumber(input: NumericInput, value: unknown, where: string): number {
  if (isMissing(value)) return Number.NaN;
  if (input.part === 'value') {
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    if (typeof value === 'string' && numberLike.test(value)) {
      const number = Number(value);
      if (Number.isFinite(number)) return number;
    }
    return refuse(where, value, 'a number');
  }
  if (typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= 8.64e15)
    return partOf[input.part](value);
  const ms = typeof value === 'string' ? parseDate(value, input.format) : undefined;
  return ms === undefined
    ? refuse(where, value, 'a date (2026-01-31 or 2026-01-31T12:00:00Z)')
    : partOf[input.part](ms);
}

/** The category that a value names, '' where missing. */
export function readCategory(input: CategoryInput, value: unknown, where: string): string {
  if (isMissing(value)) return '';
  if (typeof value === 'string') {
    if (!input.boolean || input.values.includes(value)) return value;
    const truth = truthOf(value);
    return truth === undefined ? value : (input.values.find((known) => truthOf(known) === truth) ?? value);
  }
  if (typeof value === 'boolean') {
    return (input.boolean ? input.values.find((known) => truthOf(known) === value) : undefined) ?? String(value);
  }
  if (typeof value === 'number') return String(value);
  return refuse(where, value, 'a text');
}

/** The text of a value, null where missing. */
export function readText(value: unknown, where: string): string | null {
  if (isMissing(value)) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return refuse(where, value, 'a text');
}
