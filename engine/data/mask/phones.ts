// Telephone numbers: Chinese, North American, European and international forms. What has a country code or the shape of a
// national number and no sign of being something else counts; bare digits want a word that says so.
import { before, type Hint, otherNumber, type Span } from './span.ts';

const cue =
  /(?:phones?|tele?|telephone|tel\.?|mobile|mob|cell|cellphone|call|calls|called|calling|dial|ring|text|texted|sms|fax|whatsapp|wechat|signal|viber|contact|reach|hotline|helpline|line|number|voicemail|direct|desk|home|office|ph|ext|handy|telefon|tél|téléphone|telefono|teléfono|móvil|celular|电话|手机|手机号|手机号码|联系电话|联系方式|联系|致电|拨打|来电|座机|固话|传真|热线|客服|微信|微信号|短信|号码|预留|办公电话|机主|家长|打给|打我|打)[^\p{L}\p{N}]{0,6}(?:me|us|him|her|them|at|on|is|was|no|number|number is|or|：|是|为|至|给|我|联系|of|via|my|号|号码|please|back)?[^\p{L}\p{N}]{0,6}(?:at|on|is|是|为)?[^\p{L}\p{N}]{0,4}$/iu;
const notPhone =
  /(?:\$|€|£|¥|￥|usd|rmb|eur|isbn|issn|uuid|0x|\bpi\b|π|latitude|longitude|lat|lon|lng|coordinates?|pmid|arxiv|cas|tax|vat|ein|abn|qq|qq号|群|群号|证|证号)[\s:：#=]*$/iu;

interface Form {
  pattern: RegExp;
  /** Score with nothing said around it, and with a word that says it is a telephone. */
  alone: number;
  told: number;
}

const noDigitBefore = '(?<![\\dA-Za-z_.+#/@-])';
const noDigitAfter = '(?![\\dA-Za-z_@]|[.-]\\d|-[A-Za-z])';
const extension = '(?:\\s?(?:x|ext\\.?|extension|转|-)\\s?\\d{1,6})?';
const form = (pattern: string, alone: number, told: number): Form => ({
  pattern: new RegExp(`${noDigitBefore}${pattern}${noDigitAfter}`, 'gi'),
  alone,
  told,
});

const forms: readonly Form[] = [
  // Chinese mobile numbers, with or without the country code.
  form('(?:(?:\\+|00)?\\(?86\\)?[-\\s]?)?1[3-9]\\d[-\\s]?\\d{4}[-\\s]?\\d{4}', 0.93, 0.99),
  form('1[3-9]\\d{2}[-\\s]\\d{3}[-\\s]\\d{4}', 0.85, 0.97),
  // Chinese fixed lines.
  form(
    `(?:(?:\\+|00)86[-\\s]?)?[（(]0?(?:10|2\\d|[3-9]\\d{2})[）)][-\\s]?\\d{3,4}[-\\s]?\\d{4}${extension}`,
    0.95,
    0.98,
  ),
  form(`0(?:10|2\\d|[3-9]\\d{2})[-\\s—–－]\\d{7,8}${extension}`, 0.92, 0.98),
  form(`0(?:10|2\\d|[3-9]\\d{2})\\d{7,8}${extension}`, 0.3, 0.92),
  form('[48]00[-\\s]?\\d{3}[-\\s]?\\d{4}', 0.4, 0.95),
  form('[48]00-\\d{3,4}-\\d{3,4}', 0.85, 0.95),
  // International.
  form(`(?:\\+|＋)\\d{1,3}(?:[\\s.-]?\\(?0?\\d{1,5}\\)?){1,6}${extension}`, 0.95, 0.98),
  form('00[1-9]\\d{0,2}(?:[\\s.-]\\(?\\d{1,5}\\)?){2,5}', 0.7, 0.95),
  // North American.
  form(`(?:1[-.\\s])?\\([2-9]\\d{2}\\)[-.\\s]?[2-9]\\d{2}[-.\\s]?\\d{4}${extension}`, 0.96, 0.99),
  form(`(?:1[-.\\s])?[2-9]\\d{2}[-.\\s/][2-9]\\d{2}[-.\\s]\\d{4}${extension}`, 0.88, 0.98),
  form('1?[2-9]\\d{2}[2-9]\\d{6}', 0.15, 0.9),
  form('[2-9]\\d{2}[-.]\\d{4}', 0.3, 0.88),
  // British, Irish, German, French, Italian, Indian, Australian, Japanese trunk forms.
  form(`\\(0\\d{1,5}\\)[\\s/-]?\\d{3,4}[\\s-]?\\d{3,6}${extension}`, 0.94, 0.98),
  form(`0\\d{2,4}[\\s/-]\\d{3,4}[\\s-]\\d{3,4}${extension}`, 0.85, 0.97),
  form('0\\d{2,5}[\\s/-]\\d{5,9}(?:-\\d{1,4})?', 0.6, 0.95),
  form('0[1-9](?:[\\s.-]\\d{2}){4}', 0.95, 0.98),
  form('0\\d{1}[\\s-]\\d{4}[\\s-]\\d{4}', 0.88, 0.97),
  form('0[45]\\d{2}[\\s-]\\d{3}[\\s-]\\d{3}', 0.9, 0.97),
  form('07\\d{9}', 0.75, 0.96),
  form('0\\d{8,10}', 0.2, 0.9),
  form('[6-9]\\d{4}[\\s-]\\d{5}', 0.6, 0.95),
  form('[69]\\d{2}[\\s]\\d{3}[\\s]\\d{3}', 0.4, 0.93),
  form('[2-9]\\d{3}[\\s-]\\d{4}', 0.15, 0.88),
  form('[2-9]\\d{6,7}', 0, 0.75),
];

/** A form tried on digits that are a date or a time. */
const dateLike =
  /^(?:19|20)\d{2}[-./\s](?:0?[1-9]|1[0-2])[-./\s]|^(?:0?[1-9]|[12]\d|3[01])[-./](?:0?[1-9]|1[0-2])[-./](?:19|20)\d{2}$/;

/** Telephone numbers in a text; of overlapping forms the caller takes the best. */
export function findPhones(text: string, hint: Hint): Span[] {
  const found: Span[] = [];
  if (!/\d{3}|\d[ .-]\d/.test(text)) return found;
  for (const { pattern, alone, told } of forms) {
    for (const match of text.matchAll(pattern)) {
      const raw = match[0];
      const digits = raw.replace(/\D/g, '').length;
      if (digits < 7 || digits > 20 || (raw[0] === '+' && digits < 8) || dateLike.test(raw)) continue;
      if (/^(\d)\1+$/.test(raw.replace(/\D/g, ''))) continue;
      const said = before(text, match.index, 40);
      const isTold = hint === 'phone' || cue.test(said);
      const isOther = otherNumber.test(said) || notPhone.test(said);
      let score = isTold ? told : alone;
      if (isOther && hint !== 'phone') score = alone * (raw[0] === '+' ? 0.9 : 0.3);
      if (score > 0) found.push({ kind: 'phone', start: match.index, end: match.index + raw.length, score });
    }
  }
  return found;
}
