// JSON from strangers: bounded depth and breadth, and a refusal that says where the text goes wrong (which JSON.parse often does not).
import { Fault } from '../schema/index.ts';

/** Deepest nesting of a JSON body; no schema of the API comes near it. */
export const mostDepth = 64;
/** Most lists and objects in a body, and fields of one object. Checking a million of either stops everything for seconds. */
export const mostParts = 100_000;
export const mostFields = 20_000;
/** Most values of a body, counted by their commas: reading four million numbers stopped everything for a second. */
export const mostValues = 500_000;
/** Shorter texts cannot hold so many. */
const manyValues = 2 * mostValues;

/**
 * The value of a JSON text. Fault `bad_request` naming line and column, or the depth; `payload_too_large` for too many
 * parts. Never quotes the text.
 */
export function parseJson(text: string): unknown {
  checkForm(text);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const at = faultAt(text);
    const before = text.slice(0, at);
    const line = before.split('\n').length;
    const column = at - before.lastIndexOf('\n');
    const what = at >= text.length ? 'ends too early' : 'goes wrong';
    throw new Fault('bad_request', `the body is not JSON: it ${what} at line ${line}, column ${column}`, {
      line,
      column,
      offset: at,
    });
  }
}

/** Checks depth and breadth only, of JSON in any encoding that has ASCII's own. Faults as `parseJson`. */
export function checkForm(text: string): void {
  // A tensor is a few lists of many numbers: its brackets are found quicker than all of it is read.
  const isFlat = countUpTo(text, '[', mostDepth) + countUpTo(text, '{', mostDepth) <= mostDepth;
  if (isFlat && text.length < manyValues && countUpTo(text, ':', mostFields) <= mostFields) return;
  const fields = new Uint32Array(mostDepth + 1);
  let depth = 0;
  let parts = 0;
  let values = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) i = stringEnd(text, i);
    else if (c === 0x5b || c === 0x7b) {
      if (++depth > mostDepth) throw new Fault('bad_request', `the body is nested deeper than ${mostDepth} levels`);
      if (++parts > mostParts) throw tooMany(`more than ${mostParts} lists and objects`);
      fields[depth] = 0;
    } else if (c === 0x5d || c === 0x7d) depth = Math.max(0, depth - 1);
    else if (c === 0x3a && (fields[depth] = (fields[depth] ?? 0) + 1) > mostFields) {
      throw tooMany(`an object of more than ${mostFields} fields`);
    } else if (c === 0x2c && ++values > mostValues) {
      throw tooMany(`more than ${mostValues} values`, ', or tensors as bytes (binary_data_size at /v2)');
    }
  }
}

const tooMany = (what: string, or = '') =>
  new Fault('payload_too_large', `the body holds ${what}; send it in smaller parts${or}`);

/** How often a character occurs; stops counting above `most`. */
function countUpTo(text: string, character: string, most: number): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0 && count <= most; at = text.indexOf(character, at + 1)) count++;
  return count;
}

/** Index of the quote that ends the string begun at `start`; the text's length when none does. */
function stringEnd(text: string, start: number): number {
  for (let i = start + 1; ; i++) {
    i = text.indexOf('"', i);
    if (i < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(i - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return i;
  }
}

type Expected = 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'colon' | 'next';

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const word = /true|false|null/y;
const space = /[ \t\r\n]*/y;
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** Offset of a control character or a wrong escape in the string between two offsets, or -1. */
function badInside(text: string, start: number, end: number): number {
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x20) return i;
    if (c !== 0x5c) continue;
    const after = match(escape, text, i);
    if (after < 0) return i;
    i = after - 1;
  }
  return -1;
}

/** Offset at which a text stops being JSON (RFC 8259). Only called for texts that JSON.parse refused. */
function faultAt(text: string): number {
  const open: string[] = [];
  let expects = 'value' as Expected;
  let i = match(space, text, 0);
  while (i < text.length) {
    const c = text[i] ?? '';
    const inside = open.at(-1);
    if (expects === 'colon') {
      if (c !== ':') return i;
      expects = 'value';
      i++;
    } else if (expects === 'next') {
      if (c === ',' && inside) expects = inside === '{' ? 'key' : 'value';
      else if (inside && c === (inside === '{' ? '}' : ']')) open.pop();
      else return i;
      i++;
    } else if (c === (expects === 'valueOrEnd' ? ']' : expects === 'keyOrEnd' ? '}' : '')) {
      open.pop();
      expects = 'next';
      i++;
    } else if (c === '"') {
      const end = stringEnd(text, i);
      const bad = badInside(text, i + 1, end);
      if (bad >= 0) return bad;
      if (end >= text.length) return text.length;
      expects = expects === 'key' || expects === 'keyOrEnd' ? 'colon' : 'next';
      i = end + 1;
    } else if (expects === 'key' || expects === 'keyOrEnd') return i;
    else if (c === '{' || c === '[') {
      open.push(c);
      expects = c === '{' ? 'keyOrEnd' : 'valueOrEnd';
      i++;
    } else {
      const end = Math.max(match(number, text, i), match(word, text, i));
      if (end < 0) return i;
      expects = 'next';
      i = end;
    }
    i = match(space, text, i);
  }
  return text.length;
}
