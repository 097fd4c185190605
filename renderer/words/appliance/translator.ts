// Turns a finished English message of the appliance into another language: finds the template that it was made from, the
// one with most literal text first, and puts what it was filled with into the translation's places. What is filled in may
// be a message itself; names, paths, numbers and code stay as they are. What is not known stays English.
import { type Part, partsOf } from './template.ts';

interface Row {
  /** Literal letters: a template with few matches too much to be trusted with whole clauses. */
  letters: number;
  begins: string;
  ends: string;
  parts: Part[];
  to: string;
  pattern?: { match: RegExp; slots: Map<number, { group: number; choices: number[]; quoted: boolean }> };
  meant?: Part[];
}

const deepest = 5;
const longest = 4000;
const fewLetters = 10;
const remembered = 2000;

/** A function that translates by a table of templates and one of single words (`{1!}`). */
export function translator(table: Record<string, string>, words: Record<string, string>): (text: string) => string {
  const whole = new Map<string, string>();
  const rows: Row[] = [];
  for (const [from, to] of Object.entries(table)) {
    const parts = partsOf(from);
    if (parts.length === 1 && typeof parts[0] === 'string') whole.set(from, to);
    else rows.push({ letters: lettersOf(parts), begins: edge(parts[0]), ends: edge(parts.at(-1)), parts, to });
  }
  rows.sort((a, b) => b.letters - a.letters);
  const known = new Map<string, string | undefined>();

  function translate(text: string, depth: number): string | undefined {
    if (depth > deepest || text.length > longest || !/\p{L}{2}/u.test(text)) return undefined;
    const exact = whole.get(text);
    if (exact !== undefined && (depth === 0 || /\s/.test(text))) return exact;
    if (!/\s/.test(text) && depth > 0) return undefined;
    if (known.has(text)) return known.get(text);
    const found = byTemplate(text, depth) ?? inPieces(text, depth);
    if (known.size > remembered) known.clear();
    known.set(text, found);
    return found;
  }

  function byTemplate(text: string, depth: number): string | undefined {
    for (const row of rows) {
      if (!text.startsWith(row.begins) || !text.endsWith(row.ends)) continue;
      row.pattern ??= compile(row.parts);
      const match = row.pattern.match.exec(text);
      if (!match) continue;
      const said = fill(row, match, depth);
      if (said !== undefined) return said;
    }
    return undefined;
  }

  function fill(row: Row, match: RegExpExecArray, depth: number): string | undefined {
    const { slots } = row.pattern ?? compile(row.parts);
    let trusted = true;
    const write = (parts: Part[]): string =>
      spaced(
        parts.map((part) => {
          if (typeof part === 'string') return part;
          const from = slots.get(part.slot);
          if (!from) return '';
          if (part.choices)
            return write(part.choices[from.choices.findIndex((group) => match[group] !== undefined)] ?? []);
          const given = match[from.group] ?? '';
          if (part.word && Object.hasOwn(words, given)) return words[given];
          if (from.quoted || from.choices.length > 0 || isName(given)) return given;
          const said = translate(given.trim(), depth + 1);
          if (said === undefined && row.letters < fewLetters && /\s/.test(given)) trusted = false;
          return said ?? given;
        }),
      );
    row.meant ??= partsOf(row.to);
    const said = write(row.meant);
    return trusted ? said : undefined;
  }

  /** Messages that were put together from others by punctuation alone. */
  function inPieces(text: string, depth: number): string | undefined {
    if (text.endsWith('.')) {
      const said = translate(text.slice(0, -1), depth + 1);
      if (said !== undefined) return `${said}。`;
    }
    for (const { between, put, names } of joints) {
      for (const { index } of text.matchAll(between)) {
        const left = text.slice(0, index + (put === '' ? 1 : 0));
        const right = translate(text.slice(index + 2), depth + 1);
        if (right === undefined) continue;
        const first = translate(left, depth + 1) ?? (names ? left : undefined);
        if (first !== undefined) return `${first}${put}${right}`;
      }
    }
    const [, before, inside] = /^([\s\S]+) \(([\s\S]*)\)$/.exec(text) ?? [];
    const said = before === undefined ? undefined : translate(before, depth + 1);
    return said === undefined ? undefined : `${said}（${translate(inside, depth + 1) ?? inside}）`;
  }

  return (text) => translate(text.trim(), 0) ?? text;
}

/** What stands between two messages, what stands there in Chinese, and whether the first may be a name. */
const joints: readonly { between: RegExp; put: string; names?: boolean }[] = [
  { between: /\. /g, put: '' },
  { between: /; /g, put: '；' },
  { between: /: /g, put: '：', names: true },
  { between: /, /g, put: '，' },
];

/** Pieces in a row, a space where Chinese and Latin letters or figures meet. */
const spaced = (pieces: string[]): string =>
  pieces.reduce((said, piece) => {
    const meet = /\p{Script=Han}$/u.test(said)
      ? /^[A-Za-z\d]/
      : /[A-Za-z\d]$/.test(said)
        ? /^\p{Script=Han}/u
        : undefined;
    return meet?.test(piece) ? `${said} ${piece}` : said + piece;
  }, '');

/** A path, or a text in quotes as it came: never a message. */
const isName = (text: string): boolean => /^(?:\/|~|\.{1,2}\/|[A-Za-z]:\\|".*"$|“.*”$)/s.test(text);

const edge = (part: Part | undefined): string => (typeof part === 'string' ? part : '');

const lettersOf = (parts: Part[]): number =>
  parts.reduce((sum, part) => {
    if (typeof part === 'string') return sum + (part.match(/\p{L}/gu)?.length ?? 0);
    return sum + (part.choices ? Math.min(...part.choices.map(lettersOf)) : 0);
  }, 0);

function compile(parts: Part[]): NonNullable<Row['pattern']> {
  const slots: NonNullable<Row['pattern']>['slots'] = new Map();
  let groups = 0;
  const write = (each: Part[]): string =>
    each
      .map((part, i) => {
        if (typeof part === 'string') return part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
        groups += 1;
        const own = { group: groups, choices: [] as number[], quoted: /["“'‘]$/.test(edge(each[i - 1])) };
        slots.set(part.slot, own);
        if (!part.choices) return '([\\s\\S]*?)';
        const choices = part.choices.map((choice) => {
          groups += 1;
          own.choices.push(groups);
          return `(${write(choice)})`;
        });
        return `(${choices.join('|')})`;
      })
      .join('');
  return { match: new RegExp(`^${write(parts)}$`), slots };
}
