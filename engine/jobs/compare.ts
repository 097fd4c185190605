// Runs side by side: which settings differ, and the figures of each.
import type { RouteAnswer, Run } from '../schema/index.ts';

/** Settings that are never the reason for a difference in figures. */
const unlike = new Set(['request.name', 'request.experiment']);

/** Fields of request and plan, and headline figures, whose values are not the same in all runs. */
export function compareRuns(runs: Run[]): RouteAnswer<'runs.compare'> {
  const rows = runs.map((run) => {
    const { reasons: _reasons, ...plan } = run.plan ?? {};
    return new Map([
      ...flatten('request', run.request),
      ...flatten('plan', plan),
      ...flatten('metrics', run.metrics),
      ...flatten('report', figuresOf(run)),
      ['state', run.state] as const,
    ]);
  });
  const fields = [...new Set(rows.flatMap((row) => [...row.keys()]))].filter((field) => !unlike.has(field));
  const differs = fields
    .map((field) => ({ field, values: rows.map((row) => row.get(field) ?? null) }))
    .filter(({ values }) => new Set(values.map((value) => JSON.stringify(value))).size > 1);
  return { runs, differs };
}

/** The single numbers of a report, without its tables. */
function figuresOf(run: Run): Record<string, number> {
  const entries = Object.entries(run.report ?? {}).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  return Object.fromEntries(entries);
}

function* flatten(path: string, value: unknown): Generator<readonly [string, unknown]> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) yield* flatten(`${path}.${key}`, inner);
  } else if (value !== undefined) yield [path, value] as const;
}
