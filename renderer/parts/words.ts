// What a component asks for to speak: the translator and the formatters of the language in use.
import { useTranslation } from 'react-i18next';
import type { Say } from '../words/index.ts';
import { type Format, formatOf } from './format.ts';

/** `t` (typed by words/en.ts) and `f` (numbers, times) of the current language. */
export function useWords(): { t: Say; f: Format; language: string } {
  const { t, i18n } = useTranslation();
  return { t: t, f: formatOf(i18n.language), language: i18n.language };
}
