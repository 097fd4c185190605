// Reads the labelled samples: texts with {kind|what must be found}, check digits worked out where a question mark stands.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { luhn, residentCheck } from '../../../../engine/data/mask/checks.ts';
import { type MaskKind, maskKinds } from '../../../../engine/schema/index.ts';

export interface Labelled {
  text: string;
  spans: { kind: MaskKind; start: number; end: number }[];
}

function completed(kind: string, text: string): string {
  if (kind === 'bank_card' && text.includes('?')) {
    return (
      '0123456789'
        .split('')
        .map((digit) => text.replace('?', digit))
        .find(luhn) ?? text
    );
  }
  if (kind === 'id_card' && text.endsWith('?')) return text.replace('?', residentCheck(text));
  if (kind === 'iban' && text.includes('??')) {
    const plain = text.replace(/ /g, '');
    const moved = `${plain.slice(4)}${plain.slice(0, 2)}00`;
    let rest = 0;
    for (const char of moved) rest = Number(`${rest}${/\d/.test(char) ? char : char.charCodeAt(0) - 55}`) % 97;
    return text.replace('??', String(98 - rest).padStart(2, '0'));
  }
  return text;
}

/** The samples of a language. */
export function labelled(language: 'en' | 'zh'): Labelled[] {
  const file = readFileSync(join(import.meta.dirname, `samples.${language}.txt`), 'utf8');
  return file
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parse);
}

/** One line of a sample. */
export function parse(line: string): Labelled {
  const spans: Labelled['spans'] = [];
  let text = '';
  let at = 0;
  const source = line.replaceAll('\\n', '\n').replaceAll('\\u200b', '');
  for (const match of source.matchAll(/\{(\w+)\|([^}]*?)\|?\}/g)) {
    const kind = maskKinds.find((kind) => kind === match[1]);
    if (!kind) continue;
    text += source.slice(at, match.index);
    const value = completed(kind, match[2] ?? '');
    spans.push({ kind, start: text.length, end: text.length + value.length });
    text += value;
    at = match.index + match[0].length;
  }
  return { text: text + source.slice(at), spans };
}
