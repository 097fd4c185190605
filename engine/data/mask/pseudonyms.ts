// Plausible stand-ins for what masking finds, of the same form and the same for the same finding: everything follows from a
// keyed hash, so that without the key nobody can turn them back or try values out. Keeps no table of who is who.
import { createHmac } from 'node:crypto';
import type { MaskKind } from '../../schema/index.ts';
import { luhn, residentCheck } from './checks.ts';

const list = (text: string): string[] => text.split(' ');
const given = list(
  'Alex Blair Casey Dana Ellis Finley Harper Jamie Kelly Logan Morgan Noel Parker Quinn Reese Robin Sage Taylor Avery Cameron Drew Emery Frankie Hayden Jessie Kendall Lee Marlow Nico Payton Remy Rowan Sasha Shannon Skyler Toni Val Wren Adrian Bailey Charlie Darcy Eden Gray Indigo Jules Kit Lane Micah Oakley',
);
const families = list(
  'Abbot Barlow Carver Dalton Easton Fisher Garner Harlow Ingram Jarvis Keller Lawton Mercer Norton Orwell Palmer Quincy Ransom Sutton Thorne Upton Vernon Walton Yates Ashby Burton Colby Denton Elston Farrow Garland Holden Ives Jordan Kirby Linden Marsh Nolan Osborn Preston Rowley Selby Tilden Vance Wells Alden Bowen Croft Drake',
);
const hanFamilies = Array.from(
  '赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹苏潘葛范彭鲁韦马方俞任袁柳唐罗薛雷贺汤',
);
const hanGiven = list(
  '安宁 知远 明哲 思齐 若水 清和 文轩 子墨 雨桐 嘉言 一凡 书瑶 景行 乐天 承志 浩然 静姝 怀瑾 念真 晨曦 逸飞 芷兰 修远 语嫣 成蹊 望舒 云舒 致远 晓月 亦然',
);
const hanGivenOne = Array.from('宁远哲齐水和轩墨桐言凡瑶行天志然姝瑾真曦飞兰修嫣蹊舒云致月安');
const streets = list(
  'Maple Cedar Willow Birch Juniper Laurel Aspen Hawthorn Rowan Linden Alder Chestnut Poplar Sycamore Hazel Spruce',
);
const towns = list(
  'Ashford Brookfield Clearwater Fairview Glenwood Hillcrest Lakeside Milton Northgate Oakdale Riverton Westbrook',
);
const hanCities = list(
  '云州市青山区 江宁市白塔区 海平市新城区 安阳县城关镇 宁远市东湖区 兰溪市南苑区 永和市北郊区 清源市西河区',
);
const hanStreets = list('和平路 建设路 文化路 光明路 新华街 解放路 长青路 友谊路 滨河路 学府路');

/** A stream of bytes that follows from the key and what is replaced. */
function stream(key: Uint8Array, ...labels: string[]): (below: number) => number {
  let block = createHmac('sha256', key).update(labels.join('\u0000')).digest();
  let at = 0;
  return (below) => {
    if (at + 4 > block.length) {
      block = createHmac('sha256', key).update(block).digest();
      at = 0;
    }
    const value = block.readUInt32LE(at);
    at += 4;
    return value % below;
  };
}

const pick = <T>(from: readonly T[], next: (below: number) => number): T => from[next(from.length)];
const isHan = (text: string): boolean => /\p{Script=Han}/u.test(text);

/** The letter case of one word on another. */
function likeCase(word: string, model: string): string {
  if (model.length > 1 && model === model.toUpperCase()) return word.toUpperCase();
  return model === model.toLowerCase() ? word.toLowerCase() : word;
}

/** Digits by other digits; what else stands there stays. The first `keep` digits stay too. */
function otherDigits(text: string, next: (below: number) => number, keep = 0): string {
  let seen = 0;
  return text.replace(/\d/g, (digit) => (seen++ < keep ? digit : String(next(10))));
}

/** Changes the last digit so that the number passes a check. */
function checked(text: string, passes: (text: string) => boolean): string {
  const at = text.search(/\d(?=\D*$)/);
  for (let digit = 0; digit < 10; digit++) {
    const tried = `${text.slice(0, at)}${digit}${text.slice(at + 1)}`;
    if (passes(tried)) return tried;
  }
  return text;
}

function name(text: string, key: Uint8Array): string {
  if (isHan(text)) {
    const parts = text.split(/[·•・‧]/);
    if (parts.length > 1) return parts.map((part) => pick(hanGiven, stream(key, 'given', part))).join('·');
    const chars = Array.from(text);
    const split = chars.length === 4 ? 2 : 1;
    const family = pick(hanFamilies, stream(key, 'family', chars.slice(0, split).join('')));
    const rest = chars.slice(split).join('');
    if (rest === '') return family;
    return (
      family +
      (rest.length === 1 ? pick(hanGivenOne, stream(key, 'given', rest)) : pick(hanGiven, stream(key, 'given', rest)))
    );
  }
  // Word by word, so that "Mr Lopez" and "Maria Lopez" stay the same family.
  const words = text.match(/[\p{L}\p{M}'’.-]+/gu) ?? [text];
  const reversed = /^[^\s,]+,\s/.test(text);
  const bare = (word: string) =>
    word
      .normalize('NFKD')
      .replace(/[\p{M}.'’]/gu, '')
      .toLowerCase();
  let i = 0;
  return text.replace(/[\p{L}\p{M}'’.-]+/gu, (word) => {
    const place = i++;
    if (/^\p{Lu}\.?$/u.test(word))
      return `${String.fromCharCode(65 + stream(key, 'initial', bare(word))(26))}${word.endsWith('.') ? '.' : ''}`;
    if (/^(?:van|von|de|der|den|del|della|di|da|do|dos|du|la|le|el|al|bin|ibn|mac|jr|sr|y|and)\.?$/i.test(word))
      return word;
    const isFamily = reversed ? place === 0 : place === words.length - 1;
    // One word may be either; the same list for both keeps it the same wherever it stands.
    const next = stream(key, 'word', bare(word));
    return likeCase(pick(isFamily && words.length > 1 ? families : words.length > 1 ? given : families, next), word);
  });
}

function address(text: string, key: Uint8Array): string {
  const next = stream(
    key,
    'address',
    text
      .normalize('NFKC')
      .replace(/[\s,]+/g, ' ')
      .toLowerCase(),
  );
  if (isHan(text)) {
    const room = /室|单元|栋|幢|座|楼/.test(text) ? `${1 + next(20)}栋${1 + next(30)}0${1 + next(4)}室` : '';
    return `${pick(hanCities, next)}${pick(hanStreets, next)}${1 + next(300)}号${room}`;
  }
  const code = /\b[A-Z]{2} \d{5}\b/.test(text) ? `, ZZ ${String(10000 + next(89999))}` : '';
  const town = text.includes(',') ? `, ${pick(towns, next)}` : '';
  return `${1 + next(900)} ${pick(streets, next)} Street${town}${code}`;
}

function residentId(text: string, key: Uint8Array): string {
  const next = stream(key, 'id_card', text);
  const two = (value: number) => String(value).padStart(2, '0');
  const body = `990101${1950 + next(55)}${two(1 + next(12))}${two(1 + next(28))}${String(next(1000)).padStart(3, '0')}`;
  return body + residentCheck(body);
}

function iban(text: string, key: Uint8Array): string {
  const plain = text.replace(/[\s-]/g, '');
  const next = stream(key, 'iban', plain.toUpperCase());
  const body = plain.slice(4).replace(/\d/g, () => String(next(10)));
  const moved = `${body}${plain.slice(0, 2)}00`.toUpperCase();
  let rest = 0;
  for (const char of moved) rest = Number(`${rest}${/\d/.test(char) ? char : char.charCodeAt(0) - 55}`) % 97;
  const made = `${plain.slice(0, 2)}${String(98 - rest).padStart(2, '0')}${body}`;
  let at = 0;
  return text.replace(/[A-Za-z\d]/g, () => made[at++] ?? '');
}

function likeToken(text: string, key: Uint8Array, keep: number): string {
  const next = stream(key, 'secret', text);
  return text.replace(/[A-Za-z\d]/g, (char, at: number) => {
    if (at < keep) return char;
    if (/\d/.test(char)) return String(next(10));
    return String.fromCharCode((/[a-z]/.test(char) ? 97 : 65) + next(26));
  });
}

/** What stands in for a finding; the same for the same finding and key. */
export const pseudonyms: Record<MaskKind, (text: string, key: Uint8Array) => string> = {
  name,
  address,
  email(text, key) {
    const next = stream(key, 'email', text.toLowerCase());
    return `${pick(given, next)}.${pick(families, next)}${next(1000)}@example.${pick(['com', 'org', 'net'], next)}`.toLowerCase();
  },
  phone(text, key) {
    const plain = text.replace(/\D/g, '');
    const next = stream(key, 'phone', plain.slice(-9));
    // Country and area stay, so that the form and the region do.
    const keep = /^(?:\+|00)/.test(text.trim()) ? Math.min(5, plain.length - 5) : Math.min(3, plain.length - 4);
    return otherDigits(text, next, keep);
  },
  id_card(text, key) {
    if (/^\d{17}[\dXx]$/.test(text)) return residentId(text, key);
    const next = stream(key, 'id_card', text.replace(/[\s-]/g, ''));
    if (/^\d{3}-\d{2}-\d{4}$/.test(text)) return `9${otherDigits(text.slice(1), next)}`;
    return otherDigits(text, next);
  },
  bank_card: (text, key) => checked(otherDigits(text, stream(key, 'bank_card', text.replace(/\D/g, '')), 6), luhn),
  iban,
  ip(text, key) {
    const next = stream(key, 'ip', text.toLowerCase());
    const net = /\/\d+$/.exec(text)?.[0] ?? '';
    // Ranges that belong to nobody (RFC 2544, RFC 3849).
    if (text.includes(':')) return `2001:db8:${next(65536).toString(16)}::${next(65536).toString(16)}${net}`;
    return `198.${18 + next(2)}.${next(256)}.${1 + next(254)}${net}`;
  },
  url(text, key) {
    const next = stream(key, 'url', text);
    const found = /^([a-z][a-z0-9+.-]*:\/\/)(?:[^/@\s]*@)?([^/?#\s]*)/i.exec(text);
    return `${found?.[1] ?? 'https://'}${found?.[2] ?? 'example.com'}/${next(2 ** 31).toString(36)}`;
  },
  secret: (text, key) => likeToken(text, key, Math.min(4, text.search(/[_-]/) + 1)),
};

/** A keyed hash of a finding: 16 hex characters of HMAC-SHA-256. */
export function hashed(kind: MaskKind, text: string, key: Uint8Array): string {
  const value = text.normalize('NFKC').replace(/\s+/g, ' ').trim().toLowerCase();
  return createHmac('sha256', key).update(`${kind}\u0000${value}`).digest('hex').slice(0, 16);
}
