// What one number says about a run, and how long it took. Pure.
import { isRunOver, type Model, type Run } from '../../engine/schema/index.ts';

/** The headline of a run: held-out accuracy or R² when it is over, validation's while it runs. */
export function headline(run: Run): { name: 'accuracy' | 'r2' | 'loss'; value: number; held: boolean } | undefined {
  const { report, metrics } = run;
  if (report) {
    return 'accuracy' in report
      ? { name: 'accuracy', value: report.accuracy, held: true }
      : { name: 'r2', value: report.r2, held: true };
  }
  for (const name of ['accuracy', 'r2', 'loss'] as const) {
    const value = metrics[`val.${name}`];
    if (value !== undefined) return { name, value, held: false };
  }
  return undefined;
}

/** Milliseconds since it began, up to `now` while it goes on. */
export function spent(run: Run, now: number): number | undefined {
  if (run.startedAt === undefined) return undefined;
  return (isRunOver(run.state) ? (run.endedAt ?? run.updatedAt) : now) - run.startedAt;
}

/** Share done, 0 to 1, when the trainer has said. */
export function share(run: Run): number | undefined {
  const { progress } = run;
  return progress && progress.total > 0 ? Math.min(1, progress.done / progress.total) : undefined;
}

/** Headline of a published model from its stored figures. */
export function modelHeadline(model: Model): { name: 'accuracy' | 'r2' | 'loss'; value: number } | undefined {
  for (const name of ['accuracy', 'r2', 'loss'] as const) {
    const value = model.metrics[name] ?? model.metrics[`test.${name}`];
    if (value !== undefined) return { name, value };
  }
  return undefined;
}
