// Which language a text is in, roughly: by script, then by words that each language uses all the time. For figures, not for
// translation; texts too short to tell are `und`.

const scripts: readonly [string, RegExp][] = [
  ['ja', /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ['ko', /\p{Script=Hangul}/gu],
  ['zh', /\p{Script=Han}/gu],
  ['ru', /\p{Script=Cyrillic}/gu],
  ['ar', /\p{Script=Arabic}/gu],
  ['he', /\p{Script=Hebrew}/gu],
  ['el', /\p{Script=Greek}/gu],
  ['th', /\p{Script=Thai}/gu],
  ['hi', /\p{Script=Devanagari}/gu],
];

const set = (text: string) => new Set(text.split(' '));
const frequent: readonly [string, ReadonlySet<string>][] = [
  ['en', set('the of and to in is that for it with as was on are this be by from or an which you not have at')],
  [
    'de',
    set('der die und das ist nicht ein eine zu den mit von für auf im dem des sich auch werden wird sind oder bei'),
  ],
  ['fr', set('le la les des et est une un pour dans que qui sur pas avec plus par au ce sont cette du aux ou')],
  ['es', set('el los las que una por con para del es se al como más pero sus este ser son también muy y')],
  ['it', set('il che di per una con sono della non del alla anche gli nel come più ma dei questo delle')],
  ['pt', set('que não uma com para os do da em por mais dos das como ao foi são também pelo seu')],
  ['nl', set('het een van en dat niet zijn op voor met aan ook wordt door naar bij deze worden te')],
  ['sv', set('och att det som en på är av för med den till inte om ett har han de')],
  ['pl', set('nie się jest na do to że jak przez dla oraz są który może tego')],
];

/** BCP 47 tag of a text, `und` where nothing tells. */
export function languageOf(text: string): string {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  if (letters < 2) return 'und';
  for (const [language, pattern] of scripts) {
    const share = (text.match(pattern)?.length ?? 0) / letters;
    // A little kana among Han characters makes Japanese.
    if (share > (language === 'ja' ? 0.1 : 0.25)) return language;
  }
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  // Addresses, names and codes are in no language.
  if (words.length < 3 || !/\s/.test(text.trim())) return 'und';
  let best = { language: 'und', hits: 0 };
  for (const [language, common] of frequent) {
    const hits = words.filter((word) => common.has(word)).length;
    if (hits > best.hits) best = { language, hits };
  }
  return best.hits > 0 && best.hits >= words.length * 0.04 ? best.language : 'und';
}

/** Languages of a sample by falling share; those under one in a hundred are left out. */
export function languagesOf(sample: readonly string[]): { language: string; share: number }[] {
  const counts = new Map<string, number>();
  for (const text of sample) {
    const language = languageOf(text.slice(0, 1000));
    counts.set(language, (counts.get(language) ?? 0) + 1);
  }
  return [...counts]
    .map(([language, count]) => ({ language, share: count / sample.length }))
    .filter(({ share }) => share >= 0.01)
    .sort((a, b) => b.share - a.share || (a.language < b.language ? -1 : 1));
}
