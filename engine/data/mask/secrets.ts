// Keys, tokens and passwords: those with a form of their own, and values that are called one. Hashes and identifiers, which
// look as random, are left alone unless something says what they are.
import type { Hint, Span } from './span.ts';

const known: readonly RegExp[] = [
  /\b(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA)[A-Z0-9]{16}\b/g,
  /\bgh[opusr]_[A-Za-z0-9]{30,255}\b/g,
  /\bgithub_pat_[A-Za-z0-9_]{22,255}\b/g,
  /\bgl(?:pat|ptt|dt|rt|cbt)-[A-Za-z0-9_-]{20,}\b/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}\b/g,
  /\bxapp-\d-[A-Za-z0-9-]{20,}\b/g,
  /\b(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{10,}\b/g,
  /\bwhsec_[A-Za-z0-9+/=]{20,}/g,
  /\bsk-(?=[A-Za-z0-9_-]*\d)(?:proj-|ant-|or-|svcacct-)?[A-Za-z0-9_-]{20,}\b/g,
  /\bAIza[0-9A-Za-z_-]{30,40}\b/g,
  /\bya29\.[0-9A-Za-z_-]{20,}/g,
  /\bGOCSPX-[0-9A-Za-z_-]{20,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]{4,})?/g,
  /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----|$)/g,
  /\bnpm_[A-Za-z0-9]{30,}\b/g,
  /\bpypi-[A-Za-z0-9_-]{20,}/g,
  /\bdckr_pat_[A-Za-z0-9_-]{20,}/g,
  /\bSG\.[\w-]{16,32}\.[\w-]{20,64}/g,
  /\bhf_[A-Za-z0-9]{30,}\b/g,
  /\br8_[A-Za-z0-9]{30,}\b/g,
  /\bdo[opr]_v1_[a-f0-9]{40,}\b/g,
  /\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{30,}\b/g,
  /\bsq0(?:atp|csp|idp)-[\w-]{20,}/g,
  /\bkey-[0-9a-f]{32}\b/g,
  /\b(?:LTAI)[A-Za-z0-9]{12,24}\b/g,
  /\bAKID[A-Za-z0-9]{13,40}\b/g,
  /\b\d{8,10}:AA[A-Za-z0-9_-]{30,36}\b/g,
  /\bnk_[A-Za-z0-9]+_[A-Za-z0-9_-]{16,}/g,
  /\bAccountKey=[A-Za-z0-9+/]{40,}={0,2}/g,
  /\bvault:v\d+:[A-Za-z0-9+/=]{20,}|\bhvs\.[A-Za-z0-9_-]{20,}/g,
  /\batlasv1\.[A-Za-z0-9_-]{30,}|\bglsa_[A-Za-z0-9_]{30,}|\blin_api_[A-Za-z0-9]{30,}|\bsntrys_[A-Za-z0-9_=+/]{20,}|\bfigd_[\w-]{30,}|\bdapi[0-9a-f]{32}\b|\bsecret_[A-Za-z0-9]{40,}\b|\bntn_[A-Za-z0-9]{30,}/g,
];

const called = new RegExp(
  [
    '(?:(?:[\\p{L}\\p{N}_.-]*?(?:password|passwd|passphrase|passcode|pwd|secret|token|api[ _-]?key|apikey|access[ _-]?key|private[ _-]?key|auth[ _-]?key|secret[ _-]?key|client[ _-]?secret|credentials?|encryption[ _-]?key|signing[ _-]?key|license[ _-]?key|session[ _-]?id|bearer)(?:[_-][A-Za-z\\d]{1,12})?)',
    '|密码|口令|密钥|秘钥|令牌|私钥|授权码|访问密钥|登录密码|初始密码|临时密码|默认密码|提取码|激活码|验证码|安全码|wifi密码|api密钥)',
    '(?:[\'"`]?\\s*(?:=>|:=|[:=：＝]|\\bis\\b:?|\\bwas\\b:?|\\bto\\b|是|为|→|->|改为|改成|设为|重置为)\\s*[\'"“`]?|\\s+[\'"“`]|(?<=bearer)\\s+)',
    '([^\\s\'"“”`,;，。；、）)\\]}<>]{4,512})',
  ].join(''),
  'giu',
);
const header =
  /\b(?:authorization|proxy-authorization|x-api-key|x-auth-token)\s*[:=]\s*(?:basic|bearer|token|digest|apikey)?\s*([A-Za-z0-9+/._~=-]{8,})/gi;
const bearer = /\bbearer\s+([A-Za-z0-9+/._~=-]{16,})/gi;

const placeholder =
  /^(?:\$|%|#\{|\{\{|<|\[|x{3,}|\*{2,}|•{2,}|\.{3}|…|your|my|the[_-]|some|example|sample|changeme|placeholder|redacted|hidden|null|none|nil|true|false|undefined|string|required|optional|process\.env|os\.environ|env\.|get|getenv|config|settings|self\.|this\.|req\.|request\.|params|input|hash|bcrypt|sha\d*|md5|argon|encrypt|missing|invalid|incorrect|expired|wrong|empty|protected|reset|change|manager|policy|strength|field|prompt|based|auth)/i;

/** Shannon's entropy of the characters, bits each. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  return [...counts.values()].reduce((sum, n) => sum - (n / text.length) * Math.log2(n / text.length), 0);
}

/** How sure a value that is called a secret is one: words of a sentence are not. */
function judge(value: string, name: string): number {
  if (placeholder.test(value) || /^\W+$/.test(value) || /[(){}[\]]/.test(value)) return 0;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z\d]/].filter((kind) => kind.test(value)).length;
  if (/验证码|提取码|激活码|授权码|passcode/i.test(name))
    return /^[A-Za-z0-9-]{4,}$/.test(value) && /\d/.test(value) ? 0.85 : 0.3;
  if (/session/i.test(name)) return value.length >= 12 && entropy(value) > 3 ? 0.9 : 0.1;
  if (/[\p{Script=Han}]/u.test(value)) return 0;
  if (/^\d+$/.test(value))
    return value.length >= 4 && /密码|口令|pass|pwd|pin/i.test(name) && value.length <= 16 ? 0.8 : 0.3;
  if (kinds >= 2 && /\d|[^A-Za-z\d.,:;!?'-]/.test(value)) return 0.95;
  if (value.length >= 20 && entropy(value) >= 3.5) return 0.9;
  return kinds >= 2 && /[a-z][A-Z]/.test(value) && value.length >= 8 ? 0.55 : 0.1;
}

/** Keys, tokens and passwords in a text; of what is called one, the value alone. */
export function findSecrets(text: string, hint: Hint): Span[] {
  const found: Span[] = [];
  const add = (start: number, length: number, score: number) => {
    if (score > 0) found.push({ kind: 'secret', start, end: start + length, score });
  };
  for (const pattern of known) for (const match of text.matchAll(pattern)) add(match.index, match[0].length, 0.99);
  for (const match of text.matchAll(called)) {
    const value = (match[1] ?? '').replace(/[.!?:]+$/, '');
    add(
      match.index + match[0].length - (match[1] ?? '').length,
      value.length,
      judge(value, match[0].slice(0, match[0].length - (match[1] ?? '').length)),
    );
  }
  for (const pattern of [header, bearer]) {
    for (const match of text.matchAll(pattern)) {
      const value = match[1] ?? '';
      if (!placeholder.test(value) && entropy(value) > 2.5)
        add(match.index + match[0].length - value.length, value.length, 0.95);
    }
  }
  if (hint === 'secret' && /^\S{8,}$/.test(text.trim()) && entropy(text.trim()) > 2.5) {
    add(text.length - text.trimStart().length, text.trim().length, 0.9);
  }
  return found;
}
