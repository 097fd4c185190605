// A new alert: whom it watches, what for, and who is told. Three choices stand filled in.
import { Button, NumberInput, Select, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../app/api.ts';
import { allowNotifications } from '../app/notify.ts';
import { ask, queryClient } from '../app/queries.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { Problem } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';
import { blank, channelOf, conditionOf, type Form } from './condition.ts';

const conditions = ['drift', 'errors', 'latency', 'burst', 'threshold'] as const;
const channels = ['desktop', 'webhook', 'email'] as const;
/** Where each condition begins to be worth a word. */
const usual = { drift: 0, errors: 5, latency: 500, burst: 10, threshold: 0.5 };
const amounts = {
  errors: 'alerts.aboveErrors',
  latency: 'alerts.aboveLatency',
  burst: 'alerts.aboveBurst',
  threshold: 'alerts.aboveThreshold',
} as const;

export function NewAlert({ onClose }: { onClose: () => void }) {
  const { t } = useWords();
  const deployments = useQuery(ask.deployments()).data?.items ?? [];
  const [form, setForm] = useState<Form>(blank);
  const change = (part: Partial<Form>) => setForm((old) => ({ ...old, ...part }));
  const { on } = form;
  const make = useMutation({
    mutationFn: async () => {
      if (form.to === 'desktop') await allowNotifications();
      return api.call('alerts.create', {
        body: {
          name: form.name.trim() || t(`alerts.${on}`),
          ...(form.deployment === '' ? {} : { deployment: form.deployment }),
          when: conditionOf(form),
          tell: [channelOf(form)],
        },
      });
    },
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: ['alerts'] });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Dialog title={t('alerts.new')} size={520} onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <Select
          label={t('alerts.of')}
          data={[
            { value: '', label: t('alerts.any') },
            ...deployments.map(({ name }) => ({ value: name, label: name })),
          ]}
          value={form.deployment}
          onChange={(deployment) => change({ deployment: deployment ?? '' })}
        />
        <Select
          label={t('alerts.when')}
          data={conditions.map((value) => ({ value, label: t(`alerts.${value}`) }))}
          value={on}
          onChange={(value) => change({ on: value ?? 'drift', above: usual[value ?? 'drift'] })}
        />
        {on === 'burst' || on === 'threshold' ? (
          <TextInput
            label={t('alerts.class')}
            {...(on === 'threshold' ? { description: t('alerts.classAny') } : {})}
            required={on === 'burst'}
            value={form.class}
            onChange={(event) => change({ class: event.currentTarget.value })}
          />
        ) : null}
        {on === 'drift' ? null : (
          <NumberInput
            label={t(amounts[on])}
            required
            value={form.above}
            onChange={(above) => change({ above: Number(above) })}
          />
        )}
        {on === 'drift' || on === 'threshold' ? null : (
          <NumberInput
            label={t('alerts.seconds')}
            min={1}
            max={3600}
            value={form.seconds}
            onChange={(seconds) => change({ seconds: Number(seconds) })}
          />
        )}
        <Select
          label={t('alerts.tell')}
          data={channels.map((value) => ({ value, label: t(`alerts.${value}`) }))}
          value={form.to}
          onChange={(to) => change({ to: to ?? 'desktop' })}
        />
        {form.to === 'webhook' ? (
          <TextInput
            label={t('alerts.url')}
            required
            type="url"
            value={form.url}
            onChange={(event) => change({ url: event.currentTarget.value })}
          />
        ) : null}
        {form.to === 'email' ? (
          <>
            <TextInput
              label={t('alerts.address')}
              required
              type="email"
              value={form.address}
              onChange={(event) => change({ address: event.currentTarget.value })}
            />
            <TextInput
              label={t('alerts.server')}
              required
              value={form.server}
              onChange={(event) => change({ server: event.currentTarget.value })}
            />
          </>
        ) : null}
        <TextInput
          label={t('alerts.name')}
          placeholder={t(`alerts.${on}`)}
          value={form.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        {make.error ? <Problem error={make.error} /> : null}
        <div className="form-end">
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" variant="filled" loading={make.isPending}>
            {t('alerts.new')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
