// Names of people in Latin letters. Runs of capitalised words are candidates; a logistic model of what each word is (a given
// name, a surname, an English word, a place) and of what stands around decides. The weights were set by hand and tuned on
// texts of the test's own; none of them came from anybody's data.
import {
  calledLikePeople,
  commonWords,
  givenNames,
  isPinyin,
  pinyinSurnames,
  placeWords,
  surnameEnding,
  surnames,
  thingAfter,
} from './gazetteerLatin.ts';
import { type Hint, sigmoid, type Span } from './span.ts';

/** A word, an initial, a particle; what is between decides whether they are one name. */
const wordPattern = /[\p{Script=Latin}][\p{Script=Latin}\p{M}'’ʼ-]*\.?/gu;
const particles = new Set(
  'van von de der den del della di da do dos das du la le el al bin ibn ben bint abu ter ten zu af av y e st san'.split(
    ' ',
  ),
);
const titles = new Set(
  'mr mrs ms miss mx dr doctor prof professor sir madam madame mme mlle monsieur lady lord dame rev reverend fr father sister brother sr sra srta señor señora don doña herr frau fräulein signor signora captain capt lieutenant lt sergeant sgt colonel col general major officer judge justice senator president nurse coach uncle aunt auntie grandma grandpa pastor rabbi imam sheikh dott ing dipl-ing principal detective inspector agent'.split(
    ' ',
  ),
);
const suffixes = new Set('jr sr ii iii iv phd md esq cpa rn dds mba'.split(' '));

/** What stands right before a name and hardly before anything else with a capital. */
const strongCue =
  /(?:\b(?:my name is|name is|names? are|named|called|i am|i['’]m|this is|it['’]s|signed(?: by)?|sincerely|regards|best|warmly|warm wishes|respectfully|take care|thx|ciao|according to|accompanied by|married to|along with|together with|best wishes|cheers|yours truly|yours|love|xoxo|written by|authored by|prepared by|reviewed by|approved by|submitted by|reported by|created by|filed by|assigned to|assignee|reporter|owner|author|maintainer|contact(?: person)?|attn|attention|attorney|cc|bcc|patient|pt|client|customer|passenger|guest|tenant|landlord|employee|applicant|candidate|student|teacher|instructor|member|subscriber|recipient|beneficiary|payee|payer|cardholder|account holder|holder|policyholder|insured|claimant|plaintiff|defendant|witness|victim|suspect|driver|buyer|seller|sender|user|caller|interviewee|speaker|host|nominee|next of kin|emergency contact|mother|father|mom|dad|sister|brother|wife|husband|son|daughter|spouse|partner|colleague|coworker|boss|manager|supervisor|friend|neighbou?r|cousin|nephew|niece|grandson|granddaughter|full name|first name|last name|surname|name|ship to|bill to|deliver(?:ed)? to|sold to|order for|booked for|reservation for|appointment with|meeting with|met with|met|spoke (?:to|with)|talked (?:to|with)|speak (?:to|with)|talk (?:to|with)|thanks to|thank you|thanks|hi|hello|hey|dear|ask|asked|tell|told|email|emailed|ping|call|contacted|consult|interviewed|hired|fired|promoted|seen by|examined by|treated by|referred by|care of|c\/o|behalf of|represented by)\s*[:,;–—-]?\s*|联系人[：:]\s*|姓名[：:]\s*|(?:^|\n)\s*(?:--|—|-|–)\s*)$/iu;
const verbAfter =
  /^(?:['’]s\s+(?:phone|email|number|address|account|card|birthday|ssn|passport|order|appointment|office|wife|husband|mother|father|son|daughter|car|house|team|manager|doctor|file|record|report|request)|,?\s+(?:said|says|wrote|writes|called|calls|asked|asks|told|lives|lived|works|worked|reported|reports|complained|requested|replied|joined|signed|confirmed|emailed|visited|paid|ordered|bought|sent|received|is (?:a|an|the|our|my|on|out|in|at|going)|was (?:born|hired|admitted|born|seen|diagnosed|the|a|on|in|here)|has (?:been|a|an|asked|not)|wants|wanted|needs|needed|will|can(?:not)?|would|born|aged|and (?:his|her|their|i)|\(|who|whose|at\s+(?:\S+@|\+?\d))|,\s+(?:\d{1,3}\b|age|aged|born|md|phd|esq|a\s|an\s|the\s|our\s|who|from|ceo|cto|cfo|vp|director|manager|engineer|founder|head|chair|professor|senior)|\s*[<(][^\s>)]*@|\s*[<(]?\+?\d[\d ()-]{6,})/iu;

interface Word {
  raw: string;
  /** Lower case, without accents, apostrophes and the final dot. */
  key: string;
  start: number;
  end: number;
  capital: boolean;
  allCaps: boolean;
  initial: boolean;
}

function wordsOf(text: string): Word[] {
  return Array.from(text.matchAll(wordPattern), (match) => {
    let raw = match[0];
    // A full stop belongs to initials and to titles only; a possessive ending to neither.
    const bare = raw.replace(/\.$/, '');
    if (raw.endsWith('.') && bare.length > 1 && !titles.has(bare.toLowerCase()) && !suffixes.has(bare.toLowerCase()))
      raw = bare;
    raw = raw.replace(/(?:['’]s|['’-])$/i, '');
    const plain = raw.replace(/\.$/, '');
    return {
      raw,
      key: fold(plain),
      start: match.index,
      end: match.index + raw.length,
      capital: /^\p{Lu}/u.test(raw),
      allCaps: plain.length > 1 && plain === plain.toUpperCase(),
      initial: plain.length === 1 && /^\p{Lu}/u.test(raw),
    };
  });
}

/** Lower case, accents and apostrophes taken off. */
function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[øØ]/g, 'o')
    .replace(/[łŁ]/g, 'l')
    .replace(/ß/g, 'ss')
    .replace(/æ/gi, 'ae')
    .replace(/['’ʼ]/g, '')
    .toLowerCase();
}

const parts = (key: string): string[] => key.split('-').filter((part) => part !== '');
const isGiven = ({ key }: Word): boolean =>
  givenNames.has(key) || (key.includes('-') && parts(key).every((part) => givenNames.has(part) || isPinyin(part)));
const isSurname = ({ key }: Word): boolean =>
  surnames.has(key) ||
  pinyinSurnames.has(key) ||
  (key.includes('-') && parts(key).some((part) => surnames.has(part))) ||
  (/^(?:mc|mac|o)[a-z]{4,}$/.test(key) && surnames.has(key.replace(/^(?:mc|mac|o)/, '')));
const isCommon = ({ key }: Word): boolean => commonWords.has(key);

/** Maximal runs of words that could be one name. */
function runsOf(text: string, words: readonly Word[], loose: boolean): Word[][] {
  const runs: Word[][] = [];
  let run: Word[] = [];
  const close = () => {
    while (run.length > 0 && !isNamePart(run[run.length - 1], loose)) run.pop();
    if (run.length > 0) runs.push(run);
    run = [];
  };
  for (const [i, word] of words.entries()) {
    const glue = run.length > 0 ? text.slice(run[run.length - 1].end, word.start) : '';
    const joined = /^[ \u00a0\t]{1,2}$/.test(glue) || (glue === '' && run.length > 0 && run[run.length - 1].initial);
    if (run.length > 0 && !joined) close();
    const next = words[i + 1];
    const isParticle = !word.capital && particles.has(word.key) && run.length > 0 && (next?.capital ?? false);
    // MS Word, MS SQL: a maker, not a lady.
    if (titles.has(word.key) && (word.capital || loose) && word.raw !== 'MS') {
      close();
      continue;
    }
    if (isNamePart(word, loose) || isParticle) run.push(word);
    else close();
  }
  close();
  return runs;
}

function isNamePart(word: Word, loose: boolean): boolean {
  if (/\d|_/.test(word.raw)) return false;
  if (word.initial || word.capital)
    return !/^\p{Lu}{2,}\p{Ll}/u.test(word.raw) || /^(?:Mc|Mac|De|Le|La|Van|O['’])/u.test(word.raw);
  return loose && (isGiven(word) || isSurname(word)) && !isCommon(word);
}

interface Around {
  text: string;
  words: readonly Word[];
  hint: Hint;
}

/** The logit of a run being somebody's name. */
function logit(run: readonly Word[], { text, words, hint }: Around): number {
  const real = run.filter((word) => !word.initial && !(particles.has(word.key) && !word.capital));
  if (real.length === 0) return -9;
  const [first, last] = [real[0], real[real.length - 1]];
  const place = words.indexOf(run[0]);
  const previous = words[place - 1];
  const following = words[words.indexOf(run[run.length - 1]) + 1];
  const lead = text.slice(Math.max(0, run[0].start - 48), run[0].start);
  const tail = text.slice(run[run.length - 1].end, run[run.length - 1].end + 48);
  const nextTo = (word: Word | undefined, at: number) => word !== undefined && Math.abs(at) <= 2;
  const titled =
    previous !== undefined &&
    titles.has(previous.key) &&
    previous.raw !== 'MS' &&
    /^[.\s]{1,2}$/.test(text.slice(previous.end, run[0].start)) &&
    (previous.capital || /^(?:mr|mrs|ms|dr|prof)$/.test(previous.key));
  const joinedName = calledLikePeople.has(run.map(({ key }) => key).join(' '));
  let sum = -2.2;
  if (joinedName) sum -= 4;
  if (real.length > 1 && placePairs.has(`${real[0].key} ${real[1].key}`)) sum -= 5;
  if (titled) sum += 5.2;
  if (hint === 'name') sum += run.length <= 5 && text.trim().length <= 60 ? 4 : 1;
  const cue = strongCue.test(lead);
  if (cue) sum += real.length > 1 ? 1.6 : 1.9;
  if (verbAfter.test(tail)) sum += 1;
  const commons = real.filter((word) => isCommon(word) && !(isGiven(word) && isSurname(word)));
  const places = real.filter((word) => placeWords.has(word.key) && !(isGiven(word) && word === first)).length;
  const unknown = (word: Word) => !isGiven(word) && !isSurname(word);
  if (real.length === 1) {
    const word = real[0];
    if (isGiven(word)) sum += isCommon(word) || placeWords.has(word.key) ? (cue && !isCommon(word) ? 1.6 : 0.3) : 1.8;
    else if (isSurname(word)) sum += isCommon(word) ? -0.8 : 0.2;
    else if (titled || (hint === 'name' && text.trim().length <= 60)) sum -= 0.8;
    else sum -= cue && !isCommon(word) && word.raw.length > 2 && !word.allCaps ? 0.9 : 2.5;
    if (run.length > 1)
      sum += isSurname(word) ? 3 : unknown(word) && !isCommon(word) && run.length >= 2 && word.raw.length > 2 ? 1.8 : 1;
    if (sentenceStart(text, run[0].start) && !cue && !titled && run.length === 1) sum -= isCommon(word) ? 1 : 0.4;
    // One capitalised word of an identifier, a path or a list of things.
    if (/[\w/\\@#$]$/.test(lead) || /^[\w/\\@]/.test(tail)) sum -= 3;
  } else {
    const middle = real.slice(1, -1);
    if (isGiven(first)) sum += 2.6;
    else if (isSurname(first)) sum += pinyinSurnames.has(first.key) ? 1 : 0.6;
    if (isSurname(last)) sum += 2.4;
    else if (isGiven(last)) sum += 0.9;
    else if (surnameEnding.test(last.key) && last.key.length > 4 && !isCommon(last)) sum += 1.5;
    // Somebody from elsewhere: one part is known and the other no word of English.
    if (isGiven(first) && unknown(last) && !isCommon(last) && !thingAfter.has(last.key)) sum += 1.1;
    if (unknown(first) && isSurname(last) && !isCommon(first)) sum += 0.9;
    // Family name first, as in Viet Nam, Korea and Hungary.
    if (isSurname(first) && !isGiven(first) && isGiven(last)) sum += 1.1;
    if (real.length === 3 && /^(?:thi|van|minh|thanh|ngoc|duc)$/.test(real[1].key)) sum += 1.5;
    if (unknown(first) && unknown(last) && !isCommon(first) && !isCommon(last))
      sum += cue ? 1.3 : verbAfter.test(tail) ? 1 : 0.4;
    const pinyin = (surname: Word, given: Word) =>
      pinyinSurnames.has(surname.key) && isPinyin(given.key.replace(/-/g, '')) && !isCommon(given);
    if (real.length === 2 && (pinyin(first, last) || pinyin(last, first))) sum += 3.2;
    if (real.length === 3 && pinyinSurnames.has(first.key) && isPinyin(real[1].key) && isPinyin(last.key)) sum += 2;
    if (run.some(({ initial, raw }) => initial && raw.endsWith('.'))) sum += 0.8;
    else if (run[0].initial) sum -= 1.5;
    if (run.some((word) => particles.has(word.key) && !word.capital)) sum += 0.6;
    sum -= middle.filter((word) => isCommon(word) && !isGiven(word) && !isSurname(word)).length * 1.5;
    if (real.length > 4) sum -= 1.5;
  }
  sum -= commons.length * (real.length > 1 ? 2.2 : 1.2);
  sum -= places * (real.length === 1 ? 1.2 : 1.1);
  if (real.every(({ allCaps }) => allCaps))
    sum -=
      hint === 'name' || titled || cue
        ? 0
        : real.every((word) => isGiven(word) || isSurname(word)) && real.length > 1
          ? 0.3
          : 2;
  // "the Johnson report", "Hopkins University", "Maxwell equations".
  if (/\b(?:the|a|an|this|that|each|every|any|some)\s$/i.test(lead) && real.length <= 2)
    sum -= real.length === 1 ? 2.5 : 1.2;
  if (thingAfter.has(last.key) && real.length > 1) sum -= isSurname(last) && isGiven(first) ? 0.8 : 2.5;
  if (
    following &&
    thingAfter.has(following.key) &&
    /^(?:['’]s)?\s$/.test(text.slice(run[run.length - 1].end, following.start))
  ) {
    const shaped =
      following.capital ||
      /^(?:theorem|lemma|equations?|transform|distribution|process|algorithm|syndrome|disease|method|test|prize|constant|effect|principle|conjecture|server|framework|software|database)$/.test(
        following.key,
      );
    if (shaped && nextTo(following, 1)) sum -= 3.5;
  }
  if (
    /^\s?(?:&|\+|and (?:Sons?|Co\b|Company|Partners|Associates))/u.test(tail) &&
    !/^\s?and\s\p{Ll}/u.test(tail) &&
    real.length <= 2 &&
    !cue
  )
    sum -= 1.5;
  if (/^\s*(?:v?\d+(?:\.\d+)+|\(R\)|®|™)/u.test(tail)) sum -= 3;
  if (/\b(?:in|near|to|of|outside|around|visit(?:ed|ing)?|downtown)\s$/i.test(lead) && places > 0) sum -= 1;
  return sum;
}

const sentenceStart = (text: string, at: number): boolean =>
  /(?:^|[.!?。！？\n:]\s*["'“(]?)$/.test(text.slice(Math.max(0, at - 4), at));

/** "Kaito and Mariana": what stands in a list with a name, and could be one, is one. */
function enlist(text: string, found: Span[]): void {
  for (const [i, span] of found.entries()) {
    for (const other of [found[i - 1], found[i + 1]]) {
      if (!other) continue;
      const [a, b] = span.start < other.start ? [span, other] : [other, span];
      const between = text.slice(a.end, b.start);
      if (!/^(?:,? and |, | & |\/|、|和|与|, and )$/.test(between)) continue;
      if (other.score >= 0.5 && span.score >= 0.2 && span.score < 0.5) span.score = 0.6;
      else if (other.score >= 0.3 && span.score >= 0.3 && span.score < 0.5 && between.includes('and'))
        span.score = 0.52;
    }
  }
}

/** Takes words off the ends of a run that speak against a name, such as a greeting or a verb at the start of a sentence. */
function trimmed(run: readonly Word[], around: Around): Word[] {
  let own = [...run];
  const dull = (word: Word | undefined) =>
    word !== undefined && !word.initial && isCommon(word) && !isSurname(word) && !isGiven(word);
  while (own.length > 1 && (dull(own[0]) || (own.length > 2 && commonVerb.has(own[0].key)))) own = own.slice(1);
  while (own.length > 1 && (dull(own[own.length - 1]) || suffixes.has(own[own.length - 1].key))) own = own.slice(0, -1);
  if (own.length > 2) {
    // "Ask Maria Lopez": without the first word it is more of a name.
    const rest = own.slice(1);
    if (
      !isGiven(own[0]) &&
      !isSurname(own[0]) &&
      !placeWords.has(own[0].key) &&
      logit(rest, around) > logit(own, around) + 0.3
    )
      own = rest;
  }
  return own;
}
const commonVerb = new Set(
  'ask tell call contact meet email ping dear hi hello hey thanks met told said with from by and but when as for'.split(
    ' ',
  ),
);

/** Places of two words whose second word is a name as well. */
const placePairs = new Set(
  'san francisco,san diego,san jose,san antonio,san juan,san marino,san bernardino,santa clara,santa monica,santa barbara,santa cruz,santa maria,santa ana,santa fe,santa rosa,los angeles,las vegas,new york,new jersey,st louis,st petersburg,saint paul,saint louis,fort worth,el paso,mont blanc,st andrews,st james,st martin,sri lanka,costa rica,puerto rico,hong kong,abu dhabi,tel aviv,cape town,buenos aires,rio grande,sao paulo,porto alegre,palo alto,san mateo,sierra leone,sierra nevada,salt lake'.split(
    ',',
  ),
);

/** Names of people in a text. */
export function findLatinNames(text: string, hint: Hint): Span[] {
  if (!/[\p{Script=Latin}]/u.test(text)) return [];
  const loose =
    hint === 'name' || /\b(?:my name is|name[:：]|i am|i['’]m|this is|call me|named|mr|mrs|ms|dr)\b/i.test(text);
  const words = wordsOf(text);
  const around: Around = { text, words, hint };
  const found: Span[] = [];
  for (const whole of runsOf(text, words, loose)) {
    const run = trimmed(whole, around);
    if (run.length === 0) continue;
    let value = logit(run, around);
    const lower = run.every(({ capital }) => !capital);
    if (
      lower &&
      hint !== 'name' &&
      !/(?:name is|name[:：]|i am|i['’]m|this is|call me|named|mrs?\.?|ms\.?|dr\.?)\s*$/i.test(
        text.slice(Math.max(0, run[0].start - 16), run[0].start),
      )
    )
      value -= 4;
    const score = sigmoid(value);
    if (score > 0.02) found.push({ kind: 'name', start: run[0].start, end: run[run.length - 1].end, score });
  }
  enlist(text, found);
  // "Lopez, Maria": the comma stands between two runs.
  for (const match of text.matchAll(
    /(?<![\p{L}\p{N}])(\p{Lu}[\p{L}'’-]+),\s(\p{Lu}[\p{L}'’-]+(?:\s\p{Lu}\.?)?)(?![\p{L}\p{N}])/gu,
  )) {
    const [surname, given] = [fold(match[1]), fold(match[2].split(' ')[0])];
    if (!surnames.has(surname) || !givenNames.has(given) || placeWords.has(surname) || commonWords.has(surname))
      continue;
    const listed = found.some(
      (span) => span.score >= 0.5 && span.start < match.index && span.end > match.index - 14 && span.end <= match.index,
    );
    if (surnames.has(given) && givenNames.has(surname) && hint !== 'name') continue;
    found.push({ kind: 'name', start: match.index, end: match.index + match[0].length, score: listed ? 0.4 : 0.9 });
  }
  return found;
}
