// The rows themselves: every one can be scrolled to, only those in view are in the page, and they are fetched by the
// page of two hundred that they stand on.
/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a <table> cannot lay virtual rows on a grid and keep its role */
/* oxlint-disable react/incompatible-library -- the React compiler is not used */
import { useQueries, useQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef } from 'react';
import type { Column } from '../../engine/schema/index.ts';
import { ask } from '../app/queries.ts';
import { Icon } from '../parts/Icon.tsx';
import { Problem } from '../parts/Page.tsx';
import { useWords } from '../parts/words.ts';

const step = 200;
const rowHeight = 28;

/** A column is as wide as nine in ten of its first values need, within reason; all share what is left over. */
function track(column: Column, values: readonly (string | number | boolean | null | undefined)[]): string {
  const lengths = values.map((value) => String(value ?? '').length).sort((a, b) => a - b);
  const needed = 22 + 7.2 * Math.max(column.name.length + 2, lengths[Math.floor(lengths.length * 0.9)] ?? 0);
  const width = Math.round(Math.min(column.type === 'text' ? 420 : 260, Math.max(84, needed)));
  return `minmax(${width}px, ${width}fr)`;
}

export function Rows({ id, columns, total }: { id: string; columns: Column[]; total: number }) {
  const { t, f } = useWords();
  const frame = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  });
  const items = virtual.getVirtualItems();
  const first = Math.floor((items[0]?.index ?? 0) / step);
  const last = Math.floor((items.at(-1)?.index ?? 0) / step);
  const wanted = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const pages = useQueries({ queries: wanted.map((page) => ask.rows(id, page * step, step)) });
  const failed = pages.find((page) => page.error);
  const begin = useQuery(ask.rows(id, 0, step)).data;
  const template = useMemo(() => {
    const tracks = columns.map((column) => {
      const index = begin?.columns.indexOf(column.name) ?? -1;
      return track(column, index < 0 ? [] : (begin?.rows.map((row) => row[index]) ?? []));
    });
    return `64px ${tracks.join(' ')}`;
  }, [columns, begin]);
  if (failed?.error) return <Problem error={failed.error} onRetry={() => void failed.refetch()} />;

  return (
    <section
      ref={frame}
      className="rows"
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable by keyboard
      tabIndex={0}
      aria-label={t('datasets.preview')}
      style={{ height: Math.min(420, (total + 1) * rowHeight + 12) }}
    >
      <div role="table" aria-rowcount={total + 1} aria-label={t('datasets.preview')} className="rows-table">
        <div role="rowgroup" className="rows-head">
          <div role="row" aria-rowindex={1} className="rows-row" style={{ gridTemplateColumns: template }}>
            <div role="columnheader" className="num quiet">
              #
            </div>
            {columns.map((column) => (
              <div
                key={column.name}
                role="columnheader"
                className={column.type === 'number' ? 'num ellipsis' : 'ellipsis'}
                title={column.name}
              >
                <Icon name={column.type} size={12} /> {column.name}
              </div>
            ))}
          </div>
        </div>
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {items.map((item) => {
            const page = pages[Math.floor(item.index / step) - first]?.data;
            const row = page?.rows[item.index % step];
            return (
              <div
                key={item.index}
                role="row"
                aria-rowindex={item.index + 2}
                className="rows-row placed"
                style={{ gridTemplateColumns: template, transform: `translateY(${item.start}px)`, height: rowHeight }}
              >
                <div role="cell" className="num quiet">
                  {f.count(item.index + 1)}
                </div>
                {columns.map((column, index) => {
                  const value =
                    row?.[page?.columns[index] === column.name ? index : (page?.columns.indexOf(column.name) ?? index)];
                  return (
                    <div
                      key={column.name}
                      role="cell"
                      className={column.type === 'number' ? 'num ellipsis' : 'ellipsis'}
                      title={typeof value === 'string' && value.length > 24 ? value : undefined}
                    >
                      {row === undefined ? (
                        ''
                      ) : value === null || value === undefined ? (
                        <span className="quiet">∅</span>
                      ) : (
                        String(value)
                      )}
                    </div>
                  );
                })}
              </div>
            );
          })}
        </div>
      </div>
    </section>
  );
}
