// Dates at the served edge, read just as the import reads them, and the numbers that models take from a date.
import type { NumericPart } from '../schema/index.ts';

const iso =
  /^\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?\s*$/i;
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const fields: Record<string, string> = {
  Y: '(\\d{4})',
  m: '(\\d{1,2})',
  d: '(\\d{1,2})',
  H: '(\\d{1,2})',
  M: '(\\d{1,2})',
  S: '(\\d{1,2})',
  b: '([A-Za-z]{3})',
};

/** Milliseconds since 1970 (UTC) of a date in ISO 8601 or in the column's own strptime format; undefined when it is neither. */
export function parseDate(text: string, format = 'iso'): number | undefined {
  const found = iso.exec(text);
  if (found) {
    const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = found;
    const ms = utc([year, month, day, hour, minute, second].map(Number));
    if (ms === undefined) return undefined;
    const micros = Number(fraction.slice(0, 6).padEnd(6, '0'));
    return ((ms - zoneMs(zone)) * 1000 + micros) / 1000;
  }
  return format === 'iso' ? undefined : parseFormat(text.trim(), format);
}

function parseFormat(text: string, format: string): number | undefined {
  const order: string[] = [];
  const pattern = format.replace(/[.\\]/g, '\\$&').replace(/%([A-Za-z])/g, (_, field: string) => {
    order.push(field);
    return fields[field] ?? '(?!)';
  });
  const found = new RegExp(`^${pattern}$`).exec(text);
  if (!found) return undefined;
  const value = (field: string, missing: number): number => {
    const at = order.indexOf(field);
    return at < 0 ? missing : Number(found[at + 1]);
  };
  const named = order.indexOf('b');
  const month = named < 0 ? value('m', 1) : months.indexOf((found[named + 1] ?? '').toLowerCase()) + 1;
  return utc([value('Y', 1970), month, value('d', 1), value('H', 0), value('M', 0), value('S', 0)]);
}

/** Undefined for days that do not exist, such as February 30. */
function utc([year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0]: number[]): number | undefined {
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(ms);
  date.setUTCFullYear(year);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : undefined;
}

function zoneMs(zone: string | undefined): number {
  if (!zone || zone === 'Z' || zone === 'z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(3).replace(':', '') || 0)];
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

const day = 86_400_000;
const turn = 2 * Math.PI;

/** A part of a date as a number; NaN stays NaN. */
export const partOf: Record<NumericPart, (ms: number) => number> = {
  value: (ms) => ms,
  days: (ms) => ms / day,
  month: (ms) => (Number.isNaN(ms) ? Number.NaN : new Date(ms).getUTCMonth() + 1),
  weekday: (ms) => (Number.isNaN(ms) ? Number.NaN : new Date(ms).getUTCDay()),
  hour: (ms) => (((ms % day) + day) % day) / 3_600_000,
  monthSin: (ms) => Math.sin(turn * ((partOf.month(ms) - 1) / 12)),
  monthCos: (ms) => Math.cos(turn * ((partOf.month(ms) - 1) / 12)),
  weekdaySin: (ms) => Math.sin(turn * (partOf.weekday(ms) / 7)),
  weekdayCos: (ms) => Math.cos(turn * (partOf.weekday(ms) / 7)),
  hourSin: (ms) => Math.sin(turn * (partOf.hour(ms) / 24)),
  hourCos: (ms) => Math.cos(turn * (partOf.hour(ms) / 24)),
};
