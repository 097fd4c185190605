// What is set of a deployment: its latency, its guards, what is watched and kept. What is left empty has no limit.
import { Button, NumberInput, Select } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Deployment, ServingOptions } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { queryClient } from '../app/queries.ts';
import { showFault } from '../parts/faultWords.ts';
import { Section } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';

const strictness = ['allow', 'warn', 'refuse'] as const;
const numbers = ['requestsPerMinute', 'rowsPerDay', 'rowBudget', 'maxRows', 'decimals'] as const;
const choices = ['unseen', 'outOfRange'] as const;

export function Rules({ deployment }: { deployment: Deployment }) {
  const { t } = useWords();
  const { name } = deployment;
  const [options, setOptions] = useState<ServingOptions>(deployment.options);
  const save = useMutation({
    mutationFn: () => api.call('deployments.set', { params: { name }, body: options }),
    onSuccess: (changed) => queryClient.setQueryData(['deployment', name], changed),
    onError: (error) => showFault(error),
  });
  const numberOf = (value: number | string) => (typeof value === 'number' ? value : undefined);
  const guard = (change: Partial<ServingOptions['protection']>) =>
    setOptions({ ...options, protection: { ...options.protection, ...change } });
  const changed = JSON.stringify(options) !== JSON.stringify(deployment.options);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Section title={t('rules.title')} note={t('rules.note')}>
      <form className="settings-grid" onSubmit={submit}>
        <NumberInput
          label={t('rules.latencyMs')}
          value={options.latencyMs ?? ''}
          min={1}
          max={600_000}
          onChange={(value) => setOptions({ ...options, latencyMs: numberOf(value) })}
        />
        {numbers.map((field) => (
          <NumberInput
            key={field}
            label={t(`rules.${field}`)}
            value={options.protection[field] ?? ''}
            min={field === 'decimals' ? 0 : 1}
            {...(field === 'decimals' ? { max: 12 } : {})}
            allowDecimal={false}
            onChange={(value) => guard({ [field]: numberOf(value) })}
          />
        ))}
        {choices.map((field) => (
          <Select
            key={field}
            label={t(`rules.${field}`)}
            value={options.protection[field]}
            data={strictness.map((value) => ({ value, label: t(`rules.${value}`) }))}
            allowDeselect={false}
            onChange={(value) => guard({ [field]: value ?? 'allow' })}
          />
        ))}
        <NumberInput
          label={t('rules.window')}
          value={options.watching.window}
          min={50}
          max={100_000}
          onChange={(value) =>
            setOptions({ ...options, watching: { ...options.watching, window: numberOf(value) ?? 500 } })
          }
        />
        <NumberInput
          label={t('rules.sample')}
          value={Math.round(options.watching.sample * 100)}
          min={0}
          max={100}
          suffix=" %"
          onChange={(value) =>
            setOptions({ ...options, watching: { ...options.watching, sample: (numberOf(value) ?? 0) / 100 } })
          }
        />
        <Button type="submit" variant="filled" disabled={!changed} loading={save.isPending}>
          {t('rules.save')}
        </Button>
      </form>
    </Section>
  );
}
