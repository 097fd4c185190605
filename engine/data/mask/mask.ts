// Masks texts, and tells on a sample what masking would find. The one place that joins finding and replacing.
import {
  type MaskKind,
  type MaskOptions,
  maskKinds,
  type SensitiveColumn,
  type SensitiveReport,
} from '../../schema/index.ts';
import type { DatasetReader } from '../reader.ts';
import { findSensitive, hintOfColumn } from './find.ts';
import { hashed, pseudonyms } from './pseudonyms.ts';
import { threshold } from './span.ts';

interface Masked {
  text: string;
  /** Findings. */
  found: number;
}

/** A masker of one column's texts. `key` are 32 secret bytes: the same key gives the same hashes and stand-ins. */
export function openMask(column: string, options: MaskOptions, key: Uint8Array): (text: string) => Masked {
  const hint = hintOfColumn(column);
  const known = new Map<string, Masked>();
  const { kinds, action } = options;
  const put = (kind: MaskKind, text: string): string => {
    switch (action) {
      case 'remove':
        return '';
      case 'redact':
        return `[${kind.toUpperCase()}]`;
      case 'hash':
        return `${kind}_${hashed(kind, text, key)}`;
      default:
        return pseudonyms[kind](text, key);
    }
  };
  return (text) => {
    const before = known.get(text);
    if (before) return before;
    const spans = findSensitive(text, { kinds, hint });
    let out = '';
    let at = 0;
    for (const { kind, start, end } of spans) {
      out += text.slice(at, start) + put(kind, text.slice(start, end));
      at = end;
    }
    out += text.slice(at);
    if (action === 'remove' && spans.length > 0) out = out.replace(/ {2,}/g, ' ').trim();
    const masked = { text: out, found: spans.length };
    // Columns of names and addresses repeat themselves; prose does not.
    if (text.length <= 200 && known.size < 50_000) known.set(text, masked);
    return masked;
  };
}

/** Types of columns that masking looks at unless told otherwise. */
const maskedTypes: ReadonlySet<string> = new Set(['text', 'category', 'identifier']);

interface SampleOptions {
  /** Rows to look at, spread evenly. */
  sample?: number;
  options: MaskOptions;
  key: Uint8Array;
}

/** What masking would find, on a sample of the dataset's own rows. Numbers are looked at too: cards and identities hide in them. */
export function reportSensitive(
  reader: DatasetReader,
  { sample = 2000, options, key }: SampleOptions,
): SensitiveReport {
  const step = Math.max(1, reader.rows / sample);
  const rows = Array.from({ length: Math.min(reader.rows, sample) }, (_, i) => Math.floor(i * step));
  const named = new Set(options.columns);
  const columns = reader.shape.columns.filter(({ name, type }) =>
    named.size === 0 ? maskedTypes.has(type) || (type === 'number' && hintOfColumn(name)) : named.has(name),
  );
  return {
    rows: reader.rows,
    sampled: rows.length,
    columns: columns
      .map(({ name }) => reportColumn(name, textsAt(reader, name, rows), options, key))
      .filter(({ kinds }) => kinds.length > 0),
  };
}

function textsAt(reader: DatasetReader, name: string, rows: readonly number[]): string[] {
  const texts: string[] = [];
  let first = 0;
  let at = 0;
  for (const size of reader.groups) {
    const last = first + size;
    if (at < rows.length && rows[at] < last) {
      const group = reader.texts(name, first, last);
      for (; at < rows.length && rows[at] < last; at++) {
        const text = group[rows[at] - first];
        if (text !== null) texts.push(text);
      }
    }
    first = last;
  }
  return texts;
}

/** Findings this close to the line, on either side, are doubtful. */
const doubt = { low: 0.3, high: 0.7 };
const mostExamples = 5;
const exampleLength = 300;

/** Where a text is shown from so that its first finding is seen, from the beginning of a word where there is one. */
const exampleFrom = (text: string, found: number): number =>
  found < 60 ? 0 : Math.max(text.lastIndexOf(' ', found - 40) + 1, found - 100);

function reportColumn(
  column: string,
  texts: readonly string[],
  options: MaskOptions,
  key: Uint8Array,
): SensitiveColumn {
  const hint = hintOfColumn(column);
  const mask = openMask(column, options, key);
  const figures = new Map<MaskKind, { rows: number; found: number; sum: number; doubtful: number }>();
  const examples: SensitiveColumn['examples'] = [];
  for (const text of texts) {
    const spans = findSensitive(text, { kinds: options.kinds, hint, doubtful: true });
    const kinds = new Set<MaskKind>();
    for (const { kind, score } of spans) {
      const own = figures.get(kind) ?? { rows: 0, found: 0, sum: 0, doubtful: 0 };
      figures.set(kind, own);
      if (score >= doubt.low && score < doubt.high) own.doubtful++;
      if (score < threshold) continue;
      if (!kinds.has(kind)) own.rows++;
      kinds.add(kind);
      own.found++;
      own.sum += score;
    }
    if (kinds.size > 0 && examples.length < mostExamples) {
      const first = Math.min(...spans.filter(({ score }) => score >= threshold).map(({ start }) => start));
      const from = exampleFrom(text, first);
      const before = text.slice(from, from + exampleLength);
      if (!examples.some((one) => one.before === before))
        examples.push({ before, after: mask(text).text.slice(from, from + exampleLength) });
    }
  }
  const kinds = maskKinds.flatMap((kind) => {
    const own = figures.get(kind);
    if (!own || own.found === 0) return [];
    const { rows, found, sum, doubtful } = own;
    return [{ kind, rows, found, confidence: sum / found, doubtful }];
  });
  return { column, looked: texts.length, kinds, examples };
}
