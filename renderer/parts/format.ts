// Numbers, sizes, lengths and times as people read them, in the language of the page. Pure: no React, no DOM.

/** Formatters of one language tag such as `en` or `zh-CN`. Missing values print as an en dash. */
export interface Format {
  /** 12,345 */
  count(value: number | undefined): string;
  /** Four significant digits: 0.9733, 12.4, 3.1e-5. */
  figure(value: number | undefined, digits?: number): string;
  /** 97.3 % of a share between 0 and 1. */
  percent(value: number | undefined, digits?: number): string;
  /** 3.2 MB */
  bytes(value: number | undefined): string;
  /** 1m 20s of milliseconds. */
  span(milliseconds: number | undefined): string;
  /** 3 minutes ago */
  ago(at: number | undefined, now?: number): string;
  /** 23 Nov, 13:05 */
  moment(at: number | undefined): string;
}

const none = '–';
const units: [limit: number, unit: Intl.RelativeTimeFormatUnit, milliseconds: number][] = [
  [60_000, 'second', 1000],
  [3_600_000, 'minute', 60_000],
  [86_400_000, 'hour', 3_600_000],
  [30 * 86_400_000, 'day', 86_400_000],
  [Number.POSITIVE_INFINITY, 'month', 30 * 86_400_000],
];

function build(language: string): Format {
  // To make one costs more than to use it a hundred times, and a table asks for thousands.
  const made = new Map<string, Intl.NumberFormat>();
  const formatter = (options: Intl.NumberFormatOptions): Intl.NumberFormat => {
    const key = JSON.stringify(options);
    const known = made.get(key) ?? new Intl.NumberFormat(language, options);
    made.set(key, known);
    return known;
  };
  const whole = new Intl.NumberFormat(language);
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
  const stamp = new Intl.DateTimeFormat(language, {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
  const unit = (value: number, name: string, digits = 0) =>
    formatter({
      style: 'unit',
      unit: name,
      unitDisplay: 'narrow',
      maximumFractionDigits: digits,
    }).format(value);
  const present = (value: number | undefined): value is number => value !== undefined && Number.isFinite(value);

  return {
    count: (value) => (present(value) ? whole.format(value) : none),
    figure(value, digits = 4) {
      if (!present(value)) return none;
      if (value === 0) return '0';
      const size = Math.abs(value);
      if (Number.isInteger(value) && size < 1e9) return whole.format(value);
      if (size < 1e-3 || size >= 1e9) return value.toExponential(2);
      return formatter({ maximumSignificantDigits: digits }).format(value);
    },
    percent: (value, digits = 1) =>
      present(value) ? formatter({ style: 'percent', maximumFractionDigits: digits }).format(value) : none,
    bytes(value) {
      if (!present(value)) return none;
      const names = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
      const step = value < 1 ? 0 : Math.min(names.length - 1, Math.floor(Math.log10(value) / 3));
      const shown = value / 1000 ** step;
      return formatter({
        style: 'unit',
        unit: names[step],
        unitDisplay: 'short',
        maximumFractionDigits: step > 0 && shown < 10 ? 1 : 0,
      }).format(shown);
    },
    span(milliseconds) {
      if (!present(milliseconds)) return none;
      const seconds = milliseconds / 1000;
      if (seconds < 0.1) return unit(Math.ceil(milliseconds), 'millisecond');
      if (seconds < 10) return unit(seconds, 'second', 1);
      if (seconds < 60) return unit(Math.floor(seconds), 'second');
      const minutes = Math.floor(seconds / 60);
      const rest = (value: number, name: string): string => (value > 0 ? ` ${unit(value, name)}` : '');
      if (minutes < 60) return `${unit(minutes, 'minute')}${rest(Math.floor(seconds % 60), 'second')}`;
      return `${unit(Math.floor(minutes / 60), 'hour')}${rest(minutes % 60, 'minute')}`;
    },
    ago(at, now = Date.now()) {
      if (!present(at)) return none;
      const past = Math.max(0, now - at);
      const row = units.find(([limit]) => past < limit) as (typeof units)[number];
      return relative.format(-Math.floor(past / row[2]), row[1]);
    },
    moment: (at) => (present(at) ? stamp.format(at) : none),
  };
}

const built = new Map<string, Format>();

/** The formatters of a language, built once. */
export function formatOf(language: string): Format {
  let format = built.get(language);
  if (!format) {
    format = build(language);
    built.set(language, format);
  }
  return format;
}
