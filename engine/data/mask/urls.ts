// Addresses of the web that give away a secret: a password before the host, a token in the query or in the path. Others stay.
import type { Span } from './span.ts';

const url = /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s<>"'“”‘’`，。；、）】》]+/gi;
const strong =
  /^(?:(?:access|auth|api|id|refresh|session|user|security|csrf|reset|verify|x-amz|x-goog|x-oss|sas|private|bot|invite|upload|download|share)[_-]?)*(?:token|key|secret|password|passwd|pwd|passcode|signature|sign|jwt|apikey|credential|hmac)$/i;
const weak =
  /^(?:sig|auth|code|session|sid|sessionid|jsessionid|phpsessid|key|ticket|otp|hash|nonce|t|k|s|x-amz-credential|awsaccesskeyid|client_id|appid|invite|oauth|state|se|sv|st|policy)$/i;
const placeholder =
  /^(?:your|my|the|some|x{3,}|\*+|<|\{|\$|%7b|example|placeholder|token|key|secret|password|value|string|null|none|true|false|undefined|asc|desc|name|id|date|\d{1,6}$)/i;
const hooks =
  /hooks\.slack\.com\/(?:services|workflows)\/\w{6,}|discord(?:app)?\.com\/api\/webhooks\/\d{6,}\/[\w-]{10,}|api\.telegram\.org\/bot\d+:|open\.feishu\.cn\/open-apis\/bot\/v2\/hook\/[\w-]{10,}|oapi\.dingtalk\.com\/robot\/send\?|qyapi\.weixin\.qq\.com\/cgi-bin\/webhook\/send\?|webhook\.office\.com\/|outlook\.office\.com\/webhook\//i;
const secretPath =
  /\/(?:reset|reset-password|password-reset|password\/reset|verify|verify-email|confirm|activate|invite|invitation|magic|magic-link|unsubscribe|share|shared|s3cr3t|private|token|auth|signin|login|secret|secrets)\/([\w.~-]{16,})/i;

const random = (value: string): boolean =>
  value.length >= 12 && /\d/.test(value) && /[a-z]/i.test(value) && !/^[a-z]+(?:-[a-z]+)+(?:-\d+)?$/i.test(value);

function scoreOf(address: string): number {
  const user = /^[a-z][a-z0-9+.-]*:\/\/([^/\s@:]*):([^/\s@]+)@/i.exec(address);
  if (user && !/^(?:\$|<|\{|x{3,}|\*+$|your|password$|pass$|pwd$)/i.test(user[2])) return 0.98;
  if (hooks.test(address)) return 0.97;
  const path = secretPath.exec(address);
  if (path && random(path[1])) return 0.9;
  const at = address.search(/[?#;]/);
  if (at < 0) return 0;
  let best = 0;
  for (const pair of address.slice(at + 1).split(/[&;#?]/)) {
    const mark = pair.indexOf('=');
    if (mark < 0) continue;
    const [name, value] = [pair.slice(0, mark), pair.slice(mark + 1)];
    if (placeholder.test(value)) continue;
    if (
      strong.test(name) &&
      value.length >= 6 &&
      (/\d|[A-Z]|%|[^\w]/.test(value) || value.length >= 16 || /pass|pwd|secret/i.test(name))
    )
      best = Math.max(best, 0.95);
    else if (weak.test(name) && random(value)) best = Math.max(best, 0.85);
  }
  return best;
}

/** Addresses that hold a secret, whole. */
export function findUrls(text: string): Span[] {
  const found: Span[] = [];
  for (const match of text.matchAll(url)) {
    const address = match[0].replace(/[.,!?:)\]}]+$/, '');
    const score = scoreOf(address);
    if (score > 0) found.push({ kind: 'url', start: match.index, end: match.index + address.length, score });
  }
  return found;
}
