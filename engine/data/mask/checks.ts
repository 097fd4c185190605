// Check digits of numbers that stand for a person or an account. Pure.

const digits = (text: string): number[] => Array.from(text.replace(/\D/g, ''), Number);

/** Luhn's formula (ISO/IEC 7812-1). */
export function luhn(text: string): boolean {
  const all = digits(text);
  const sum = all.reverse().reduce((total, digit, i) => {
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return all.length > 1 && sum % 10 === 0;
}

/** Lengths of card numbers by their first digits (the ranges that issuers publish). */
const issuers: readonly [RegExp, readonly number[]][] = [
  [/^4/, [13, 16, 19]],
  [/^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^(6011|65|64[4-9])/, [16, 19]],
  [/^62|^81/, [16, 17, 18, 19]],
  [/^35/, [16]],
  [/^3(0[0-5]|[68])/, [14]],
  [/^(50|5[6-9]|6[37])/, [12, 13, 16, 18, 19]],
  [/^9/, [16, 19]],
];

/** Whether digits are a bank card's: an issuer's first digits and length, and the check digit. */
export function isBankCard(text: string): boolean {
  const number = text.replace(/\D/g, '');
  if (/^(\d)\1+$/.test(number)) return false;
  return issuers.some(([first, lengths]) => first.test(number) && lengths.includes(number.length)) && luhn(number);
}

const ibanLengths: Record<string, number> = Object.fromEntries(
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SE24 SI19 SK24 SM27 TN24 TR26 UA29 VG24 XK20'
    .split(' ')
    .map((item) => [item.slice(0, 2), Number(item.slice(2))]),
);

/** ISO 13616: the country's length and remainder 1 modulo 97. */
export function isIban(text: string): boolean {
  const iban = text.replace(/[\s-]/g, '').toUpperCase();
  if (ibanLengths[iban.slice(0, 2)] !== iban.length) return false;
  const moved = iban.slice(4) + iban.slice(0, 4);
  let rest = 0;
  for (const char of moved) {
    const value = /\d/.test(char) ? char : String(char.charCodeAt(0) - 55);
    rest = Number(`${rest}${value}`) % 97;
  }
  return rest === 1;
}

const regions = new Set(
  '11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83'.split(' '),
);

function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day && year >= 1880 && year <= 2100;
}

/** The check character of a Chinese resident identity number (GB 11643-1999) over its first 17 digits. */
export function residentCheck(body: string): string {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((total, weight, i) => total + weight * Number(body[i]), 0);
  return '10X98765432'[sum % 11];
}

/** A Chinese resident identity number of 18 characters: region, date of birth, check character. */
export function isResidentId(text: string): boolean {
  const id = text.replace(/[\s-]/g, '').toUpperCase();
  if (!/^\d{17}[\dX]$/.test(id) || !regions.has(id.slice(0, 2))) return false;
  if (!isDay(Number(id.slice(6, 10)), Number(id.slice(10, 12)), Number(id.slice(12, 14)))) return false;
  return residentCheck(id) === id[17];
}

/** The old form of 15 digits, which has no check character. */
export function isOldResidentId(text: string): boolean {
  if (!/^\d{15}$/.test(text) || !regions.has(text.slice(0, 2))) return false;
  return isDay(1900 + Number(text.slice(6, 8)), Number(text.slice(8, 10)), Number(text.slice(10, 12)));
}

/** United States social security number: no area 000, 666 or 900 up, no group 00, no serial 0000. */
export function isSocialSecurity(text: string): boolean {
  const [area, group, serial] = [text.slice(0, 3), text.slice(-6, -4), text.slice(-4)];
  return area !== '000' && area !== '666' && area[0] !== '9' && group !== '00' && serial !== '0000';
}

/** Spanish DNI and NIE: the letter follows from the number modulo 23. */
export function isDni(text: string): boolean {
  const id = text.replace(/[\s-]/g, '').toUpperCase();
  const number = id.replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)));
  return /^\d{8}[A-Z]$/.test(number) && 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(number.slice(0, 8)) % 23] === number[8];
}

/** Brazilian CPF: two check digits modulo 11. */
export function isCpf(text: string): boolean {
  const d = digits(text);
  if (d.length !== 11 || new Set(d).size === 1) return false;
  const check = (count: number) => {
    const sum = d.slice(0, count).reduce((total, digit, i) => total + digit * (count + 1 - i), 0);
    return ((sum * 10) % 11) % 10;
  };
  return check(9) === d[9] && check(10) === d[10];
}

/** Taiwanese identity number: a letter that counts as two digits, weights 1 9 8 … 1 1, sum divisible by 10. */
export function isTaiwanId(text: string): boolean {
  if (!/^[A-Z][12]\d{8}$/.test(text)) return false;
  const first = 'ABCDEFGHJKLMNPQRSTUVXYWZIO'.indexOf(text[0]) + 10;
  const all = [Math.floor(first / 10), first % 10, ...digits(text.slice(1))];
  const weights = [1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1];
  return all.reduce((sum, digit, i) => sum + digit * weights[i], 0) % 10 === 0;
}

/** Hong Kong identity number with its check digit in brackets. */
export function isHongKongId(text: string): boolean {
  const found = /^([A-Z]{1,2})(\d{6})\(?([\dA])\)?$/.exec(text);
  if (!found) return false;
  const [, letters, number, check] = found;
  const chars = letters.padStart(2, ' ');
  const value = (char: string) => (char === ' ' ? 36 : char.charCodeAt(0) - 55);
  const sum =
    9 * value(chars[0]) + 8 * value(chars[1]) + digits(number).reduce((total, digit, i) => total + digit * (7 - i), 0);
  return (sum + (check === 'A' ? 10 : Number(check))) % 11 === 0;
}

/** Verhoeff's check (1969) that Aadhaar numbers carry. */
export function isAadhaar(text: string): boolean {
  const permute = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
    [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
    [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
    [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
    [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
    [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
    [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
  ];
  // The dihedral group of order ten.
  const times = (a: number, b: number) => {
    if (a < 5) return b < 5 ? (a + b) % 5 : 5 + ((a + b - 5) % 5);
    return b < 5 ? 5 + ((a - 5 - b + 5) % 5) : (a - b + 5) % 5;
  };
  const d = digits(text);
  return d.length === 12 && d[0] > 1 && d.reverse().reduce((c, digit, i) => times(c, permute[i % 8][digit]), 0) === 0;
}

/** French numéro de sécurité sociale: 97 less the number modulo 97. */
export function isNir(text: string): boolean {
  const id = text.replace(/\s/g, '').toUpperCase();
  if (!/^[12]\d{2}(0[1-9]|1[0-2]|[2-9]\d)(\d{2}|2[AB])\d{8}$/.test(id)) return false;
  const number = id.replace('2A', '19').replace('2B', '18');
  return 97 - Number(BigInt(number.slice(0, 13)) % 97n) === Number(number.slice(13));
}
