// Making texts alike: one function a form, in a fixed order.
import type { StepOf } from '../../schema/index.ts';

type Form = StepOf<'normalise'>['forms'][number];

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

const changes: Record<Form, (text: string) => string> = {
  nfkc: (text) => text.normalize('NFKC'),
  strip_html: (text) =>
    text
      .replace(/<(script|style)\b[^>]*>[^]*?<\/\1\s*>/gi, ' ')
      .replace(/<\/?[a-z][^<>]*>|<!--[^]*?-->/gi, ' ')
      .replace(/&(#x?[\da-f]{1,6}|[a-z]{2,8});/gi, (whole, name: string) => {
        if (!name.startsWith('#')) return entities[name.toLowerCase()] ?? whole;
        const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
        return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : whole;
      }),
  strip_control: (text) => text.replace(/[\p{Cc}--[\n\t]]|[\p{Cf}--[\u200d]]/gv, ''),
  lower: (text) => text.toLowerCase(),
  collapse: (text) => text.replace(/\s+/gu, ' '),
  trim: (text) => text.trim(),
};
const order: readonly Form[] = ['strip_html', 'nfkc', 'strip_control', 'lower', 'collapse', 'trim'];

/** Does the forms, in the order that makes sense whatever order they are named in. */
export function normaliser(forms: readonly Form[]): (text: string) => string {
  const own = order.filter((form) => forms.includes(form)).map((form) => changes[form]);
  return (text) => own.reduce((made, change) => change(made), text);
}
