// What a run's model said of its test rows: curves over the scores, and the rows that it misjudged, from the pack of the model
// and from the dataset as it was then. Keeps nothing.
import { curvesOf, decodeOutcomes, outcomesEntry } from '../bundle/index.ts';
import { openDataset } from '../data/index.ts';
import { Fault, type Handlers, type JudgedRows, type Run } from '../schema/index.ts';
import { openPack } from '../store/index.ts';
import type { Outcomes } from '../train/index.ts';
import type { JobContext } from './context.ts';
import type { Datasets } from './datasets.ts';

/** Answers about the test part of runs. */
export function outcomeHandlers(
  { store }: JobContext,
  datasets: Pick<Datasets, 'grant'>,
): Pick<Handlers, 'runs.outcomes' | 'runs.judged'> {
  const { runs, models, objects } = store;

  /** The kept scores and the names of the classes. Fault `not_found` where there are none. */
  function of(run: Run): { outcomes: Outcomes; labels: string[] } {
    const model = run.model && models.look(run.model.id);
    if (!model) {
      throw new Fault(
        'not_found',
        run.model
          ? `The scores of run ${run.name} went with its model, which was deleted. Train again to have them.`
          : `Run ${run.name} has no model, so nothing was said of any row.`,
      );
    }
    const pack = objects.open(model.object);
    try {
      if (!pack.has(outcomesEntry)) {
        throw new Fault(
          'not_found',
          `Run ${run.name} kept no scores by row: they are kept for classes and quantities, since version 0.1.0. Train again to have them.`,
        );
      }
      return { outcomes: decodeOutcomes(pack.read(outcomesEntry)), labels: model.classes };
    } finally {
      pack.close();
    }
  }

  return {
    'runs.outcomes': ({ params }) => {
      const { outcomes, labels } = of(runs.find(params.id));
      return curvesOf(outcomes, labels);
    },
    'runs.judged': ({ params, query }) => {
      const run = runs.find(params.id);
      const { outcomes, labels } = of(run);
      const verdicts = verdictsOf(outcomes, labels, query);
      const { id, sha256 } = run.test ?? run.dataset;
      const grant = datasets.grant(id, sha256);
      const reader = openDataset(openPack(grant.pack.path, grant.pack));
      try {
        const rows = verdicts.slice(query.offset, query.offset + query.limit).map((verdict) => ({
          ...verdict,
          cells: reader.preview(verdict.row, 1).rows[0],
        }));
        return {
          dataset: { id, name: grant.name, ...(grant.version === undefined ? {} : { version: grant.version }) },
          columns: reader.shape.columns.map(({ name }) => name),
          rows,
          total: verdicts.length,
          kept: outcomes.rows.length,
          of: outcomes.of,
        };
      } finally {
        reader.close();
      }
    },
  };
}

type Verdict = Omit<JudgedRows['rows'][number], 'cells'>;

/** The rows that are meant, the worst first: the surest of the wrong, the least sure of the right, the furthest off. */
function verdictsOf(
  outcomes: Outcomes,
  labels: readonly string[],
  { truth, predicted }: { truth?: string | undefined; predicted?: string | undefined },
): Verdict[] {
  const { classes, rows, scores } = outcomes;
  if (classes === 0) {
    return Array.from(rows, (row, i) => ({ row, truth: outcomes.truth[i], predicted: scores[i] })).sort(
      (a, b) => Math.abs(b.predicted - b.truth) - Math.abs(a.predicted - a.truth),
    );
  }
  const numberOf = (label: string | undefined): number | undefined => {
    if (label === undefined) return undefined;
    const number = labels.indexOf(label);
    if (number >= 0) return number;
    throw new Fault('bad_request', `there is no class ${JSON.stringify(label)}; the classes are: ${labels.join(', ')}`);
  };
  const [wantedTruth, wantedAnswer] = [numberOf(truth), numberOf(predicted)];
  const isAny = wantedTruth === undefined && wantedAnswer === undefined;
  const areHits = wantedTruth !== undefined && wantedTruth === wantedAnswer;
  const found: (Verdict & { confidence: number })[] = [];
  for (const [i, row] of rows.entries()) {
    const top = outcomes.named[i];
    const is = outcomes.truth[i];
    if (isAny ? is === top : (wantedTruth ?? is) !== is || (wantedAnswer ?? top) !== top) continue;
    found.push({ row, truth: labels[is] ?? '', predicted: labels[top] ?? '', confidence: scores[i * classes + top] });
  }
  return found.sort((a, b) => (areHits ? a.confidence - b.confidence : b.confidence - a.confidence));
}
