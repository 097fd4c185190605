// One dataset: its warnings, what each column holds, and its rows.
import { ActionIcon, Button, Menu, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ask } from '../app/queries.ts';
import { useTrain } from '../app/train.ts';
import { useRuns } from '../app/useRuns.ts';
import { Icon } from '../parts/Icon.tsx';
import { Page, Problem, Section, Waiting } from '../parts/Page.tsx';
import { State } from '../parts/State.tsx';
import { dragOut } from '../parts/dragOut.ts';
import { useWords } from '../parts/words.ts';
import { RunsBrief } from '../runs/RunsBrief.tsx';
import { ImportProgress } from './ImportProgress.tsx';
import { Labels } from './Labels.tsx';
import { Overview } from './Overview.tsx';
import { Privacy } from './Privacy.tsx';
import { Recipe } from './Recipe.tsx';
import { removeDataset } from './removeDataset.ts';
import { Rows } from './Rows.tsx';
import { Split } from './Split.tsx';

const tabs = ['overview', 'privacy', 'recipe', 'split', 'labels'] as const;

export function DatasetPage() {
  const { t, f } = useWords();
  const { id } = useParams({ from: '/datasets/$id' });
  const { tab } = useSearch({ from: '/datasets/$id' });
  const navigate = useNavigate();
  const train = useTrain();
  const { data: dataset, error, refetch } = useQuery(ask.dataset(id));
  const runs = useRuns({ dataset: id });
  if (error) {
    return (
      <Page title={t('place.datasets')}>
        <Problem error={error} onRetry={() => void refetch()} />
      </Page>
    );
  }
  if (!dataset) return <Waiting />;
  const { shape } = dataset;
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
          {dataset.version !== undefined && dataset.version > 1 ? (
            <span>{t('quality.version', { version: dataset.version })}</span>
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
              <Menu.Item
                component="a"
                href={exported('csv')}
                download
                {...dragOut(exported('csv'), `${dataset.name}.csv`)}
                leftSection={<Icon name="download" size={14} />}
              >
                {t('datasets.export', { format: 'CSV' })}
              </Menu.Item>
              <Menu.Item
                component="a"
                href={exported('jsonl')}
                download
                {...dragOut(exported('jsonl'), `${dataset.name}.jsonl`)}
                leftSection={<Icon name="download" size={14} />}
              >
                {t('datasets.export', { format: 'JSON lines' })}
              </Menu.Item>
              <Menu.Item
                leftSection={<Icon name="trash" size={14} />}
                onClick={() => {
                  void removeDataset(id, dataset.name).then((goes) =>
                    goes ? navigate({ to: '/datasets' }) : undefined,
                  );
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
      {shape ? (
        <Tabs
          value={tabs.find((name) => name === tab) ?? 'overview'}
          onChange={(name) =>
            void navigate({
              to: '/datasets/$id',
              params: { id },
              search: name === null || name === 'overview' ? {} : { tab: name },
              replace: true,
            })
          }
          keepMounted={false}
        >
          <Tabs.List aria-label={t('quality.tabs')} mb="md">
            {tabs.map((name) => (
              <Tabs.Tab key={name} value={name}>
                {t(`quality.tab.${name}`)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value="overview">
            {runs.rows.length > 0 ? (
              <Section title={t('datasets.runs')}>
                <RunsBrief runs={runs.rows.slice(0, 5)} />
              </Section>
            ) : null}
            <Overview dataset={dataset} shape={shape} />
            <Section title={t('rows')} note={f.count(shape.rows)}>
              <Rows key={dataset.sha256} id={id} columns={shape.columns} total={shape.rows} />
            </Section>
          </Tabs.Panel>
          <Tabs.Panel value="privacy">
            <Privacy id={id} sha={dataset.sha256} versions={dataset.versions?.length ?? 1} />
          </Tabs.Panel>
          <Tabs.Panel value="recipe">
            <Recipe id={id} shape={shape} />
          </Tabs.Panel>
          <Tabs.Panel value="split">
            <Split key={dataset.sha256} id={id} name={dataset.name} sha={dataset.sha256} shape={shape} />
          </Tabs.Panel>
          <Tabs.Panel value="labels">
            <Labels key={dataset.version} dataset={dataset} />
          </Tabs.Panel>
        </Tabs>
      ) : null}
    </Page>
  );
}
