// The runs loaded so far under a filter, flat, with the means to load more.
import { useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import type { Run } from '../../engine/schema/index.ts';
import { ask } from './queries.ts';

/** Rows by the server's order; `more` loads the next page when there is one. */
export function useRuns(filter: Parameters<typeof ask.runs>[0]): {
  rows: Run[];
  total: number;
  pending: boolean;
  error: Error | null;
  more: () => void;
  retry: () => void;
} {
  const { data, isPending, error, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery(
    ask.runs(filter),
  );
  const rows = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return { rows, total: data?.pages[0]?.total ?? 0, pending: isPending, error, more, retry: () => void refetch() };
}
