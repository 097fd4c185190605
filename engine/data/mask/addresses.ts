// Postal addresses, English and other European forms, and Chinese ones. Parts are found by their form (a number and a street, a
// flat, a code, a chain of administrative units); a sum of what is there decides.
import { cities, provinces } from './gazetteerHan.ts';
import { before, type Hint, sigmoid, type Span } from './span.ts';

const street =
  '(?:Street|Str\\.?|St\\.?|Avenue|Ave\\.?|Av\\.?|Road|Rd\\.?|Boulevard|Blvd\\.?|Lane|Ln\\.?|Drive|Dr\\.?|Court|Ct\\.?|Place|Pl\\.?|Way|Terrace|Terr?\\.?|Circle|Cir\\.?|Square|Sq\\.?|Parkway|Pkwy\\.?|Highway|Hwy\\.?|Freeway|Close|Crescent|Cres\\.?|Gardens?|Gdns|Mews|Row|Walk|Hill|Quay|Loop|Trail|Trl\\.?|Alley|Plaza|Broadway|Grove|Park|Rise|View|Heights|Pike|Turnpike|Expressway|Point|Ridge|Run|Green|Wharf|Parade|Esplanade|Promenade|Vale|Bypass|Cove|Crossing|Meadows?|Commons?|Landing|Pass|Path|Bend|Hollow|Glen|Dale|Court|Cottages|Marg|Nagar|Salai|Chowk|Colony)';
const sureStreet =
  /(?:Street|St\.?|Avenue|Ave\.?|Road|Rd\.?|Boulevard|Blvd\.?|Lane|Ln\.?|Terrace|Crescent|Parkway|Pkwy|Mews|Gardens|Highway|Hwy\.?|Dr\.?|Ct\.?|Pl\.?|Marg|Nagar)(?:\s|,|\.|$)/;
const direction =
  '(?:N\\.?|S\\.?|E\\.?|W\\.?|NE|NW|SE|SW|North|South|East|West|Northeast|Northwest|Southeast|Southwest)';
const word = "(?:\\p{Lu}[\\p{L}'’.-]*|\\d{1,3}(?:st|nd|rd|th)|of|the|de|la|del|los|las|y)";
const unit =
  '(?:,?\\s*(?:#\\s?\\d+\\w?|(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|Room|Rm|Bldg|Building|Lot|Level|Tower|Block|Door|No)\\.?\\s?#?\\s?[\\w-]{1,6}|\\d{1,2}(?:st|nd|rd|th) [Ff]loor|Lot \\d+))';
const states =
  'AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC|PR|ON|QC|BC|AB|MB|SK|NS|NB|NL|NSW|VIC|QLD|TAS|ACT|NT';
const stateNames =
  'Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin|Wyoming|Ontario|Quebec|British Columbia|Alberta|Manitoba|Victoria|Queensland';
const code =
  '(?:\\d{5}(?:-\\d{4})?|[A-Z]{1,2}\\d[A-Z\\d]? ?\\d[A-Z]{2}|[A-Z]\\d[A-Z] ?\\d[A-Z]\\d|\\d{4}(?: ?[A-Z]{2})?|\\d{6}|\\d{3} ?\\d{3}|\\d{3} \\d{2}|\\d{2}-\\d{3})';
const city = "\\p{Lu}[\\p{L}'’.-]+(?:[ -](?:\\p{Lu}[\\p{L}'’.-]+|am|an|der|upon|on|the|de|la|sur|le|les|do|da)){0,3}";
const country =
  '(?:USA|U\\.S\\.A\\.?|United States|UK|United Kingdom|England|Scotland|Wales|Ireland|Canada|Australia|New Zealand|Germany|Deutschland|France|Spain|España|Italy|Italia|Netherlands|Belgium|Switzerland|Austria|Sweden|Norway|Denmark|Finland|Poland|Portugal|Brazil|Brasil|Mexico|México|India|Singapore|Japan|China|Hong Kong|South Africa|Nigeria|Kenya)';
const tail = `(?:(?:,\\s*|\\s+)${direction}\\b)?${unit}{0,3}(?:\\s*[,\\n]\\s*${city}){0,3}(?:,?\\s+(?:${states}|${stateNames})\\b)?(?:,?\\s+${code})?(?![\\d\\w])(?:,?\\s+${country})?`;

/** Part of an address and what it is worth. */
interface Shape {
  pattern: RegExp;
  score: (match: string, text: string, at: number) => number;
}

const cue =
  /(?:address(?:es)?|live[sd]?|living|reside[sd]?|residing|residence|resident|located|location|ship(?:ped|ping)?|deliver(?:ed|y)?|mail(?:ed|ing)?|send|sent|home|house|moved|office|property|visit|come|drop|pick ?up|billing|street|at|to|in|from|near|adresse|anschrift|wohnt|wohnhaft|habite|domicile|dirección|vive|indirizzo|endereço|住址|地址)[^\p{L}\p{N}]{0,3}(?:is|of|at|to|in|on|me|us|him|her|it|the|package|order|:|address|in der|am|bei|au|en|a)?[^\p{L}\p{N}]{0,3}(?:at|to|is|in|on)?[^\p{L}\p{N}]{0,3}$/iu;

function evidence(match: string, text: string, at: number, start: number): number {
  let sum = start;
  if (cue.test(before(text, at, 32))) sum += 1.2;
  if (new RegExp(`\\b(?:${states}|${stateNames})\\b,?\\s+\\d{5}`, 'u').test(match)) sum += 2.5;
  else if (/,\s*\p{Lu}/u.test(match)) sum += 1.2;
  if (/\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|\b[A-Z]\d[A-Z] ?\d[A-Z]\d\b/.test(match)) sum += 2.5;
  else if (/\b\d{5}(?:-\d{4})?$|\b\d{5}\b,/.test(match)) sum += 1;
  if (/\b(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room)\b|#\s?\d/i.test(match)) sum += 1.5;
  if (new RegExp(`${country}$`, 'u').test(match)) sum += 1;
  if (
    /(?:windows|version|chapter|section|page|figure|table|top|step|level|part|act|route|season|episode|grade|phase|world war)\s$/i.test(
      before(text, at, 16),
    )
  )
    sum -= 3;
  return sum;
}

const shapes: readonly Shape[] = [
  {
    pattern: new RegExp(
      `(?<![\\p{L}\\d.#$€£-])(?:(?:Flat|Apt|Apartment|Unit|Suite|Room|Floor|Building|Block|House|Plot|Door)\\.?\\s?(?:No\\.?\\s?)?#?[\\w-]{1,6},?\\s+)?(?:\\p{Lu}[\\p{L}'’]+ (?:House|Court|Lodge|Cottage|Farm|Tower|Towers|Mansions|Apartments|Building|Plaza|Manor|Hall),\\s+)?(?:No\\.?\\s?)?(?:[A-Z]-?)?\\d{1,6}(?:[-–/]\\d{1,5})?[A-Za-z]?(?:\\s1\\/2)?,?\\s+(?:${direction}\\s+)?(?:${word}\\s+){1,4}?${street}(?![\\p{L}])(?:\\s+${street}(?![\\p{L}]))?${tail}`,
      'gu',
    ),
    score: (match, text, at) => evidence(match, text, at, sureStreet.test(`${match} `) ? 2 : -0.6),
  },
  {
    // 45 Broadway, 1200 Avenue of the Americas, 88 Highway 7.
    pattern: new RegExp(
      `(?<![\\p{L}\\d.#$€£-])\\d{1,6}[A-Za-z]?\\s+(?:${direction}\\s+)?(?:Broadway|Bowery|Avenue (?:of|de|des|du) [\\p{L} ]{3,24}?|(?:Highway|Route|State Route|County Road|FM|US|Interstate|Rural Route|RR)\\s?-?\\d{1,4}|Avenue [A-Z]|Park Lane|The \\p{Lu}[\\p{L}]+|(?:Via|Rue|Calle|Rua|Jalan|Jl\\.?|Lorong) \\p{Lu}[\\p{L} ]{2,30}?)(?![\\p{L}])${tail}`,
      'gu',
    ),
    score: (match, text, at) => evidence(match, text, at, 0.2),
  },
  {
    pattern:
      /(?<![\p{L}\d])(?:P\.?\s?O\.?\s?Box|Post Office Box|GPO Box|Private Bag|Postfach|Apartado(?: Postal)?|Boîte Postale|BP|Casella Postale|Locked Bag)\s?#?\s?[A-Z]?\d{1,6}(?:,\s*\p{Lu}[\p{L} .-]+?(?=[,\d.;]|$))?(?:,?\s+[A-Z]{2,3})?(?:,?\s+\d{4,5}(?:-\d{4})?)?/gu,
    score: (match) => (match.startsWith('BP') && match.length < 12 ? -1 : 3),
  },
  {
    // German, Dutch, Nordic: the street is one word and the number follows.
    pattern: new RegExp(
      `(?<![\\p{L}\\d])(?:(?:Am|An der|Im|In der|Zum|Zur|Alte[rs]?|Neue[rs]?|Große|Kleine|Obere|Untere|Lange|Unter den|Auf dem|Hinter der)\\s)?\\p{Lu}[\\p{L}.-]*(?:straße|strasse|str\\.|weg|allee|platz|gasse|ring|damm|ufer|chaussee|straat|laan|plein|gracht|kade|dijk|weg|gatan|vägen|gata|veien|vej|gade|katu|tie|Straße|Weg|Allee|Platz|Linden)\\s\\d{1,4}\\s?[a-z]?(?:[-–/]\\d{1,4})?(?![\\d])(?:,?\\s*(?:\\d{4,5}(?:\\s?[A-Z]{2})?|\\d{3} \\d{2})\\s+${city})?(?:,?\\s+${country})?`,
      'gu',
    ),
    score: (match, text, at) => evidence(match, text, at, 2),
  },
  {
    // French: the number leads; Spanish, Italian, Portuguese, Polish: it follows.
    pattern: new RegExp(
      `(?<![\\p{L}\\d])\\d{1,4}(?:\\s?(?:bis|ter|[A-D]))?,?\\s+(?:rue|avenue|av\\.|boulevard|bd|place|allée|chemin|impasse|quai|route|cours|square|passage|villa|Rue|Avenue|Boulevard|Place|Allée|Chemin|Impasse|Quai|Route|Cours)\\s+(?:(?:de|du|des|la|le|les|l['’]|d['’]|à|aux?|en)\\s?)*\\p{Lu}[\\p{L}'’-]+(?:[ -](?:(?:de|du|des|la|le|les|et|en)\\s)?\\p{Lu}[\\p{L}'’-]+){0,4}(?:,?\\s*\\d{5}\\s+${city})?(?:,?\\s+${country})?`,
      'gu',
    ),
    score: (match, text, at) => evidence(match, text, at, 2.4),
  },
  {
    pattern: new RegExp(
      `(?<![\\p{L}\\d])(?:Calle|C\\/|Avenida|Avda?\\.?|Av\\.|Plaza|Paseo|Pº|Carrera|Carretera|Camino|Ronda|Travesía|Via|Viale|Piazza|Corso|Largo|Vicolo|Rua|Travessa|Praça|Alameda|Estrada|ul\\.|ulica|al\\.|aleja|os\\.|utca|ulice)\\s+(?:(?:de|del|la|las|los|el|da|do|das|dos|di|della|delle|dei|e|y)\\s)*\\p{Lu}[\\p{L}'’.-]+(?:\\s(?:(?:de|del|la|las|los|da|do|di|della|e|y)\\s)*\\p{Lu}[\\p{L}'’.-]+){0,4},?\\s+(?:n[º°.o]\\s?|#\\s?|no\\.?\\s?)?\\d{1,5}(?:[-–/]\\d{1,4})?[A-Za-z]?(?![\\d])(?:,\\s*\\d{1,2}[º°ª]?\\s?[A-Za-z]?\\b)?(?:,?\\s*\\d{2}-?\\d{3}(?:-\\d{3})?\\s+${city})?(?:,\\s*${city})?(?:,?\\s+${country})?`,
      'gu',
    ),
    score: (match, text, at) => evidence(match, text, at, 1.6),
  },
  {
    // A town with its code alone: Austin, TX 78701; Leeds LS6 2AB.
    pattern: new RegExp(
      `(?<![\\p{L}\\d])${city},\\s+(?:(?:${states})\\s+\\d{5}(?:-\\d{4})?|(?:${stateNames})\\s+\\d{5}(?:-\\d{4})?|(?:${states})\\s+[A-Z]\\d[A-Z] ?\\d[A-Z]\\d|(?:NSW|VIC|QLD|TAS|ACT|WA|SA|NT)\\s+\\d{4})(?!\\d)`,
      'gu',
    ),
    score: () => 1.6,
  },
  {
    pattern: new RegExp(
      `(?<![\\p{L}\\d])(?:(?:\\d{1,4}[A-Z]?\\s(?:\\p{Lu}[\\p{L}'’]+\\s?){1,4},\\s+)?(?:${city},?\\s+){1,2})?(?:[A-PR-UWYZ][A-HK-Y]?\\d[A-HJKSTUW\\d]?\\s\\d[ABD-HJLNP-UW-Z]{2})(?![\\p{L}\\d])`,
      'gu',
    ),
    score: (match, text, at) => (cue.test(before(text, at, 32)) ? 1.5 : 0.3) + (/^\d/.test(match) ? 1.5 : 0),
  },
];

/** Addresses in Latin letters. */
export function findLatinAddresses(text: string, hint: Hint): Span[] {
  const found: Span[] = [];
  if (!/\d/.test(text) || !/[\p{Script=Latin}]{2}/u.test(text)) return found;
  const [streets, boxes] = [
    new RegExp(`\\s${street}(?![\\p{L}])`, 'u').test(text),
    /box|bag|fach|apartado|\bBP\b/i.test(text),
  ];
  for (const [i, { pattern, score }] of shapes.entries()) {
    if ((i === 0 && !streets) || (i === 2 && !boxes)) continue;
    for (const match of text.matchAll(pattern)) {
      const raw = match[0].replace(/[\s,.;]+$/, '');
      const value = score(raw, text, match.index) + (hint === 'address' ? 3 : 0);
      found.push({ kind: 'address', start: match.index, end: match.index + raw.length, score: sigmoid(value) });
    }
  }
  if (
    hint === 'address' &&
    text.trim().length <= 200 &&
    /\d/.test(text) &&
    /\p{L}{3}/u.test(text) &&
    !/\p{Script=Han}/u.test(text)
  ) {
    found.push({
      kind: 'address',
      start: text.length - text.trimStart().length,
      end: text.trimEnd().length,
      score: 0.85,
    });
  }
  return found;
}

const H = '[\\p{Script=Han}]';
const numeral = '[\\dA-Za-zＡ-Ｚ０-９一二三四五六七八九十百甲乙丙丁东西南北-]';
/** Fine parts: streets, villages, buildings, rooms, most telling first. */
const fine = new RegExp(
  `(?:${H}{1,12}?(?:路|大街|大道|街|巷|弄|胡同|里弄|公路|国道|环路|环|道)(?:${numeral}{1,6}(?:段|巷|弄|支路|号院|号楼))?(?:(?:东|西|南|北|中)(?:段|侧|路|街)?)?)|(?:${numeral}{1,8}(?:号楼|号院|号|栋|幢|座|单元|室|楼|层|弄|组|队|户|门|铺|房|门面|宿舍))|(?:[\\p{Script=Han}A-Za-z0-9]{2,16}?(?:小区|社区|花园|花苑|家园|新村|公寓|大厦|广场|苑|庄园|城|中心|科技园|产业园|工业园|园区|园|大楼|写字楼|商城|宿舍|公馆|府|湾|庭|郡|名邸|村|屯|庄|镇|乡|街道|组|大学|学院|医院|中学|小学)(?![路街巷弄道]|大[道街]))`,
  'gu',
);
const coarse = new RegExp(
  `^(?:中国)?(?:(?:${[...provinces].join('|')})(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)?)?(?:(?:${[...cities].join('|')})(?:市|地区|盟|州)?|${H}{2,6}?(?:市|自治州|地区|盟))?(?:${H}{1,7}?(?:新区|开发区|高新区|区|县|旗|市))?(?:${H}{1,7}?(?:街道|镇|乡))?`,
  'u',
);
const begins = new RegExp(`(?:${[...provinces, ...cities].join('|')})`, 'gu');
const hanCue =
  /(?:地址|住址|居住地|家庭住址|现住址|户籍地|户籍地址|户籍|籍贯|收货地址|收件地址|寄往|寄到|寄至|送到|送至|送往|住在|家住|住于|居住于|居住在|位于|坐落于|坐落在|暂住|常住|搬到|搬至|搬家到|现居|现住|租住在|租住于|办公地点|办公地址|地点|公司地址|通讯地址|邮寄地址|配送至|发往|发到|上门|在|到|至|往)(?:为|是|：|:|\s|在|于|改为|改成|填写为|写的是|变更为)*$/u;
/** Characters that lead into an address and are no part of it. */
const leadIn =
  /^(?:.*?(?:地址|住址|住在|家住|寄到|寄往|寄至|送到|送至|送往|位于|坐落于|居住于|居住在|搬到|搬至|现居|现住|租住在|配送至|发往|发到|户籍|[：:，,。；;（(“「\s在到至往为是于从去请把将给]))+/u;

/** From one address to the next: 搬到了上海市, 和北京市. */
const between = new RegExp(
  `^${H}{0,2}?(?:[搬迁改换转移寄送运]?[到至]|[去前]往|改[为成]|换成|和|与|及)了?(?=${[...provinces, ...cities].join('|')})`,
  'u',
);

/** Addresses in Chinese characters. */
export function findHanAddresses(text: string, hint: Hint): Span[] {
  const found: Span[] = [];
  if (!/\p{Script=Han}/u.test(text)) return found;
  for (const piece of text.matchAll(/[\p{Script=Han}\dA-Za-z０-９#＃（）()·\-－—–~、 ]{4,}/gu)) {
    const base = piece.index;
    const whole = piece[0];
    const finds = [...whole.matchAll(fine)].map((match) => {
      const lead = between.exec(match[0])?.[0].length ?? 0;
      return { start: match.index + lead, end: match.index + match[0].length, raw: match[0].slice(lead) };
    });
    // Parts that follow each other closely belong to one address.
    for (let i = 0; i < finds.length; i++) {
      let j = i;
      while (
        j + 1 < finds.length &&
        finds[j + 1].start - finds[j].end <= 2 &&
        /^[\s、\-－—–#＃()（）·]*$/.test(whole.slice(finds[j].end, finds[j + 1].start))
      )
        j++;
      const span = judgeHan(text, whole, base, finds.slice(i, j + 1), hint);
      if (span) found.push(span);
      i = j;
    }
  }
  // Province, city and district with a word that says address, and nothing finer.
  for (const match of text.matchAll(begins)) {
    const rest = coarse.exec(text.slice(match.index))?.[0] ?? '';
    const units = rest.match(/省|市|自治区|区|县|旗|镇|乡|街道/gu)?.length ?? 0;
    if (units < 2) continue;
    const told = hanCue.test(text.slice(Math.max(0, match.index - 12), match.index)) || hint === 'address';
    const score = sigmoid(
      -1.6 + units * 0.35 + (told ? 1.4 : 0) + (hint === 'address' ? 1.5 : 0) + (units >= 3 ? 0.7 : 0),
    );
    found.push({ kind: 'address', start: match.index, end: match.index + rest.length, score });
  }
  if (
    hint === 'address' &&
    text.trim().length <= 120 &&
    /\p{Script=Han}{3}/u.test(text) &&
    /[路街区县市镇乡村号室楼弄省巷道]/u.test(text)
  ) {
    found.push({
      kind: 'address',
      start: text.length - text.trimStart().length,
      end: text.trimEnd().length,
      score: 0.9,
    });
  }
  return found;
}

interface Part {
  start: number;
  end: number;
  raw: string;
}

function judgeHan(text: string, whole: string, base: number, parts: readonly Part[], hint: Hint): Span | undefined {
  let start = parts[0].start;
  const end = parts[parts.length - 1].end;
  // The coarse units stand before; begin at the first province or city that runs up to the parts.
  const head = whole.slice(0, end);
  let anchored = 0;
  for (const match of head.matchAll(begins)) {
    const rest = coarse.exec(head.slice(match.index))?.[0] ?? '';
    if (match.index <= parts[0].start && match.index + rest.length >= parts[0].start - 1) {
      start = match.index;
      anchored = (rest.match(/省|市|自治区|区|县|旗|镇|乡|街道/gu)?.length ?? 0) + 1;
      break;
    }
    if (match.index > parts[0].start && match.index < parts[0].end) {
      start = match.index;
      anchored = (rest.match(/省|市|自治区|区|县|旗|镇|乡|街道/gu)?.length ?? 0) + 1;
      break;
    }
  }
  if (anchored === 0) {
    // A district or a town without its city: 朝阳区建国路88号.
    const near = /(?:[\p{Script=Han}]{2,4}(?:新区|区|县|市|镇|乡|街道)){1,3}$/u.exec(whole.slice(0, start));
    if (near) start = near.index;
    const first = whole.slice(start, parts[0].end);
    const lead = leadIn.exec(first);
    if (lead && lead[0].length < first.length - 1) start += lead[0].length;
    anchored = /(?:区|县|市|镇|乡|街道)/u.test(whole.slice(start, end)) ? 0.7 : 0;
  }
  const raw = whole.slice(start, end);
  const road = /(?:路|街|巷|弄|胡同|公路|道)/u.test(raw);
  const numbered = /[\d０-９一二三四五六七八九十百A-Za-z]+(?:号|弄|栋|幢|座|单元|室|楼|层|组|房)/u.test(raw);
  const estate =
    /(?:小区|社区|花园|花苑|家园|新村|公寓|大厦|广场|苑|公馆|府|科技园|产业园|工业园|园区|大楼|写字楼|村|屯|庄|宿舍)/u.test(
      raw,
    );
  const room = /[\dA-Za-z]+\s?(?:室|单元|栋|幢|座|号楼)|\d{3,4}房/u.test(raw);
  let sum = -2.6 + Math.min(3, anchored) * 0.9;
  if (road && numbered) sum += 2.4;
  else if (estate && numbered) sum += 2.2;
  else if (road || estate) sum += 0.5;
  else sum -= 0.8;
  if (room) sum += 0.8;
  if (hanCue.test(text.slice(Math.max(0, base + start - 12), base + start))) sum += 1.1;
  if (hint === 'address') sum += 3;
  if (!road && !estate && anchored < 1) sum -= 2.5;
  if (raw.length < 5) sum -= 1;
  if (
    /(?:高速|网络|思路|道路|线路|电路|一路|铁路|知道|频道|渠道|管道|轨道|味道|报道|公里|这里|那里|哪里|心里|夜里|套路|出路|迷路|半路)/u.test(
      raw,
    ) &&
    !numbered
  )
    sum -= 2;
  let stop = base + end;
  const more = /^(?:[（(][\p{Script=Han}\d]{2,12}[）)])/u.exec(text.slice(stop));
  if (more && sum > 0) stop += more[0].length;
  return { kind: 'address', start: base + start, end: stop, score: sigmoid(sum) };
}
