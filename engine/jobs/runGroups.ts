// Runs put together by what they have in common: how many, how they ended, and what the best and the usual score is. Pure.
import { leadOf, type RouteAnswer, type Run } from '../schema/index.ts';

export type GroupBy = 'experiment' | 'dataset' | 'family';
type Group = RouteAnswer<'runs.groups'>['items'][number];

/** Figures of which less is better. */
const falling: ReadonlySet<string> = new Set(['perplexity', 'mase']);

/** Groups of runs, the one with the newest run first. `nameOf` is an experiment's name. */
export function groupRuns(runs: readonly Run[], by: GroupBy, nameOf: (experiment: string) => string): Group[] {
  const keyOf: Record<GroupBy, (run: Run) => [key: string, name: string]> = {
    experiment: ({ parentId = '' }) => [parentId, nameOf(parentId)],
    dataset: ({ dataset }) => [dataset.id, dataset.name],
    family: ({ plan, request }) => [plan?.family ?? request.model, plan?.family ?? request.model],
  };
  const groups = new Map<string, { name: string; runs: Run[] }>();
  for (const run of runs) {
    const [key, name] = keyOf[by](run);
    const group = groups.get(key);
    if (group) group.runs.push(run);
    else groups.set(key, { name, runs: [run] });
  }
  return [...groups]
    .map(([key, group]) => summed(key, group.name, group.runs))
    .sort((a, b) => b.newest - a.newest || a.name.localeCompare(b.name));
}

function summed(key: string, name: string, runs: Run[]): Group {
  const scored = runs.flatMap((run) => {
    const lead = run.report && leadOf(run.report);
    return lead ? [{ run, metric: lead.name, value: lead.value }] : [];
  });
  // Accuracies and R² do not go together: the figure that most runs have speaks for the group.
  const counts = new Map<string, number>();
  for (const { metric } of scored) counts.set(metric, (counts.get(metric) ?? 0) + 1);
  const metric = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
  const own = scored.filter((one) => one.metric === metric);
  const sign = metric && falling.has(metric) ? -1 : 1;
  const best = own.reduce<(typeof own)[number] | undefined>(
    (top, one) => (top && sign * top.value >= sign * one.value ? top : one),
    undefined,
  );
  const mean = own.reduce((sum, { value }) => sum + value, 0) / own.length;
  const variance = own.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / Math.max(1, own.length - 1);
  const ended = (state: Run['state']) => runs.filter((run) => run.state === state).length;
  return {
    key,
    name,
    runs: runs.length,
    finished: ended('finished'),
    failed: ended('failed') + ended('interrupted'),
    newest: Math.max(...runs.map(({ createdAt }) => createdAt)),
    ...(metric !== undefined && best
      ? {
          score: {
            metric,
            of: own.length,
            mean,
            spread: Math.sqrt(variance),
            best: best.value,
            run: { id: best.run.id, name: best.run.name },
          },
        }
      : {}),
  };
}
