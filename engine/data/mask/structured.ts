// Finds what has a form of its own: mail addresses, numbers with check digits, network addresses, keys. A table of rules, each
// with what a match must pass and how sure it then is; words around it move that up or down. Names and places are elsewhere.
import { isIPv6 } from 'node:net';
import type { MaskKind } from '../../schema/index.ts';
import {
  isAadhaar,
  isBankCard,
  isCpf,
  isDni,
  isHongKongId,
  isIban,
  isNir,
  isOldResidentId,
  isResidentId,
  isSocialSecurity,
  isTaiwanId,
} from './checks.ts';
import { findPhones } from './phones.ts';
import { findSecrets } from './secrets.ts';
import { before, type Hint, otherNumber, type Span } from './span.ts';
import { findUrls } from './urls.ts';

interface Rule {
  kind: MaskKind;
  pattern: RegExp;
  /** Score of a match, 0 for none. */
  judge: (match: string, text: string, at: number, hint: Hint) => number;
}

const fileEnding =
  /\.(?:png|jpe?g|gif|svg|webp|ico|css|scss|less|js|mjs|cjs|ts|tsx|jsx|json|html?|php|py|rb|go|rs|java|cpp|md|txt|csv|xml|ya?ml|zip|gz|tar|exe|dll|so|pdf|docx?|xlsx?|mp[34]|local|localdomain|internal|lan|test|invalid)$/i;
const idCue = (words: string) =>
  new RegExp(
    `(?:${words})(?:[^\\p{L}\\p{N}]{0,4}(?:no|number|num|nr|id|is|was|号|号码|是|为)){0,2}[^\\p{L}\\p{N}]{0,4}$`,
    'iu',
  );
const ssnCue = idCue(
  'ssn|social security|social|social sec|tax id|taxpayer id|tin|sin|social insurance|national id|id number|identity',
);
const ipCue =
  /(?:ip|ipv4|addr|address|host|server|from|gateway|dns|ping|login|client|remote|router|proxy|vpn|connect|to|at|@|地址|主机|服务器|网关|登录|登陆|来自|访问|来源|路由)[^\p{L}\p{N}]{0,3}(?:ip|地址|为|是|：|address|is)?[^\p{L}\p{N}]{0,3}$/iu;
const versionCue =
  /(?:\bv|ver|version|release|build|firmware|driver|section|sec|chapter|clause|article|paragraph|figure|appendix|rev|revision|update|patch|kernel|chrome|firefox|safari|edge|framework|runtime|sdk|assembly|§|第|章|节|条|版本|版|固件|驱动|升级到|更新到|内核)[\s.:_/=：-]*$/i;

const cardCue =
  /(?:card|visa|mastercard|amex|american express|unionpay|debit|credit|pan|account|acct|payment|卡号|卡|银行|储蓄|借记|信用|账号|账户|尾号|银联)[^\n]{0,16}$/i;

/** Chinese passports and travel permits; others say what they are. */
const passport =
  /(?:passport|pass ?port|护照|通行证|台胞证|回乡证|港澳通行证|passeport|reisepass|pasaporte)(?:[^\p{L}\p{N}]{0,4}(?:no|number|num|nr|#|is|was|号|号码|是|为)){0,2}[^\p{L}\p{N}]{0,4}$/iu;
const licence =
  /(?:driver'?s? licen[cs]e|driving licen[cs]e|dl|licen[cs]e|驾驶证|驾照|军官证|社保卡?|医保卡?|居民证|证件)(?:[^\p{L}\p{N}]{0,4}(?:no|number|num|nr|#|is|was|号|号码|编号|是|为)){0,2}[^\p{L}\p{N}]{0,4}$/iu;

const rules: readonly Rule[] = [
  {
    kind: 'email',
    pattern:
      /(?<![A-Za-z0-9À-ɏ._%+'-])[A-Za-z0-9À-ɏ][A-Za-z0-9À-ɏ._%+'-]{0,63}[@＠](?:[A-Za-z0-9À-ɏ](?:[A-Za-z0-9À-ɏ-]{0,62})\.)+[A-Za-z]{2,24}(?![A-Za-z0-9-])/g,
    judge(match, text, at) {
      if (fileEnding.test(match)) return /\.(?:md|py|rs|so|java)$/i.test(match) && !/\d+x\.|@\d/.test(match) ? 0.55 : 0;
      const user = match.slice(0, match.search(/[@＠]/));
      // git@github.com:owner/repository is an address of code.
      if (/^(git|hg|svn)$/i.test(user) && text[at + match.length] === ':') return 0;
      if (/:\/\/[^\s/]*$/.test(before(text, at, 40))) return 0;
      return 0.99;
    },
  },
  {
    kind: 'email',
    pattern:
      /(?<![\w.])[A-Za-z0-9][\w.+-]{1,40}\s*(?:\(at\)|\[at\]|\{at\}|\s at \s?|<at>|#)\s*[A-Za-z0-9-]{2,40}(?:\s*(?:\(dot\)|\[dot\]|\{dot\}|\sdot\s|<dot>|\.)\s*[A-Za-z]{2,12}){1,3}(?!\w)/gi,
    judge(match) {
      const spoken = /(?:\(|\[|\{|<|\s)at/i.test(match) && /dot/i.test(match);
      if (spoken) return 0.95;
      if (match.includes('#')) return /#(?:qq|163|126|gmail|outlook|hotmail|sina|foxmail)\.com/i.test(match) ? 0.9 : 0;
      return /[([{<]at[)\]}>]/i.test(match) && /\.[a-z]{2,12}$/i.test(match) ? 0.9 : 0;
    },
  },
  {
    kind: 'id_card',
    pattern: /(?<![\dA-Za-z.])\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx](?![\dA-Za-z])/g,
    judge: (match) => (isResidentId(match) ? 0.99 : 0),
  },
  {
    kind: 'id_card',
    pattern: /(?<![\dA-Za-z.])\d{15}(?!\d)/g,
    judge: (match, text, at, hint) =>
      isOldResidentId(match) && (hint === 'id_card' || /(?:身份证|证件|身份|id)[^\d]{0,8}$/i.test(before(text, at)))
        ? 0.9
        : 0,
  },
  {
    kind: 'id_card',
    pattern: /(?<![\w.-])\d{3}([- ]?)\d{2}\1\d{4}(?![\w-]|\.\d)/g,
    judge(match, text, at, hint) {
      if (!isSocialSecurity(match)) return 0;
      const cue =
        ssnCue.test(before(text, at, 40)) ||
        hint === 'id_card' ||
        /^[^.;\n]{0,20}(?:\bssn\b|social security)/i.test(text.slice(at + match.length, at + match.length + 48));
      if (otherNumber.test(before(text, at, 32)) && !cue) return 0.2;
      if (match.includes('-')) return cue ? 0.98 : 0.85;
      return cue ? 0.93 : 0;
    },
  },
  {
    // Canadian social insurance numbers pass Luhn's formula; nine digits alone say little.
    kind: 'id_card',
    pattern: /(?<![\w.-])\d{3}[- ]\d{3}[- ]\d{3}(?![\w-])/g,
    judge: (_match, text, at) =>
      /(?:\bsin\b|social insurance|nas\b|nif|\btfn\b|tax file)[^\d]{0,16}$/i.test(before(text, at, 40)) ? 0.95 : 0,
  },
  {
    kind: 'id_card',
    pattern:
      /(?<![\w-])(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?![\w-])/g,
    judge: (match, text, at) =>
      otherNumber.test(before(text, at, 32))
        ? 0.3
        : match.includes(' ') || /(?:ni|nino|insurance)[^\d]{0,14}$/i.test(before(text, at, 32))
          ? 0.96
          : 0.75,
  },
  {
    kind: 'id_card',
    pattern: /(?<![\w-])(?:\d{8}|[XYZ]-?\d{7})-?[A-Z](?![\w-])/g,
    judge: (match, text, at) => (isDni(match) ? (otherNumber.test(before(text, at, 32)) ? 0.4 : 0.93) : 0),
  },
  {
    kind: 'id_card',
    pattern: /(?<![\d.])\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)/g,
    judge: (match) => (isCpf(match) ? 0.98 : 0.3),
  },
  {
    kind: 'id_card',
    pattern: /(?<![\d.-])\d{4}[ -]?\d{4}[ -]?\d{4}(?![\d-]| \d)/g,
    judge: (match, text, at) =>
      isAadhaar(match)
        ? /(?:aadhaar|aadhar|uid)[^\d]{0,16}$/i.test(before(text, at, 32))
          ? 0.98
          : /\d[ -]\d/.test(match) && !otherNumber.test(before(text, at, 32))
            ? 0.6
            : 0.2
        : 0,
  },
  { kind: 'id_card', pattern: /(?<![\w-])[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z](?![\w-])/g, judge: () => 0.97 },
  {
    kind: 'id_card',
    pattern: /(?<![\w-])[12] ?\d{2} ?\d{2} ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}(?![\w-])/g,
    judge: (match) => (isNir(match) ? 0.97 : 0),
  },
  {
    kind: 'id_card',
    pattern: /(?<![A-Za-z\d-])[A-Z][12]\d{8}(?![A-Za-z\d])/g,
    judge: (match, text, at) => (isTaiwanId(match) && !otherNumber.test(before(text, at, 32)) ? 0.93 : 0),
  },
  {
    kind: 'id_card',
    pattern: /(?<![A-Za-z\d-])[A-Z]{1,2}\d{6}\([\dA]\)/g,
    judge: (match) => (isHongKongId(match) ? 0.98 : 0),
  },
  {
    kind: 'id_card',
    pattern: /(?<![A-Za-z\d-])[A-Z]{0,3}\d{6,10}[A-Z]?(?![A-Za-z\d-])/g,
    judge(match, text, at) {
      const said = before(text, at, 40);
      if (passport.test(said)) return 0.95;
      return licence.test(said) && /[A-Z]/.test(match) ? 0.8 : 0;
    },
  },
  {
    kind: 'bank_card',
    pattern:
      /(?<![\dA-Za-z.+-])(?:\d{4}(?:[ -]\d{4}){2,3}(?:[ -]\d{1,4})?|\d{4}[ -]\d{6}[ -]\d{4,5}|\d{6}[ -]\d{4}[ -]\d{4}[ -]\d{4,5}|\d{6}[ -]\d{10,13}|\d{13,19})(?![\dA-Za-z-]|[ .]\d)/g,
    judge(match, text, at, hint) {
      if (!isBankCard(match)) return 0;
      const said = before(text, at, 32);
      if (cardCue.test(said) || hint === 'bank_card') return 0.99;
      if (otherNumber.test(said)) return 0.15;
      return /[ -]/.test(match) ? 0.95 : 0.85;
    },
  },
  {
    kind: 'iban',
    pattern: /(?<![A-Za-z\d])[A-Z]{2}\d{2}(?:[ -]?[A-Z\d]{4}){2,7}(?:[ -]?[A-Z\d]{1,3})?(?![A-Za-z\d])/g,
    judge: (match) => (isIban(match) ? 0.99 : 0),
  },
  {
    kind: 'ip',
    pattern:
      /(?<![\d.A-Za-z-])(?:25[0-5]|2[0-4]\d|1\d{2}|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d{2}|[1-9]?\d)){3}(?![\d]|\.\d|[A-Za-z-]\w)(?:\/(?:3[0-2]|[12]?\d)(?!\d))?/g,
    judge(match, text, at) {
      const bytes = match.replace(/\/.*/, '').split('.').map(Number);
      if (
        ['127.0.0.1', '0.0.0.0', '255.255.255.255', '255.255.255.0', '255.255.0.0', '255.0.0.0'].includes(
          bytes.join('.'),
        )
      )
        return 0;
      const said = before(text, at, 24);
      if (versionCue.test(said)) return 0.05;
      const cue = ipCue.test(said);
      if (bytes.every((byte) => byte < 30)) return cue ? 0.85 : 0.3;
      return cue ? 0.98 : 0.9;
    },
  },
  {
    kind: 'ip',
    pattern: /(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?:%\w+)?(?:\/\d{1,3})?(?![\w:])/g,
    judge(match) {
      const address = match.replace(/[%/].*/, '');
      if (!isIPv6(address) || !/[0-9a-f]/i.test(address)) return 0;
      const groups = address.split(':').filter((group) => group !== '').length;
      return groups < 2 || (!/[a-f]/i.test(address) && groups < 4) ? 0.2 : 0.96;
    },
  },
];

/** Texts with fewer digits have none of the kind. */
const fewestDigits: Record<MaskKind, number> = {
  email: 0,
  phone: 7,
  id_card: 5,
  bank_card: 12,
  iban: 6,
  ip: 4,
  url: 0,
  secret: 0,
  name: 0,
  address: 0,
};
const needsAt = /[@＠#]|\bat\b|\[at|\(at/i;

/** Everything of a form of its own; findings may overlap. */
export function findStructured(text: string, hint: Hint, kinds: ReadonlySet<MaskKind>): Span[] {
  const found: Span[] = [];
  const digits = text.replace(/\D/g, '').length;
  for (const { kind, pattern, judge } of rules) {
    if (!kinds.has(kind) || (digits < fewestDigits[kind] && !(kind === 'ip' && text.includes(':')))) continue;
    if (kind === 'email' && !needsAt.test(text)) continue;
    for (const match of text.matchAll(pattern)) {
      const score = judge(match[0], text, match.index, hint);
      if (score > 0) found.push({ kind, start: match.index, end: match.index + match[0].length, score });
    }
  }
  if (kinds.has('phone') && digits >= fewestDigits.phone) found.push(...findPhones(text, hint));
  if (kinds.has('url') && text.includes('://')) found.push(...findUrls(text));
  if (kinds.has('secret')) found.push(...findSecrets(text, hint));
  return found;
}
