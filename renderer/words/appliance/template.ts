// How the tables of the appliance's words are written: `{1}` is filled in, `{2:row|rows}` is one of several (which may hold
// others), `{1!}` in a translation is a single word that has one of its own. Reads them; translates nothing.

export type Part = string | { slot: number; word: boolean; choices?: Part[][] };

/** The parts of a text of the tables. Braces that hold no number are themselves. */
export function partsOf(text: string): Part[] {
  let at = 0;
  const read = (within: boolean): Part[] => {
    const parts: Part[] = [];
    let plain = '';
    const settle = () => {
      if (plain !== '') parts.push(plain);
      plain = '';
    };
    const end = within ? /[|}]/ : /[^\s\S]/;
    while (at < text.length && !end.test(text[at])) {
      const [head, number, mark] = /^\{(\d+)([!:}])/.exec(text.slice(at, at + 8)) ?? [];
      if (head === undefined) {
        plain += text[at];
        at += 1;
        continue;
      }
      settle();
      at += head.length;
      const slot = Number(number);
      if (mark !== ':') {
        if (mark === '!') at += 1;
        parts.push({ slot, word: mark === '!' });
        continue;
      }
      const choices = [read(true)];
      while (text[at] === '|') {
        at += 1;
        choices.push(read(true));
      }
      at += 1;
      parts.push({ slot, word: false, choices });
    }
    settle();
    return parts;
  };
  return read(false);
}
