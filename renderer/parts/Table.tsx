// The one table of the app: typed columns, sorting here or by the server, selection, and only the visible rows in the
// DOM, so that 100,000 rows scroll. Markup is ARIA's table on a CSS grid.
/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a <table> cannot lay virtual rows on a grid and keep its role */
/* oxlint-disable react/incompatible-library -- the React compiler is not used */
import { useElementSize, useMergedRef } from '@mantine/hooks';
import {
  type ColumnDef,
  createSortedRowModel,
  rowSortingFeature,
  type SortingState,
  sortFn_basic,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Icon } from './Icon.tsx';
import { useWords } from './words.ts';

/** One column. `track` is its CSS grid track; a column with `value` can be sorted unless `fixed`. */
export interface Column<T> {
  id: string;
  head: string;
  track: string;
  value?: (row: T) => string | number | undefined;
  render: (row: T) => ReactNode;
  right?: boolean;
  fixed?: boolean;
  /** Where the place is narrow, the columns with the greatest rank go first; one without stays. */
  rank?: number;
}

interface Properties<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  keyOf: (row: T) => string;
  /** Given: the server sorts, and the column ids are its sort keys. */
  sort?: { id: string; desc: boolean };
  onSort?: (sort: { id: string; desc: boolean }) => void;
  selected?: ReadonlySet<string>;
  onSelect?: (key: string, on: boolean) => void;
  selectLabel?: (row: T) => string;
  onOpen?: (row: T) => void;
  /** Called when the end comes near. */
  onMore?: () => void;
  /** All rows there are, when more than loaded. */
  total?: number;
  /** Takes the height that is left on the page and scrolls inside. */
  fill?: boolean;
}

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { basic: sortFn_basic },
});
const rowHeight = 36;
const none: never[] = [];

/** Pixels that a column takes at least, its gap included. */
const leastOf = (column: { track: string }): number => Number(/(\d+)px/.exec(column.track)?.[1] ?? 80) + 14;

/** The columns that fit into so many pixels, or all that must stay. */
function fitting<T>(columns: Column<T>[], width: number): Column<T>[] {
  const kept = [...columns];
  const ranked = columns.filter(({ rank }) => rank !== undefined).sort((a, b) => (b.rank ?? 0) - (a.rank ?? 0));
  for (const column of ranked) {
    if (width === 0 || kept.reduce((sum, one) => sum + leastOf(one), 0) <= width) break;
    kept.splice(kept.indexOf(column), 1);
  }
  return kept;
}

interface RowProperties<T> extends Pick<Properties<T>, 'columns' | 'onOpen' | 'onSelect' | 'selectLabel'> {
  id: string;
  row: T;
  index: number;
  /** Pixels from the top. */
  start: number;
  template: string;
  chosen: boolean;
}

function PlainRow<T>({
  id,
  row,
  index,
  start,
  template,
  columns,
  chosen,
  onOpen,
  onSelect,
  selectLabel,
}: RowProperties<T>) {
  const { t } = useWords();
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the row's link does the same by keyboard
    <div
      role="row"
      aria-rowindex={index + 2}
      className={`table-row${chosen ? ' chosen' : ''}${onOpen ? ' opens' : ''}`}
      style={{ gridTemplateColumns: template, transform: `translateY(${start}px)`, height: rowHeight }}
      onClick={(event) => {
        if (onOpen && !(event.target as Element).closest('a,button,input,label')) onOpen(row);
      }}
    >
      {onSelect ? (
        <div role="cell">
          <input
            type="checkbox"
            className="tick"
            checked={chosen}
            aria-label={selectLabel?.(row) ?? t('table.select')}
            onChange={(event) => onSelect(id, event.currentTarget.checked)}
          />
        </div>
      ) : null}
      {columns.map((column) => (
        <div key={column.id} role="cell" className={column.right ? 'num' : 'ellipsis'}>
          {column.render(row)}
        </div>
      ))}
    </div>
  );
}
/** Rows that stay while others scroll in are not drawn anew. */
const Row = memo(PlainRow) as typeof PlainRow;

/** See the file's head. */
export function Table<T extends object>(properties: Properties<T>) {
  const { label, rows, keyOf, sort, onSort, selected, onSelect, onOpen, onMore, fill } = properties;
  const { ref: measured, width } = useElementSize();
  const beside = onSelect ? 58 : 30;
  const columns = useMemo(() => fitting(properties.columns, width - beside), [properties.columns, width, beside]);
  const { t } = useWords();
  const frame = useRef<HTMLDivElement>(null);
  const [local, setLocal] = useState<SortingState>([]);
  const sorting = sort ? [sort] : local;

  const definitions = useMemo(
    () =>
      columns.map(
        (column): ColumnDef<typeof features, T> => ({
          id: column.id,
          accessorFn: (row) => column.value?.(row),
          enableSorting: column.value !== undefined && !column.fixed,
          sortFn: 'basic',
          sortUndefined: 'last',
        }),
      ),
    [columns],
  );
  const table = useTable({
    features,
    columns: definitions,
    // What the server sorted is shown as it came: building 10,000 rows anew would hold up the scrolling.
    data: sort ? none : rows,
    getRowId: keyOf,
    manualSorting: sort !== undefined,
    enableSortingRemoval: sort === undefined,
    state: { sorting },
    onSortingChange: (change) => {
      const next = typeof change === 'function' ? change(sorting) : change;
      const first = next[0];
      if (onSort && first) onSort(first);
      else setLocal(next);
    },
  });
  const here = table.getRowModel().rows;
  const count = rows.length;
  const rowAt = useCallback(
    (index: number): T | undefined => (sort ? rows[index] : here[index]?.original),
    // oxlint-disable-next-line react/exhaustive-deps -- whether the server sorts never changes for a table
    [rows, here],
  );
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    getItemKey: useCallback(
      (index: number) => {
        const row = rowAt(index);
        return row ? keyOf(row) : index;
      },
      // oxlint-disable-next-line react/exhaustive-deps -- a row's key never changes, and a new function would measure all anew
      [rowAt],
    ),
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (onMore && last >= count - 40) onMore();
  }, [last, count, onMore]);

  const least = columns.reduce((sum, column) => sum + leastOf(column), onSelect ? 58 : 30);
  const place = useMergedRef(frame, measured);
  const template = `${onSelect ? '28px ' : ''}${columns.map((column) => column.track).join(' ')}`;
  return (
    <section
      ref={place}
      className={`table-frame${fill ? ' fill' : ''}`}
      aria-label={label}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable by keyboard
      tabIndex={0}
    >
      <div
        role="table"
        aria-label={label}
        aria-rowcount={(properties.total ?? rows.length) + 1}
        className="table"
        style={{ minWidth: least }}
      >
        <div role="rowgroup" className="table-head">
          <div role="row" aria-rowindex={1} className="table-row" style={{ gridTemplateColumns: template }}>
            {onSelect ? (
              <div role="columnheader">
                <span className="visually-hidden">{t('table.select')}</span>
              </div>
            ) : null}
            {table.getHeaderGroups()[0]?.headers.map((header, index) => {
              const column = columns[index];
              const order = header.column.getIsSorted();
              return (
                <div
                  key={header.id}
                  role="columnheader"
                  className={column.right ? 'num' : undefined}
                  aria-sort={order === 'asc' ? 'ascending' : order === 'desc' ? 'descending' : undefined}
                >
                  {header.column.getCanSort() ? (
                    <button type="button" className="sorter" onClick={header.column.getToggleSortingHandler()}>
                      {column.head}
                      {order ? <Icon name={order === 'asc' ? 'up' : 'fall'} size={11} /> : null}
                    </button>
                  ) : (
                    column.head || <span className="visually-hidden">{t('table.tools')}</span>
                  )}
                </div>
              );
            })}
          </div>
        </div>
        <div role="rowgroup" className="table-body" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = rowAt(item.index);
            if (!row) return null;
            const key = keyOf(row);
            return (
              <Row
                key={key}
                id={key}
                row={row}
                index={item.index}
                start={item.start}
                template={template}
                columns={columns}
                chosen={selected?.has(key) ?? false}
                onOpen={onOpen}
                onSelect={onSelect}
                selectLabel={properties.selectLabel}
              />
            );
          })}
        </div>
      </div>
    </section>
  );
}
