// Every question the UI asks the appliance, with its key in the query cache. live.ts patches the same keys from events.
import { infiniteQueryOptions, keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query';
import { Fault, type RouteArguments } from '../../engine/schema/index.ts';
import { api } from './api.ts';

/** Events keep the cache true, so a query is stale only when the link was lost (live.ts then invalidates all). */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => count < 2 && !(error instanceof Fault && error.code !== 'unreachable'),
    },
  },
});

type RunFilter = Omit<NonNullable<RouteArguments<'runs.list'>['query']>, 'cursor' | 'limit'>;
const most = { limit: 500 };

export const ask = {
  system: () =>
    queryOptions({
      queryKey: ['system'],
      queryFn: () => api.call('system.show'),
      // Not after a refusal: a role that may not see the machine would fill the audit by asking on.
      refetchInterval: (query) => (query.state.status === 'error' ? false : 10_000),
    }),

  datasets: () => queryOptions({ queryKey: ['datasets'], queryFn: () => api.call('datasets.list', { query: most }) }),
  dataset: (id: string) =>
    queryOptions({ queryKey: ['dataset', id], queryFn: () => api.call('datasets.show', { params: { id } }) }),
  rows: (id: string, offset: number, limit: number) =>
    queryOptions({
      queryKey: ['rows', id, offset, limit],
      queryFn: () => api.call('datasets.rows', { params: { id }, query: { offset, limit } }),
      staleTime: Number.POSITIVE_INFINITY,
    }),

  experiments: () =>
    queryOptions({ queryKey: ['experiments'], queryFn: () => api.call('experiments.list', { query: most }) }),
  /** One page after another; the first tells the total. */
  runs: (filter: RunFilter) =>
    infiniteQueryOptions({
      queryKey: ['runs', filter],
      queryFn: ({ pageParam }) =>
        api.call('runs.list', {
          query: { ...filter, ...(pageParam ? { cursor: pageParam, limit: 500 } : { limit: 100 }) },
        }),
      initialPageParam: '',
      getNextPageParam: (page) => page.next,
      placeholderData: keepPreviousData,
      // Comparing 10,000 runs with themselves at every page would hold up the scrolling.
      structuralSharing: false,
    }),
  runGroups: (query: RouteArguments<'runs.groups'>['query']) =>
    queryOptions({
      queryKey: ['runs', 'groups', query],
      queryFn: () => api.call('runs.groups', { query }),
      placeholderData: keepPreviousData,
    }),
  run: (id: string) =>
    queryOptions({ queryKey: ['run', id], queryFn: () => api.call('runs.show', { params: { id } }) }),
  metrics: (id: string) =>
    queryOptions({ queryKey: ['metrics', id], queryFn: () => api.call('runs.metrics', { params: { id } }) }),
  compare: (ids: string[]) =>
    queryOptions({
      queryKey: ['compare', ...ids],
      queryFn: () => api.call('runs.compare', { query: { ids: ids.join(',') } }),
    }),

  models: () => queryOptions({ queryKey: ['models'], queryFn: () => api.call('models.list', { query: most }) }),
  model: (id: string) =>
    queryOptions({ queryKey: ['model', id], queryFn: () => api.call('models.show', { params: { id } }) }),

  deployments: () =>
    queryOptions({ queryKey: ['deployments'], queryFn: () => api.call('deployments.list', { query: most }) }),
  deployment: (name: string) =>
    queryOptions({
      queryKey: ['deployment', name],
      queryFn: () => api.call('deployments.show', { params: { name } }),
    }),
  status: (name: string) =>
    queryOptions({
      queryKey: ['status', name],
      queryFn: () => api.call('deployments.status', { params: { name } }),
      refetchInterval: 3000,
    }),
  monitor: (name: string) =>
    queryOptions({
      queryKey: ['monitor', name],
      queryFn: () => api.call('deployments.monitor', { params: { name } }),
      refetchInterval: 10_000,
    }),
  scorings: (name: string) =>
    queryOptions({
      queryKey: ['scorings', name],
      queryFn: () => api.call('scoring.list', { params: { name } }),
    }),
  alerts: () => queryOptions({ queryKey: ['alerts'], queryFn: () => api.call('alerts.list') }),
  inputs: (name: string, version: number) =>
    queryOptions({
      queryKey: ['inputs', name, version],
      queryFn: () => api.call('deployments.schema', { params: { name } }),
    }),

  room: () => queryOptions({ queryKey: ['room', 'status'], queryFn: () => api.call('cluster.status') }),
  /** Figures change all the time: events ask anew, and while a run goes on so does time. */
  jobs: () =>
    queryOptions({
      queryKey: ['room', 'jobs'],
      queryFn: () => api.call('cluster.jobs'),
      refetchInterval: (query) => (query.state.data?.items.some((job) => job.state !== 'over') ? 2000 : false),
    }),
  peers: () => queryOptions({ queryKey: ['room', 'peers'], queryFn: () => api.call('peers.list') }),
  keys: () => queryOptions({ queryKey: ['keys'], queryFn: () => api.call('keys.list', { query: most }) }),
  audit: () =>
    infiniteQueryOptions({
      queryKey: ['audit'],
      queryFn: ({ pageParam }) =>
        api.call('audit.list', { query: { limit: 200, ...(pageParam ? { before: pageParam } : {}) } }),
      initialPageParam: 0,
      getNextPageParam: (page) => (page.entries.length === 200 ? page.entries.at(-1)?.seq : undefined),
      staleTime: 0,
    }),
};
