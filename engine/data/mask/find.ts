// All findings of a text, at most one in any place. Pure: asks nothing but the text and the name of its column.
import { type MaskKind, maskKinds } from '../../schema/index.ts';
import { findHanAddresses, findLatinAddresses } from './addresses.ts';
import { findHanNames } from './namesHan.ts';
import { findLatinNames } from './namesLatin.ts';
import { type Hint, type Span, threshold } from './span.ts';
import { findStructured } from './structured.ts';

const hints: readonly [Hint, RegExp][] = [
  ['email', /e-?mail|邮箱|邮件|电子邮/i],
  ['phone', /phone|mobile|(?:^|[_ .-])tel(?:$|[_ .-])|cell|fax|whatsapp|电话|手机|联系方式|传真/i],
  ['id_card', /ssn|social.?sec|passport|id.?card|national.?id|identity|身份证|证件|护照/i],
  ['bank_card', /card.?(?:no|num)|credit.?card|bank.?(?:card|account)|pan$|银行卡|卡号/i],
  ['secret', /password|passwd|secret|token|api.?key|密码|口令|密钥/i],
  ['address', /address|(?:^|[_ .-])addr|street|residence|地址|住址|户籍/i],
  [
    'name',
    /^(?:full|first|last|given|family|sur|middle|contact|customer|client|patient|employee|user|student|author|owner|person|passenger|member|guest|manager|recipient|sender|doctor|teacher|agent|maintainer|applicant|cardholder|account)?[ _.-]?(?:names?|surname)$|^(?:author|customer|contact|contact_person|maintainer|assignee|reporter|patient|employee|recipient|applicant)s?$|姓名|名字|联系人|收件人|收货人|经办人|负责人|客户名|申请人|患者|员工/i,
  ],
];

/** What the name of a column promises of its cells. */
export function hintOfColumn(column: string): Hint {
  return hints.find(([, pattern]) => pattern.test(column))?.[0];
}

export interface FindOptions {
  kinds?: readonly MaskKind[] | undefined;
  hint?: Hint;
  /** Findings below the line too, for estimates. */
  doubtful?: boolean;
}

/** Longest text that is looked at; what follows is masked piece by piece. */
const pieceLength = 3000;

/** Findings in the order of the text, none within another. */
export function findSensitive(text: string, { kinds, hint, doubtful = false }: FindOptions = {}): Span[] {
  if (text.length > pieceLength) return inPieces(text, { kinds, hint, doubtful });
  const wanted = new Set(kinds ?? maskKinds);
  // All kinds are looked for: a bank card is no telephone number even where only those are asked for.
  const all = new Set(maskKinds);
  const numbered = /[\d@＠:=密口验令]|\bat\b|password|passphrase/i.test(text);
  const spans = numbered ? findStructured(text, hint, all) : [];
  if (wanted.has('address') || wanted.has('name')) {
    spans.push(...findLatinAddresses(text, hint), ...findHanAddresses(text, hint));
  }
  if (wanted.has('name')) spans.push(...findLatinNames(text, hint), ...findHanNames(text, hint));
  const least = doubtful ? 0.2 : threshold;
  return settle(spans.filter(({ score }) => score >= least)).filter(({ kind }) => wanted.has(kind));
}

/** Kinds that win over others in the same place where the scores are alike. */
const rank: Record<MaskKind, number> = {
  url: 9,
  secret: 8,
  email: 8,
  iban: 8,
  id_card: 7,
  bank_card: 6,
  ip: 6,
  address: 4,
  phone: 5,
  name: 2,
};

/** The best findings of those that overlap: sure ones first, then the stronger kind, then the longer. */
function settle(spans: Span[]): Span[] {
  const worth = ({ kind, start, end, score }: Span) =>
    (score >= threshold ? 100 : 0) + rank[kind] + score * 3 + Math.min(60, end - start) / 40;
  const kept: Span[] = [];
  for (const span of spans.toSorted((a, b) => worth(b) - worth(a))) {
    if (span.end > span.start && !kept.some((one) => span.start < one.end && one.start < span.end)) kept.push(span);
  }
  return joined(kept.sort((a, b) => a.start - b.start));
}

/** Parts of one address that stand beside each other are one finding. */
function joined(spans: readonly Span[]): Span[] {
  const out: Span[] = [];
  for (const span of spans) {
    const last = out.at(-1);
    if (last?.kind === 'address' && span.kind === 'address' && span.start - last.end <= 2) {
      last.end = span.end;
      last.score = Math.max(last.score, span.score);
    } else out.push({ ...span });
  }
  return out;
}

function inPieces(text: string, options: FindOptions): Span[] {
  const found: Span[] = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + pieceLength);
    if (to < text.length) {
      const cut = Math.max(...['\n', ' ', '。'].map((mark) => text.lastIndexOf(mark, to - 1)));
      if (cut > from + pieceLength / 2) to = cut + 1;
    }
    for (const span of findSensitive(text.slice(from, to), options)) {
      found.push({ ...span, start: span.start + from, end: span.end + from });
    }
    from = to;
  }
  return found;
}
