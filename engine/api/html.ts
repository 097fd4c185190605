// HTML from templates in which every value is escaped unless it is HTML already.

/** Text that is safe to send as HTML. */
export interface Html {
  readonly text: string;
}
type Value = Html | string | number | readonly Html[];

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text of our own that is HTML as it stands. */
export const raw = (text: string): Html => ({ text });

/** A template; values are escaped, lists are joined. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  let text = parts[0] ?? '';
  values.forEach((value, i) => {
    text += shown(value) + (parts[i + 1] ?? '');
  });
  return { text };
}

function shown(value: Value): string {
  if (Array.isArray(value)) return (value as readonly Html[]).map((one) => one.text).join('');
  if (typeof value === 'object') return (value as Html).text;
  return String(value).replace(/[&<>"']/g, (c) => escapes[c] ?? c);
}
