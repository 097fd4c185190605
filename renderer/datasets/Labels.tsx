// The labelling table: rows without a label, or those a model is unsure of or sees otherwise; labels set here wait until they are
// applied as a version to train on.
import { Button, SegmentedControl, Select, TextInput } from '@mantine/core';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Dataset, LabelRow } from '../../engine/schema/index.ts';
import { api } from '../app/api.ts';
import { ask } from '../app/queries.ts';
import { useTrain } from '../app/train.ts';
import { Problem, Section, Waiting } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';
import { refresh } from './quality.ts';

const shows = ['missing', 'unsure', 'disagree', 'all'] as const;
type Show = (typeof shows)[number];
const pageRows = 25;

export function Labels({ dataset }: { dataset: Dataset }) {
  const { t, f } = useWords();
  const { id } = dataset;
  const train = useTrain();
  const [column, setColumn] = useState(dataset.shape?.target ?? dataset.shape?.columns[0]?.name ?? '');
  const [show, setShow] = useState<Show>('missing');
  const [model, setModel] = useState<string | null>(null);
  const [offset, setOffset] = useState(0);
  const models = useQuery(ask.models());
  const suited = (models.data?.items ?? []).filter((one) => one.target === column && one.classes.length > 0);
  const scorer = model ?? suited.at(0)?.id ?? null;
  const needsModel = show === 'unsure' || show === 'disagree';
  const page = useQuery({
    queryKey: ['labels', id, dataset.version, column, show, needsModel ? scorer : null, offset],
    queryFn: () =>
      api.call('datasets.labels.list', {
        params: { id },
        query: { column, show, offset, limit: pageRows, ...(needsModel && scorer ? { model: scorer } : {}) },
      }),
    enabled: column !== '' && (!needsModel || scorer !== null),
    placeholderData: keepPreviousData,
  });
  const set = useMutation({
    mutationFn: (value: { row: number; value: string | null }) =>
      api.call('datasets.labels.set', { params: { id }, body: { column, values: [value] } }),
    onSettled: () => refresh(id),
  });
  const apply = useMutation({
    mutationFn: () => api.call('datasets.labels.apply', { params: { id }, body: {} }),
    onSettled: () => refresh(id),
  });
  const data = page.data;
  return (
    <Section title={t('label.title')} note={t('label.note')}>
      <div className="toolbar">
        <Select
          aria-label={t('label.column')}
          data={(dataset.shape?.columns ?? [])
            .filter(({ type }) => type !== 'image' && type !== 'audio')
            .map(({ name }) => name)}
          value={column}
          allowDeselect={false}
          onChange={(value) => {
            setColumn(value ?? '');
            setOffset(0);
          }}
          searchable
          w={200}
        />
        <SegmentedControl
          aria-label={t('label.show')}
          value={show}
          onChange={(value) => {
            setShow(value);
            setOffset(0);
          }}
          data={shows.map((one) => ({ value: one, label: t(`label.${one}`) }))}
        />
        {needsModel ? (
          <Select
            aria-label={t('label.model')}
            placeholder={t('label.noModel')}
            data={suited.map((one) => ({ value: one.id, label: `${one.name}@${one.version}` }))}
            value={scorer}
            onChange={setModel}
            w={220}
          />
        ) : null}
        <span className="side">
          {data && data.pending > 0 ? (
            <>
              <span className="quiet">{t('label.pending', { count: data.pending })}</span>
              <Button variant="filled" loading={apply.isPending} onClick={() => apply.mutate()}>
                {t('label.apply')}
              </Button>
            </>
          ) : apply.isSuccess ? (
            <Button variant="filled" onClick={() => train.open({ dataset: id, target: column })}>
              {t('label.retrain')}
            </Button>
          ) : null}
        </span>
      </div>
      {page.error ? <Problem error={page.error} onRetry={() => void page.refetch()} /> : null}
      {set.error ? <Problem error={set.error} /> : null}
      {apply.error ? <Problem error={apply.error} /> : null}
      {needsModel && scorer === null ? <p className="quiet">{t('label.needsModel')}</p> : null}
      {page.isLoading ? <Waiting /> : null}
      {data && data.rows.length === 0 ? <p className="fine">{t('label.empty')}</p> : null}
      {data && data.rows.length > 0 ? (
        <div className="scroll-x">
          <table className="plain labels">
            <thead>
              <tr>
                <th scope="col" className="num">
                  #
                </th>
                <th scope="col">{t('label.row')}</th>
                {needsModel ? <th scope="col">{t('label.predicted')}</th> : null}
                <th scope="col">{column}</th>
              </tr>
            </thead>
            <tbody>
              {data.rows.map((row) => (
                <tr key={row.row}>
                  <td className="num quiet">{f.count(row.row + 1)}</td>
                  <td className="cells">
                    <div>
                      {Object.entries(row.cells)
                        .filter(([, value]) => value !== null)
                        .slice(0, 8)
                        .map(([name, value]) => (
                          <span key={name}>
                            <span className="quiet">{name}</span> {String(value).slice(0, 240)}
                          </span>
                        ))}
                    </div>
                  </td>
                  {needsModel ? (
                    <td>
                      <Button
                        size="compact-xs"
                        variant="subtle"
                        title={t('label.take')}
                        onClick={() =>
                          row.predicted !== undefined && set.mutate({ row: row.row, value: row.predicted })
                        }
                      >
                        {row.predicted} · {f.percent(row.confidence ?? 0)}
                      </Button>
                    </td>
                  ) : null}
                  <td>
                    <Chooser row={row} labels={data.labels} onSet={(value) => set.mutate({ row: row.row, value })} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      {data && data.total > pageRows ? (
        <div className="toolbar">
          <Button size="compact-sm" disabled={offset === 0} onClick={() => setOffset(Math.max(0, offset - pageRows))}>
            {t('label.before')}
          </Button>
          <Button
            size="compact-sm"
            disabled={offset + pageRows >= data.total}
            onClick={() => setOffset(offset + pageRows)}
          >
            {t('label.after')}
          </Button>
          <span className="quiet">
            {t('label.place', {
              from: f.count(offset + 1),
              to: f.count(Math.min(data.total, offset + pageRows)),
              total: f.count(data.total),
            })}
            {data.scanned < data.of
              ? ` · ${t('label.scanned', { scanned: f.count(data.scanned), of: f.count(data.of) })}`
              : ''}
          </span>
        </div>
      ) : null}
    </Section>
  );
}

function Chooser({ row, labels, onSet }: { row: LabelRow; labels: string[]; onSet: (value: string | null) => void }) {
  const { t } = useWords();
  const [text, setText] = useState('');
  if (labels.length > 0 && labels.length <= 50) {
    return (
      <Select
        aria-label={t('label.of', { row: row.row + 1 })}
        placeholder={t('label.choose')}
        data={labels}
        value={row.label}
        onChange={onSet}
        searchable
        clearable
        size="xs"
        w={180}
        className={row.edited ? 'edited' : ''}
      />
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSet(text === '' ? null : text);
      }}
    >
      <TextInput
        aria-label={t('label.of', { row: row.row + 1 })}
        placeholder={row.label ?? t('label.choose')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        size="xs"
        w={180}
      />
    </form>
  );
}
