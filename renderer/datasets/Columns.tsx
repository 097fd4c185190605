// What each column holds: type, gaps, different values, and a small picture of the values. Number histograms are drawn
// from the first thousand rows and say so; every figure beside them is over all rows.
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Column, DatasetShape } from '../../engine/schema/index.ts';
import { ask } from '../app/queries.ts';
import { Histogram, ShareBar } from '../charts/Bars.tsx';
import { Icon } from '../parts/Icon.tsx';
import { useWords } from '../parts/words.ts';
import { binned } from './bins.ts';

function Picture({ column, rows, values }: { column: Column; rows: number; values: unknown[] | undefined }) {
  const { t, f } = useWords();
  const bins = useMemo(() => (values ? binned(values, column) : undefined), [values, column]);
  if (column.type === 'number' || column.type === 'date') {
    return bins ? (
      <div className={bins.log ? 'logged' : undefined} title={bins.log ? t('datasets.log') : undefined}>
        <Histogram
          counts={bins.counts}
          low={bins.low}
          high={bins.high}
          label={t('datasets.histogram', { name: column.name })}
          height={30}
        />
        {bins.log ? <span className="quiet">log</span> : null}
      </div>
    ) : null;
  }
  const top = column.top ?? [];
  if (column.type === 'category' || column.type === 'boolean') {
    return (
      <div className="top-values">
        {top.slice(0, 3).map(({ value, count }) => (
          <ShareBar
            key={value}
            name={value}
            share={count / Math.max(1, rows)}
            text={f.percent(
              count / Math.max(1, rows),
              count < rows / 100 || (count > rows * 0.99 && count < rows) ? 1 : 0,
            )}
          />
        ))}
        {column.distinct > 3 ? (
          <span className="quiet">{t('datasets.others', { count: column.distinct - 3 })}</span>
        ) : null}
      </div>
    );
  }
  const example = values?.find((value) => typeof value === 'string' && value !== '');
  return <span className="quiet ellipsis block">{typeof example === 'string' ? `“${example}”` : ''}</span>;
}

function Figures({ column }: { column: Column }) {
  const { t, f } = useWords();
  if (column.type === 'date') {
    const day = (at: number | undefined) => (at === undefined ? '–' : new Date(at).toISOString().slice(0, 10));
    return <>{`${day(column.min)} … ${day(column.max)}`}</>;
  }
  if (column.type === 'number') {
    return (
      <>
        <span>{`${f.figure(column.min)} … ${f.figure(column.max)}`}</span>
        <span className="quiet">{`${t('datasets.mean')} ${f.figure(column.mean)} ± ${f.figure(column.std, 3)}`}</span>
      </>
    );
  }
  if (column.length) {
    return (
      <>{t('datasets.length', { mean: f.count(Math.round(column.length.mean)), max: f.count(column.length.max) })}</>
    );
  }
  return null;
}

export function Columns({ id, shape }: { id: string; shape: DatasetShape }) {
  const { t, f } = useWords();
  const sample = useQuery(ask.rows(id, 0, Math.min(1000, Math.max(1, shape.rows))));
  const byName = useMemo(() => {
    if (!sample.data) return undefined;
    const { columns, rows } = sample.data;
    return new Map(columns.map((name, index) => [name, rows.map((row) => row[index])]));
  }, [sample.data]);
  return (
    <div className="scroll-x">
      <table className="plain columns">
        <thead>
          <tr>
            <th scope="col">{t('name')}</th>
            <th scope="col">{t('type')}</th>
            <th scope="col" className="num">
              {t('datasets.missing')}
            </th>
            <th scope="col" className="num">
              {t('datasets.distinct')}
            </th>
            <th scope="col">{t('datasets.values')}</th>
            <th scope="col">{t('datasets.figures')}</th>
          </tr>
        </thead>
        <tbody>
          {shape.columns.map((column) => (
            <tr key={column.name}>
              <th scope="row" className="strong">
                <span className="ellipsis block" title={column.name}>
                  {column.name}
                </span>
                {column.name === shape.target ? <span className="chip">{t('datasets.target')}</span> : null}
              </th>
              <td>
                <span className="type">
                  <Icon name={column.type} size={14} />
                  {t(`type.${column.type}`)}
                </span>
              </td>
              <td className={`num${column.missing > 0 ? ' warned' : ' quiet'}`}>
                {column.missing > 0 ? f.percent(column.missing / Math.max(1, shape.rows)) : '0'}
              </td>
              <td className="num">{f.count(column.distinct)}</td>
              <td className="picture">
                <Picture column={column} rows={shape.rows} values={byName?.get(column.name)} />
              </td>
              <td className="two-lines">
                <Figures column={column} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
