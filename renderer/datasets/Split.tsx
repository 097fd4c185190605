// How the rows are parted, looked at before anything is trained: the way, the column that decides, parts or folds, and what of each
// class is in them. Training from here parts the rows in that very way.
import { Button, NumberInput, SegmentedControl, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type DatasetShape, type SplitSpec, splitKinds } from '../../engine/schema/index.ts';
import { useTrain } from '../app/train.ts';
import { Icon } from '../parts/Icon.tsx';
import { Problem, Section, Waiting } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';
import { language } from '../words/index.ts';
import { splitWords } from '../words/split.ts';
import { askQuality } from './quality.ts';

/** Classes that are told of each part. */
const mostClasses = 6;

export function Split({
  id,
  name,
  sha,
  shape,
}: {
  id: string;
  name: string;
  sha: string | undefined;
  shape: DatasetShape;
}) {
  const { t, f } = useWords();
  const own = splitWords[language() === 'zh-CN' ? 'zh-CN' : 'en'];
  const train = useTrain();
  const [by, setBy] = useState<SplitSpec['by']>('stratified');
  const [column, setColumn] = useState<string | null>(null);
  const [target, setTarget] = useState<string | null>(shape.target ?? null);
  const [folds, setFolds] = useState<number | undefined>();
  const [seed, setSeed] = useState(0);
  const needsColumn = by === 'group' || by === 'time';
  const spec = { by, ...(needsColumn && column ? { column } : {}) };
  const ready = target !== null && (!needsColumn || column !== null);
  const wanted = { ...spec, seed, ...(target ? { target } : {}), ...(folds ? { folds } : {}) };
  const found = useQuery({ ...askQuality.split(id, sha, wanted), enabled: ready });
  const total = found.data?.parts.reduce((sum, part) => sum + part.rows, 0) ?? 0;
  const deciding = shape.columns.filter(
    (one) => one.name !== target && (by !== 'time' || one.type === 'date' || one.type === 'number'),
  );
  const download = () => {
    const { parts = [], of = [] } = found.data ?? {};
    const lines = of.map((part, row) => `${row},${parts[part]?.name ?? ''}`);
    const address = URL.createObjectURL(new Blob([`row,part\n${lines.join('\n')}\n`], { type: 'text/csv' }));
    Object.assign(document.createElement('a'), { href: address, download: `${name} split.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  };
  return (
    <Section title={t('train.split')} note={own.note}>
      <div className="toolbar">
        <SegmentedControl
          aria-label={t('train.split')}
          value={by}
          onChange={(value) => {
            setBy(value);
            setColumn(null);
          }}
          data={splitKinds.map((kind) => ({ value: kind, label: t(`split.${kind}`) }))}
        />
      </div>
      <div className="settings-grid">
        <Select
          label={t('datasets.target')}
          data={shape.columns.filter(({ type }) => type !== 'image' && type !== 'audio').map((one) => one.name)}
          value={target}
          onChange={setTarget}
          searchable
        />
        {needsColumn ? (
          <Select
            label={t('train.splitColumn')}
            data={deciding.map((one) => one.name)}
            value={column}
            onChange={setColumn}
            searchable
          />
        ) : null}
        <NumberInput
          label={t('split.folds')}
          placeholder={own.parts}
          min={2}
          max={20}
          allowDecimal={false}
          value={folds ?? ''}
          onChange={(value) => setFolds(typeof value === 'number' && value >= 2 ? value : undefined)}
        />
        <NumberInput
          label={t('plan.seed')}
          min={0}
          max={2 ** 31 - 1}
          allowDecimal={false}
          value={seed}
          onChange={(value) => setSeed(typeof value === 'number' ? value : 0)}
        />
      </div>
      {found.error ? <Problem error={found.error} /> : null}
      {ready && found.isPending ? <Waiting /> : null}
      {found.data ? (
        <>
          <div className="scroll-x" style={{ marginTop: 16 }}>
            <table className="plain">
              <thead>
                <tr>
                  <th scope="col">{own.part}</th>
                  <th scope="col" className="num">
                    {t('rows')}
                  </th>
                  <th scope="col">{t('datasets.values')}</th>
                </tr>
              </thead>
              <tbody>
                {found.data.parts.map((part, i) => (
                  <tr key={part.name}>
                    <th scope="row">{folds ? `${own.fold} ${i + 1}` : own[part.name as 'train']}</th>
                    <td className="num">
                      {f.count(part.rows)} ({f.percent(part.rows / Math.max(1, total), 1)})
                    </td>
                    <td>
                      {(part.classes ?? [])
                        .slice(0, mostClasses)
                        .map(({ value, count }) => `${value} ${f.percent(count / Math.max(1, part.rows), 1)}`)
                        .join(' · ')}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <div className="toolbar">
            <Button
              variant="default"
              leftSection={<Icon name="train" size={14} />}
              onClick={() =>
                train.open({
                  dataset: id,
                  ...(target ? { target } : {}),
                  seed,
                  split: { ...spec, validation: 0.1, test: 0.1, ...(folds ? { folds } : {}) },
                })
              }
            >
              {own.begin}
            </Button>
            <Button variant="default" leftSection={<Icon name="download" size={14} />} onClick={download}>
              {t('datasets.export', { format: 'CSV' })}
            </Button>
          </div>
        </>
      ) : null}
    </Section>
  );
}
