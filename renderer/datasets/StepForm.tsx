// The next step of a recipe: what to do, to which column, with what. Makes the step; whoever shows it sends it.
import { Button, Select, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import type { ColumnType, DatasetShape, MaskAction, RecipeStep } from '../../engine/schema/index.ts';
import { ask } from '../app/queries.ts';
import { useWords } from '../parts/words.ts';

const operations = [
  'filter',
  'drop',
  'rename',
  'cast',
  'fill',
  'clip',
  'deduplicate',
  'normalise',
  'join',
  'mask',
  'label',
] as const;
type Operation = (typeof operations)[number];
const needsColumn: ReadonlySet<Operation> = new Set([
  'drop',
  'rename',
  'cast',
  'fill',
  'clip',
  'normalise',
  'join',
  'mask',
  'label',
]);
const types: readonly ColumnType[] = ['number', 'category', 'text', 'boolean', 'date', 'identifier'];
const maskings: readonly MaskAction[] = ['replace', 'redact', 'hash', 'remove'];
const fills = ['mean', 'median', 'mode', 'value'] as const;

interface Draft {
  op: Operation;
  column: string | null;
  text: string;
  choice: string | null;
}

function stepOf({ op, column, text, choice }: Draft): RecipeStep | undefined {
  if (needsColumn.has(op) && !column) return undefined;
  const own = column ?? '';
  switch (op) {
    case 'filter':
      return text.trim() ? { op, where: text } : undefined;
    case 'drop':
      return { op, columns: [own] };
    case 'rename':
      return text.trim() ? { op, column: own, to: text.trim() } : undefined;
    case 'cast':
      return choice ? { op, column: own, type: choice as ColumnType, invalid: 'missing' } : undefined;
    case 'fill':
      if (choice === 'value') return text ? { op, column: own, with: 'value', value: text } : undefined;
      return choice ? { op, column: own, with: choice as 'mean' } : undefined;
    case 'clip': {
      const [low, high] = text
        .split(/\s*(?:…|\.\.|,|;)\s*/)
        .map((part) => (part.trim() === '' ? undefined : Number(part)));
      if ([low, high].some((value) => value !== undefined && !Number.isFinite(value))) return undefined;
      if (low === undefined && high === undefined) return undefined;
      return {
        op,
        column: own,
        ...(low === undefined ? {} : { min: low }),
        ...(high === undefined ? {} : { max: high }),
      };
    }
    case 'join':
      // The other dataset's key is called the same unless it is said.
      return choice ? { op, dataset: choice, on: [{ left: own, right: text.trim() || own }], keep: 'all' } : undefined;
    case 'label': {
      const values = text.split(/[,;，；]/).flatMap((pair) => {
        const found = /^\s*(\d+)\s*[=＝:]\s*(.*?)\s*$/.exec(pair);
        return found ? [{ row: Number(found[1]), value: found[2] === '' ? null : found[2] }] : [];
      });
      return values.length > 0 ? { op, column: own, values } : undefined;
    }
    case 'mask':
      return choice ? { op, columns: [own], action: choice as MaskAction } : undefined;
    case 'deduplicate':
      return { op, loose: choice === 'loose' };
    default:
      return { op: 'normalise', column: own, forms: ['nfkc', 'strip_html', 'strip_control', 'collapse', 'trim'] };
  }
}

export function StepForm({
  id,
  shape,
  busy,
  onAdd,
}: {
  /** The dataset that the recipe is of. */
  id: string;
  shape: DatasetShape;
  busy: boolean;
  /** Rejects where the step is refused: what was typed stays then. */
  onAdd: (step: RecipeStep) => Promise<unknown>;
}) {
  const { t } = useWords();
  const datasets = useQuery(ask.datasets());
  const others = (datasets.data?.items ?? []).filter((one) => one.id !== id && one.state === 'ready');
  const [draft, setDraft] = useState<Draft>({ op: 'filter', column: null, text: '', choice: null });
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const step = stepOf(draft);
  const { op } = draft;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!step) return;
    onAdd(step).then(
      () => change({ text: '' }),
      () => undefined,
    );
  };
  const choices =
    op === 'cast'
      ? types.map((type) => ({ value: type, label: t(`type.${type as 'text'}`) }))
      : op === 'fill'
        ? fills.map((way) => ({ value: way, label: t(`fill.${way}`) }))
        : op === 'deduplicate'
          ? (['strict', 'loose'] as const).map((way) => ({ value: way, label: t(`deduplicate.${way}`) }))
          : op === 'join'
            ? others.map(({ id: value, name }) => ({ value, label: name }))
            : op === 'mask'
              ? maskings.map((way) => ({ value: way, label: t(`mask.${way}`) }))
              : undefined;
  const asksText =
    op === 'filter' ||
    op === 'rename' ||
    op === 'clip' ||
    op === 'join' ||
    op === 'label' ||
    (op === 'fill' && draft.choice === 'value');
  const hint = {
    filter: "price > 10 AND colour = 'red'",
    rename: t('step.newName'),
    clip: '0 … 100',
    fill: t('fill.value'),
    join: t('step.otherKey'),
    label: t('step.labels'),
  } as Partial<Record<Operation, string>>;
  return (
    <form className="step-form" onSubmit={submit}>
      <Select
        aria-label={t('step.what')}
        data={operations.map((one) => ({ value: one, label: t(`op.${one}`) }))}
        value={op}
        allowDeselect={false}
        onChange={(value) => change({ op: value ?? 'filter', choice: null, text: '' })}
        w={190}
      />
      {needsColumn.has(op) ? (
        <Select
          aria-label={t('step.column')}
          placeholder={t('step.column')}
          data={shape.columns.map(({ name }) => name)}
          value={draft.column}
          onChange={(column) => change({ column })}
          searchable
          w={200}
        />
      ) : null}
      {choices ? (
        <Select
          aria-label={t('step.how')}
          placeholder={t('step.how')}
          data={choices}
          value={draft.choice}
          onChange={(choice) => change({ choice })}
          w={230}
        />
      ) : null}
      {asksText ? (
        <TextInput
          aria-label={t('step.value')}
          placeholder={hint[op] ?? ''}
          value={draft.text}
          onChange={(event) => change({ text: event.currentTarget.value })}
          className="grow"
          spellCheck={false}
        />
      ) : null}
      <Button type="submit" disabled={!step} loading={busy}>
        {t('step.add')}
      </Button>
    </form>
  );
}
