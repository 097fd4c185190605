// Live events into the query cache: what the appliance says has changed is patched in place, so that screens follow
// without asking again. After a gap everything is asked anew.
import type { InfiniteData } from '@tanstack/react-query';
import type {
  Dataset,
  Deployment,
  EventType,
  LiveEvent,
  MetricPoint,
  Model,
  Progress,
  Run,
} from '../../engine/schema/index.ts';
import { appendPoints } from '../charts/lines.ts';
import { queryClient } from './queries.ts';
import { notifyAlert, noteRun } from './notify.ts';

interface Listed<T> {
  items: T[];
  total: number;
  next?: string | undefined;
}
type Pages = InfiniteData<Listed<Run>, string>;

/** Replaces a record in a list, or puts it first. */
function upsert<T extends { id: string }>(list: Listed<T> | undefined, record: T): Listed<T> | undefined {
  if (!list) return undefined;
  const known = list.items.some((item) => item.id === record.id);
  return known
    ? { ...list, items: list.items.map((item) => (item.id === record.id ? record : item)) }
    : { ...list, items: [record, ...list.items], total: list.total + 1 };
}
function without<T extends { id: string }>(list: Listed<T> | undefined, id: string): Listed<T> | undefined {
  if (!list?.items.some((item) => item.id === id)) return list;
  return { ...list, items: list.items.filter((item) => item.id !== id), total: list.total - 1 };
}

/** Puts a change of one run into every loaded page; true when some page had it. */
function patchRuns(id: string, change: (run: Run) => Run): boolean {
  let found = false;
  queryClient.setQueriesData<Pages>({ queryKey: ['runs'] }, (data) => {
    if (!data?.pages.some((page) => page.items.some((run) => run.id === id))) return data;
    found = true;
    return {
      ...data,
      pages: data.pages.map((page) => ({
        ...page,
        items: page.items.map((run) => (run.id === id ? change(run) : run)),
      })),
    };
  });
  return found;
}

let asked: ReturnType<typeof setTimeout> | undefined;
/** Lists of runs are asked for again at most once a second, however many runs appear. */
function askRunsSoon(): void {
  asked ??= setTimeout(() => {
    asked = undefined;
    void queryClient.invalidateQueries({ queryKey: ['runs'] });
    void queryClient.invalidateQueries({ queryKey: ['experiments'] });
  }, 1000);
}

let asking: ReturnType<typeof setTimeout> | undefined;
/** Peers tell of their load all the time; the room is asked for again at most once a second. */
function askRoomSoon(): void {
  asking ??= setTimeout(() => {
    asking = undefined;
    void queryClient.invalidateQueries({ queryKey: ['room'] });
  }, 1000);
}

const effects: Record<EventType, (id: string, data: unknown) => void> = {
  'dataset.changed'(id, data) {
    const record = data as Dataset;
    queryClient.setQueryData(['dataset', id], record);
    queryClient.setQueryData<Listed<Dataset>>(['datasets'], (list) => upsert(list, record));
  },
  'dataset.progress'(id, data) {
    queryClient.setQueryData<Progress>(['progress', id], data as Progress);
  },
  'dataset.removed'(id) {
    queryClient.setQueryData<Listed<Dataset>>(['datasets'], (list) => without(list, id));
  },
  'run.changed'(id, data) {
    const record = data as Run;
    queryClient.setQueryData(['run', id], record);
    noteRun(record);
    if (!patchRuns(id, () => record)) askRunsSoon();
  },
  'run.metric'(id, data) {
    const points = Array.isArray(data) ? (data as MetricPoint[]) : [data as MetricPoint];
    queryClient.setQueryData<{ points: MetricPoint[] }>(['metrics', id], (known) =>
      known ? { points: appendPoints(known.points, points) } : undefined,
    );
    const latest = Object.fromEntries(points.map((point) => [point.name, point.value]));
    queryClient.setQueryData<Run>(['run', id], (run) =>
      run ? { ...run, metrics: { ...run.metrics, ...latest } } : undefined,
    );
  },
  'run.progress'(id, data) {
    const progress = data as Progress;
    queryClient.setQueryData<Run>(['run', id], (run) => (run ? { ...run, progress } : undefined));
    patchRuns(id, (run) => ({ ...run, progress }));
  },
  'model.changed'(id, data) {
    const record = data as Model;
    queryClient.setQueryData(['model', id], record);
    queryClient.setQueryData<Listed<Model>>(['models'], (list) => upsert(list, record));
  },
  'model.removed'(id) {
    queryClient.setQueryData<Listed<Model>>(['models'], (list) => without(list, id));
  },
  'deployment.changed'(_id, data) {
    const record = data as Deployment;
    queryClient.setQueryData(['deployment', record.name], record);
    queryClient.setQueryData<Listed<Deployment>>(['deployments'], (list) => upsert(list, record));
  },
  'scoring.changed'() {
    void queryClient.invalidateQueries({ queryKey: ['scorings'] });
  },
  'alert.changed'() {
    void queryClient.invalidateQueries({ queryKey: ['alerts'] });
  },
  'alert.fired'(_id, data) {
    const { name, deployment, message, desktop } = data as {
      name: string;
      deployment: string;
      message: string;
      desktop: boolean;
    };
    if (desktop) notifyAlert(name, deployment, message);
  },
  'key.changed'() {
    void queryClient.invalidateQueries({ queryKey: ['keys'] });
  },
  'job.changed': askRoomSoon,
  'peer.changed'() {
    askRoomSoon();
  },
  'system.changed'() {
    void queryClient.invalidateQueries({ queryKey: ['system'] });
  },
  resync() {
    void queryClient.invalidateQueries();
  },
};

/** Applies one event to the cache. */
export function applyEvent(event: LiveEvent): void {
  effects[event.type](event.id, event.data);
}
