// The folded part of the train dialog: every setting, each with the default it has when left alone.
import { MultiSelect, NumberInput, Select, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { classicNames, type Dataset, familyNames, splitKinds } from '../../engine/schema/index.ts';
import { ask } from '../app/queries.ts';
import { useWords } from '../parts/words.ts';
import type { Draft } from './draft.ts';

interface Properties {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  dataset: Dataset;
  datasets: Dataset[];
  target: string | null;
}
const number = (value: string | number): number | undefined => (typeof value === 'number' ? value : undefined);
const optimizers = ['adam', 'adamw', 'sgd', 'lion'];
const schedules = ['constant', 'cosine', 'step', 'plateau'];

export function Settings({ draft, change, dataset, datasets, target }: Properties) {
  const { t } = useWords();
  const devices = useQuery(ask.system()).data?.devices.filter((device) => device.available) ?? [];
  const paired = useQuery(ask.peers()).data?.items.filter((peer) => peer.trust === 'paired') ?? [];
  const auto = t('auto');
  return (
    <div className="settings-grid">
      <Select
        label={t('plan.family')}
        data={[
          { value: 'auto', label: auto },
          ...[...classicNames, ...familyNames].map((name) => ({ value: name, label: name })),
        ]}
        value={draft.model}
        onChange={(model) => change({ model: model ?? 'auto' })}
      />
      {draft.model === 'two-tower' ? (
        <Select
          label={t('train.user')}
          description={t('train.userWords')}
          data={(dataset.shape?.columns ?? []).map((column) => column.name).filter((name) => name !== target)}
          value={draft.user ?? null}
          onChange={(value) => change({ user: value ?? undefined })}
          searchable
          clearable
        />
      ) : null}
      {(dataset.shape?.columns ?? []).find(({ name }) => name === target)?.type === 'number' ? (
        <NumberInput
          label={t('train.horizon')}
          description={t('train.horizonWords')}
          placeholder={auto}
          min={1}
          max={1000}
          allowDecimal={false}
          value={draft.forecast?.horizon ?? ''}
          onChange={(value) => {
            const horizon = number(value);
            change({ forecast: horizon === undefined ? undefined : { ...draft.forecast, horizon } });
          }}
        />
      ) : null}
      {draft.forecast ? (
        <Select
          label={t('train.series')}
          description={t('train.seriesWords')}
          data={(dataset.shape?.columns ?? []).map((column) => column.name).filter((name) => name !== target)}
          value={draft.forecast.series ?? null}
          onChange={(series) => {
            const { series: _before, ...rest } = draft.forecast ?? {};
            change({ forecast: series === null ? rest : { ...rest, series } });
          }}
          searchable
          clearable
        />
      ) : null}
      <Select
        label={t('plan.device')}
        data={[{ value: 'auto', label: auto }, ...devices.map((device) => ({ value: device.id, label: device.name }))]}
        value={draft.device}
        onChange={(device) => change({ device: device ?? 'auto' })}
      />
      {paired.length > 0 ? (
        <>
          <MultiSelect
            label={t('train.peers')}
            description={t('train.peersWords')}
            placeholder={draft.peers.length > 0 ? '' : t('train.alone')}
            data={[
              { value: 'all', label: t('train.everybody') },
              ...paired.map((peer) => ({
                value: peer.id,
                label: peer.name,
                disabled: peer.link !== 'up' || !peer.granted?.train || draft.peers.includes('all'),
              })),
            ]}
            value={draft.peers}
            onChange={(peers) => change({ peers: peers.includes('all') ? ['all'] : peers })}
          />
          {draft.peers.length > 0 ? (
            <>
              <Select
                label={t('train.sync')}
                description={t(draft.sync === 'federated' ? 'train.syncOwn' : 'train.syncWords')}
                data={(['auto', 'sync', 'local', 'federated'] as const).map((value) => ({
                  value,
                  label: t(`train.sync.${value}`),
                }))}
                value={draft.sync ?? 'auto'}
                onChange={(sync) => change({ sync: sync === 'auto' ? undefined : (sync ?? undefined) })}
              />
              <Select
                label={t('train.wire')}
                data={[
                  { value: '', label: auto },
                  ...['fp32', 'fp16', 'int8'].map((value) => ({ value, label: value })),
                ]}
                value={draft.wire ?? ''}
                onChange={(wire) => change({ wire: wire || undefined })}
              />
            </>
          ) : null}
        </>
      ) : null}
      <NumberInput
        label={t('report.epochs')}
        placeholder={auto}
        min={1}
        max={100_000}
        allowDecimal={false}
        value={draft.epochs ?? ''}
        onChange={(value) => change({ epochs: number(value) })}
      />
      <NumberInput
        label={t('plan.batch')}
        placeholder={auto}
        min={1}
        max={65_536}
        allowDecimal={false}
        value={draft.batchSize ?? ''}
        onChange={(value) => change({ batchSize: number(value) })}
      />
      <NumberInput
        label={t('plan.rate')}
        placeholder={auto}
        min={0}
        max={100}
        step={0.001}
        decimalScale={8}
        value={draft.learningRate ?? ''}
        onChange={(value) => change({ learningRate: number(value) })}
      />
      <NumberInput
        label={t('plan.seed')}
        min={0}
        max={2 ** 31 - 1}
        allowDecimal={false}
        value={draft.seed}
        onChange={(value) => change({ seed: number(value) ?? 0 })}
      />
      <Select
        label={t('plan.optimizer')}
        placeholder={auto}
        data={optimizers}
        value={draft.optimizer ?? null}
        onChange={(value) => change({ optimizer: value ?? undefined })}
        clearable
      />
      <Select
        label={t('plan.schedule')}
        placeholder={auto}
        data={schedules}
        value={draft.schedule ?? null}
        onChange={(value) => change({ schedule: value ?? undefined })}
        clearable
      />
      <TextInput
        label={t('runs.experiment')}
        value={draft.experiment}
        onChange={(event) => change({ experiment: event.currentTarget.value })}
      />
      <TextInput
        label={t('train.name')}
        placeholder={dataset.name}
        value={draft.name}
        onChange={(event) => change({ name: event.currentTarget.value })}
      />
      <Select
        label={t('train.test')}
        placeholder={t('train.heldOut')}
        data={datasets.filter((item) => item.id !== dataset.id).map((item) => ({ value: item.id, label: item.name }))}
        value={draft.test ?? null}
        onChange={(value) => change({ test: value ?? undefined })}
        clearable
      />
      <MultiSelect
        label={t('train.ignore')}
        placeholder={draft.ignore.length > 0 ? '' : t('train.nothing')}
        data={(dataset.shape?.columns ?? []).map((column) => column.name).filter((name) => name !== target)}
        value={draft.ignore}
        onChange={(ignore) => change({ ignore })}
        searchable
      />
      <Select
        label={t('plan.scaling')}
        placeholder={auto}
        data={(['standard', 'quantile'] as const).map((value) => ({ value, label: t(`scaling.${value}`) }))}
        value={draft.scaling ?? null}
        onChange={(value) => change({ scaling: value ?? undefined })}
        clearable
      />
      <Select
        label={t('train.split')}
        placeholder={auto}
        data={splitKinds.map((value) => ({ value, label: t(`split.${value}`) }))}
        value={draft.splitBy ?? null}
        onChange={(value) => change({ splitBy: value ?? undefined })}
        clearable
      />
      {draft.splitBy === 'group' || draft.splitBy === 'time' ? (
        <Select
          label={t('train.splitColumn')}
          data={(dataset.shape?.columns ?? []).map((column) => column.name).filter((name) => name !== target)}
          value={draft.splitColumn ?? null}
          onChange={(value) => change({ splitColumn: value ?? undefined })}
          searchable
        />
      ) : null}
      {draft.model === 'auto' ? (
        <NumberInput
          label={t('split.folds')}
          placeholder={auto}
          min={2}
          max={20}
          allowDecimal={false}
          value={draft.folds ?? ''}
          onChange={(value) => change({ folds: number(value) })}
        />
      ) : null}
      <NumberInput
        label={t('train.validationShare')}
        placeholder="10"
        min={1}
        max={49}
        value={draft.validationShare ?? ''}
        onChange={(value) => change({ validationShare: number(value) })}
      />
      <NumberInput
        label={t('train.testShare')}
        placeholder="10"
        min={1}
        max={49}
        value={draft.testShare ?? ''}
        onChange={(value) => change({ testShare: number(value) })}
      />
      <Textarea
        className="wide"
        label={t('train.hyper')}
        description={t('train.hyperWords')}
        placeholder={'hidden = 128, 64\ndropout = 0.1'}
        autosize
        minRows={2}
        value={draft.hyper}
        onChange={(event) => change({ hyper: event.currentTarget.value })}
        styles={{ input: { fontFamily: 'var(--mono)' } }}
      />
    </div>
  );
}
