// What one number says about a run. Pure.
import { leadOf, type Model, type Run } from '../../engine/schema/index.ts';

/** Figures that can stand for a whole run or model; the first that there is does. */
const names = [
  'accuracy',
  'r2',
  'mase',
  'ndcg',
  'rocAuc',
  'flagged',
  'exactMatch',
  'perplexity',
  'tokenAccuracy',
  'loss',
] as const;
type Name = (typeof names)[number];
/** Figures that have words of their own, by the name that the appliance gives them. */
export const metricKeys: Record<string, Name> = Object.fromEntries(names.map((name) => [name, name]));

/** The headline of a run: the held-out figure when it is over, validation's while it runs. */
export function headline(run: Run): { name: Name; value: number; held: boolean } | undefined {
  const { report, metrics } = run;
  if (report) return { ...leadOf(report), held: true };
  for (const name of names) {
    const value = metrics[`val.${name}`];
    if (value !== undefined) return { name, value, held: false };
  }
  return undefined;
}

/** Share done, 0 to 1, when the trainer has said. */
export function share(run: Run): number | undefined {
  const { progress } = run;
  return progress && progress.total > 0 ? Math.min(1, progress.done / progress.total) : undefined;
}

/** Headline of a published model from its stored figures. */
export function modelHeadline(model: Model): { name: Name; value: number } | undefined {
  for (const name of names) {
    const value = model.metrics[name] ?? model.metrics[`test.${name}`];
    if (value !== undefined) return { name, value };
  }
  return undefined;
}
