// A recipe's step as a sentence in the language of the page.
import type { RecipeStep } from '../../engine/schema/index.ts';
import { useWords } from '../parts/words.ts';

export function useStepWords(): (step: RecipeStep) => string {
  const { t } = useWords();
  const list = (names: readonly string[] | undefined) => names?.join(', ') ?? '';
  return (step) => {
    switch (step.op) {
      case 'rename':
        return t('step.rename', { column: step.column, to: step.to });
      case 'cast':
        return t('step.cast', { column: step.column, type: t(`type.${step.type}`) });
      case 'drop':
        return t('step.drop', { columns: list(step.columns) });
      case 'fill':
        return t('step.fill', {
          column: step.column,
          with: step.with === 'value' ? String(step.value ?? '') : t(`fill.${step.with}`),
        });
      case 'clip':
        return t('step.clip', {
          column: step.column,
          range: step.quantiles
            ? `q${step.quantiles[0]} … q${step.quantiles[1]}`
            : `${step.min ?? '−∞'} … ${step.max ?? '∞'}`,
        });
      case 'deduplicate':
        return t(step.loose ? 'step.deduplicateLoose' : 'step.deduplicate', { columns: list(step.columns) });
      case 'filter':
        return t('step.filter', { where: step.where });
      case 'normalise':
        return t('step.normalise', { column: step.column });
      case 'join':
        return t('step.join', { dataset: step.dataset, on: step.on.map(({ left }) => left).join(', ') });
      case 'mask':
        return t('step.mask', {
          action: t(`mask.${step.action}`),
          columns: list(step.columns) || t('mask.everywhere'),
        });
      default:
        return t('step.label', { column: step.column, rows: step.values.length });
    }
  };
}
