// Starts i18next with the language that was chosen before, or the browser's. English is always there as the fallback;
// Chinese loads when wanted.
import { createInstance } from 'i18next';
import { initReactI18next } from 'react-i18next';
import { en } from './en.ts';

export const languages = { en: 'English', 'zh-CN': '简体中文' } as const;
export type Language = keyof typeof languages;
const i18n = createInstance();
const remembered = 'neutrino.language';

type Plain<K> = K extends `${infer Stem}_${'one' | 'other'}` ? Stem : K;
/** What may be said: the keys of en.ts, plural forms by their stem (with `count`). */
export type Key = Plain<keyof typeof en>;
export type Say = (key: Key, values?: Record<string, unknown>) => string;
/** The language in use, outside of components. */
export const language = (): string => i18n.language;
/** The words for a key in the language in use, outside of components. */
export const say: Say = (key, values) => i18n.t(key, values ?? {});

let inChinese: ((text: string) => string) | undefined;
let coming: Promise<void> | undefined;

async function learn(): Promise<void> {
  try {
    ({ inChinese } = await import('./appliance/index.ts'));
    i18n.emit('said');
  } catch {
    coming = undefined;
  }
}

/** Loads what the appliance says in the language in use; pages are drawn again when it is there. */
export function learnSaid(): Promise<void> {
  if (i18n.language !== 'zh-CN') return Promise.resolve();
  coming ??= learn();
  return coming;
}

/** A message of the appliance in the language in use, as far as it is known; English until its words are loaded. */
export function said(text: string): string {
  if (i18n.language !== 'zh-CN') return text;
  if (!inChinese) void learnSaid();
  return inChinese?.(text) ?? text;
}

function wanted(): Language {
  const stored = localStorage.getItem(remembered);
  if (stored !== null && stored in languages) return stored as Language;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

async function load(language: Language): Promise<void> {
  if (language === 'zh-CN' && !i18n.hasResourceBundle('zh-CN', 'translation')) {
    const { zh } = await import('./zh.ts');
    i18n.addResourceBundle('zh-CN', 'translation', zh);
  }
  document.documentElement.lang = language;
}

/** To be awaited before the first render. */
export async function startWords(): Promise<void> {
  const language = wanted();
  await i18n.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false },
    resources: { en: { translation: en } },
    react: { bindI18n: 'languageChanged said' },
  });
  await load(language);
  await i18n.changeLanguage(language);
}

/** Switches the page's language and remembers it. */
export async function setLanguage(language: Language): Promise<void> {
  await load(language);
  localStorage.setItem(remembered, language);
  await i18n.changeLanguage(language);
}
