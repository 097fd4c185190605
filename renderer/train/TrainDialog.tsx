// Three choices and go: which data, what to predict, how long. Everything else is folded away and has a default.
import { Button, Collapse, SegmentedControl, Select } from '@mantine/core';
import { useSessionStorage } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import type { TrainRequest } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { ImportButton } from '../app/Drop.tsx';
import { ask, queryClient } from '../app/queries.ts';
import { useTrain } from '../app/train.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Empty, Problem, Waiting } from '../parts/Page.tsx';
import { showToast } from '../parts/toasts.ts';
import { useVisible } from '../parts/useVisible.ts';
import { useWords } from '../parts/words.ts';
import { type Draft, draftOf, isPlain, isSearched, needsTarget, requestOf, takesAnyColumn } from './draft.ts';
import { Settings } from './Settings.tsx';

const budgets = ['30s', '2m', '10m', '1h'] as const;
/** What a search takes where nobody says. */
const usual = '2m';

export default function TrainDialog() {
  const { t, f } = useWords();
  const navigate = useNavigate();
  const { request, open: show, close } = useTrain();
  const datasets = useQuery(ask.datasets());
  const ready = useVisible(datasets.data?.items).filter((dataset) => dataset.state === 'ready');
  // What was filled in survives a reload, and goes with the dialog.
  const blank = draftOf(request ?? {});
  const [draft, setDraft, forget] = useSessionStorage<Draft>({
    key: 'neutrino.draft',
    defaultValue: blank,
    getInitialValueInEffect: false,
    // A window may have been filled in before an update that knows more fields.
    deserialize: (text) => (text === undefined ? blank : { ...blank, ...(JSON.parse(text) as Partial<Draft>) }),
  });
  const [open, setOpen] = useState(() => !isPlain(draft));
  const change = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }));
  const dataset = ready.find((item) => item.id === draft.dataset) ?? ready[0];
  const needed = needsTarget(draft);
  const target = draft.target ?? (needed ? dataset?.shape?.target : undefined) ?? null;
  const isSearch = isSearched(draft, dataset?.shape?.columns ?? []);
  const start = useMutation({
    mutationFn: (body: TrainRequest) => api.call('runs.create', { body }),
    onSuccess: (run) => {
      queryClient.setQueryData(['run', run.id], run);
      forget();
      close();
      void navigate({ to: '/runs/$id', params: { id: run.id } });
    },
  });
  const [wrong, setWrong] = useState<unknown>();
  const leave = () => {
    const was = draft;
    const start = request ?? {};
    forget();
    close();
    if (isPlain(was) || JSON.stringify(was) === JSON.stringify(blank)) return;
    const run = () => {
      sessionStorage.setItem('neutrino.draft', JSON.stringify(was));
      show(start);
    };
    showToast({ kind: 'undo', title: t('train.left'), action: { label: t('undo'), run } });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!dataset || (needed && !target)) return;
    try {
      const body = requestOf({ ...draft, dataset: dataset.id, target: target ?? undefined });
      setWrong(undefined);
      start.mutate(body);
    } catch (error) {
      setOpen(true);
      setWrong(error);
    }
  };

  return (
    <Dialog onClose={leave} title={t('train.title')} size={560}>
      {datasets.isPending ? <Waiting /> : null}
      {datasets.data && ready.length === 0 ? (
        <Empty icon="datasets" title={t('train.noData')} action={<ImportButton primary />}>
          {t('train.noDataWords')}
        </Empty>
      ) : null}
      {dataset ? (
        <form onSubmit={submit} className="form">
          <Select
            label={t('train.dataset')}
            data={ready.map((item) => ({ value: item.id, label: item.name }))}
            value={dataset.id}
            onChange={(value) => change({ dataset: value ?? undefined, target: undefined, ignore: [] })}
            searchable
            description={t('datasets.shape', {
              rows: f.count(dataset.shape?.rows),
              columns: dataset.shape?.columns.length ?? 0,
            })}
          />
          <Select
            label={t('train.target')}
            description={target && target === dataset.shape?.target ? t('train.guessed') : t('train.targetWords')}
            placeholder={t('train.choose')}
            data={(dataset.shape?.columns ?? [])
              .filter(({ type }) => takesAnyColumn(draft) || (type !== 'identifier' && type !== 'text'))
              .map((column) => ({ value: column.name, label: `${column.name} · ${t(`type.${column.type}`)}` }))}
            value={target}
            onChange={(value) => change({ target: value ?? undefined })}
            searchable
            clearable={!needed}
          />
          <div>
            <span className="label" id="budget-label">
              {t('train.budget')}
            </span>
            <SegmentedControl
              aria-labelledby="budget-label"
              fullWidth
              value={draft.budget ?? (isSearch ? usual : '')}
              onChange={(budget) => change({ budget: budget || undefined })}
              data={[
                ...(isSearch ? [] : [{ value: '', label: t('train.untilDone') }]),
                ...budgets.map((budget) => ({ value: budget, label: f.span(lengths[budget]) })),
              ]}
            />
            {isSearch ? <p className="quiet small">{t('train.searchWords')}</p> : null}
          </div>
          <Button
            variant="subtle"
            size="compact-sm"
            className="fold"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
            leftSection={<Icon name={open ? 'down' : 'right'} size={13} />}
          >
            {t('train.more')}
          </Button>
          <Collapse expanded={open} transitionDuration={120}>
            <Settings draft={draft} change={change} dataset={dataset} datasets={ready} target={target} />
          </Collapse>
          {wrong ? <Problem error={wrong} /> : null}
          {start.error ? <Problem error={start.error} /> : null}
          <div className="form-end">
            <Button onClick={leave}>{t('cancel')}</Button>
            <Button
              type="submit"
              variant="filled"
              data-autofocus
              loading={start.isPending}
              disabled={needed && !target}
            >
              {t('train.go')}
            </Button>
          </div>
        </form>
      ) : null}
    </Dialog>
  );
}

const lengths = { '30s': 30_000, '2m': 120_000, '10m': 600_000, '1h': 3_600_000 };
