// A text as words in one buffer of UTF-16 units: NFKC, lower case, runs of letters, marks, digits and `_`, one blank between;
// characters of scripts without blanks are words of their own. So every n-gram of words or characters is a slice of it.

/** Texts are read up to this many UTF-16 units. */
export const longestText = 262_144;

export interface Words {
  /** ` w1 w2 … ` with a blank at both ends; only the first `length` units count. Reused by the next call. */
  units: Uint16Array;
  length: number;
  /** Word w is units[starts[w]] up to units[ends[w]]. */
  starts: Int32Array;
  ends: Int32Array;
  count: number;
  /** 1 for a character that is a word of its own. */
  alone: Uint8Array;
}

const separator = 0;
const inWord = 1;
const wordOfItsOwn = 2;
const high = 3;

let classes: Uint8Array | undefined;

/** What each UTF-16 unit is: Han and Kana are words of their own, as are pairs of surrogates. */
function classOfUnits(): Uint8Array {
  if (classes) return classes;
  classes = new Uint8Array(65_536);
  const word = /[\p{L}\p{M}\p{N}_]/u;
  const own = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
  for (let unit = 0; unit < 65_536; unit++) {
    if (unit >= 0xd800 && unit <= 0xdfff) classes[unit] = unit < 0xdc00 ? high : separator;
    else if (own.test(String.fromCharCode(unit))) classes[unit] = wordOfItsOwn;
    else if (word.test(String.fromCharCode(unit))) classes[unit] = inWord;
  }
  return classes;
}

const blank = 32;
let scratch = makeScratch(4096);

function makeScratch(size: number): Words {
  return {
    units: new Uint16Array(2 * size + 2),
    length: 0,
    starts: new Int32Array(size + 1),
    ends: new Int32Array(size + 1),
    count: 0,
    alone: new Uint8Array(size + 1),
  };
}

/** Cuts a text into words. The result is overwritten by the next call. */
export function wordsOf(text: string): Words {
  const clean = text.slice(0, longestText).normalize('NFKC').toLowerCase();
  if (clean.length >= scratch.starts.length) scratch = makeScratch(clean.length * 2);
  const kinds = classOfUnits();
  const { units, starts, ends, alone } = scratch;
  let at = 0;
  let count = 0;
  let open = false;
  units[at++] = blank;
  for (let i = 0; i < clean.length; i++) {
    const unit = clean.charCodeAt(i);
    const kind = kinds[unit];
    if (kind === inWord) {
      if (!open) {
        starts[count] = at;
        alone[count] = 0;
        open = true;
      }
      units[at++] = unit;
      continue;
    }
    if (open) {
      ends[count++] = at;
      units[at++] = blank;
      open = false;
    }
    if (kind === separator) continue;
    const next = kind === high && i + 1 < clean.length ? clean.charCodeAt(i + 1) : 0;
    if (kind === high && (next < 0xdc00 || next > 0xdfff)) continue;
    starts[count] = at;
    alone[count] = 1;
    units[at++] = unit;
    if (kind === high) {
      units[at++] = next;
      i++;
    }
    ends[count++] = at;
    units[at++] = blank;
  }
  if (open) {
    ends[count++] = at;
    units[at++] = blank;
  }
  scratch.length = at;
  scratch.count = count;
  return scratch;
}
