// What a component asks for to speak: the translator and the formatters of the language in use.
import { useTranslation } from 'react-i18next';
import { type Say, said } from '../words/index.ts';
import { type Format, formatOf } from './format.ts';

/** `t` (typed by words/en.ts), `f` (numbers, times) and `said` (what the appliance says) of the current language. */
export function useWords(): { t: Say; f: Format; said: (text: string) => string; language: string } {
  const { t, i18n } = useTranslation();
  return { t: t, f: formatOf(i18n.language), said, language: i18n.language };
}
