// One dataset: its warnings, what each column holds, and its rows.
import { ActionIcon, Button, Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { ask } from '../app/queries.ts';
import { useTrain } from '../app/train.ts';
import { useRuns } from '../app/useRuns.ts';
import { Icon } from '../parts/Icon.tsx';
import { Page, Problem, Section, Waiting } from '../parts/Page.tsx';
import { removeLater } from '../parts/removal.ts';
import { State } from '../parts/State.tsx';
import { useWords } from '../parts/words.ts';
import { RunsBrief } from '../runs/RunsBrief.tsx';
import { Columns } from './Columns.tsx';
import { ImportProgress } from './ImportProgress.tsx';
import { Rows } from './Rows.tsx';

export function DatasetPage() {
  const { t, f } = useWords();
  const { id } = useParams({ from: '/datasets/$id' });
  const navigate = useNavigate();
  const train = useTrain();
  const { data: dataset, error, refetch } = useQuery(ask.dataset(id));
  const runs = useRuns({ dataset: id });
  const [all, setAll] = useState(false);
  if (error) {
    return (
      <Page title={t('place.datasets')}>
        <Problem error={error} onRetry={() => void refetch()} />
      </Page>
    );
  }
  if (!dataset) return <Waiting />;
  const { shape } = dataset;
  const warnings = shape?.warnings ?? [];
  const shown = all ? warnings : warnings.slice(0, 4);
  const exported = (format: string) => `./api/v1/datasets/${dataset.id}/export?format=${format}`;

  return (
    <Page
      above={<Link to="/datasets">{t('place.datasets')}</Link>}
      title={dataset.name}
      below={
        <>
          {dataset.state === 'importing' ? <ImportProgress id={id} /> : <State state={dataset.state} />}
          {shape ? (
            <span>{t('datasets.shape', { rows: f.count(shape.rows), columns: shape.columns.length })}</span>
          ) : null}
          {dataset.bytes ? (
            <span title={t('datasets.stored')}>
              {f.bytes(dataset.bytes.source)} → {f.bytes(dataset.bytes.stored)}
            </span>
          ) : null}
          <span title={f.moment(dataset.createdAt)}>{dataset.source}</span>
        </>
      }
      actions={
        <>
          {dataset.state === 'ready' ? (
            <Button
              variant="filled"
              leftSection={<Icon name="train" size={14} />}
              onClick={() => train.open({ dataset: dataset.id })}
            >
              {t('datasets.train')}
            </Button>
          ) : null}
          <Menu>
            <Menu.Target>
              <ActionIcon aria-label={t('more')} size={32}>
                <Icon name="more" />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item component="a" href={exported('csv')} download leftSection={<Icon name="download" size={14} />}>
                {t('datasets.export', { format: 'CSV' })}
              </Menu.Item>
              <Menu.Item
                component="a"
                href={exported('jsonl')}
                download
                leftSection={<Icon name="download" size={14} />}
              >
                {t('datasets.export', { format: 'JSON lines' })}
              </Menu.Item>
              <Menu.Item
                leftSection={<Icon name="trash" size={14} />}
                onClick={() => {
                  removeLater(id, dataset.name, () => api.call('datasets.delete', { params: { id } }));
                  void navigate({ to: '/datasets' });
                }}
              >
                {t('delete')}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      {dataset.error ? <Problem error={dataset.error} /> : null}
      {warnings.length > 0 ? (
        <ul className="warnings" aria-label={t('datasets.warnings')}>
          {shown.map((warning) => (
            <li key={`${warning.code} ${warning.column ?? ''}`}>
              <Icon name="warning" size={14} />
              <span>{warning.message}</span>
            </li>
          ))}
          {warnings.length > shown.length ? (
            <li>
              <Button size="compact-xs" variant="subtle" onClick={() => setAll(true)}>
                {t('showAll', { count: warnings.length })}
              </Button>
            </li>
          ) : null}
        </ul>
      ) : null}
      {shape ? (
        <>
          {runs.rows.length > 0 ? (
            <Section title={t('datasets.runs')}>
              <RunsBrief runs={runs.rows.slice(0, 5)} />
            </Section>
          ) : null}
          <Section title={t('columns')} note={t('datasets.sampled')}>
            <Columns id={id} shape={shape} />
          </Section>
          <Section title={t('rows')} note={f.count(shape.rows)}>
            <Rows id={id} columns={shape.columns} total={shape.rows} />
          </Section>
        </>
      ) : null}
    </Page>
  );
}
