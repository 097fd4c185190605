// Follows a run from the terminal, and says how it ended. Starts none.
import { Fault, type MetricPoint, type Progress, type Run } from '../engine/schema/index.ts';
import { note, planText, progressLine, reportText } from './print.ts';
import type { Session } from './session.ts';
import { recordedFault } from './verb.ts';
import { jobText } from './verbs/cluster.ts';

const shown = ['train.loss', 'val.loss', 'val.accuracy', 'val.r2', 'val.ndcg', 'val.tokenAccuracy'];

/** Follows a run to its end with a progress line; Ctrl-C asks the run to stop and keeps its best state. */
export async function follow(session: Session, id: string, quiet: boolean): Promise<Run> {
  const line = progressLine(quiet);
  let planned = false;
  let asked = false;
  const stop = () => {
    if (asked) process.exit(130);
    asked = true;
    line.end();
    note('stopping after this step; the best state is kept (press Ctrl-C again to leave at once)');
    session.client.call('runs.stop', { params: { id }, body: {} }).catch(() => {});
  };
  process.on('SIGINT', stop);
  try {
    const shownFigures: Record<string, number> = {};
    return await session.client.waitRun(id, (event) => {
      if (event.type === 'run.metric') {
        for (const { name, value } of event.data as MetricPoint[]) if (shown.includes(name)) shownFigures[name] = value;
      }
      if (event.type === 'run.progress') line.show(event.data as Progress, shownFigures);
      if (event.type === 'run.changed') {
        const { plan } = event.data as Run;
        if (!plan || planned) return;
        planned = true;
        line.end();
        if (!quiet) note(planText(plan));
      }
    });
  } finally {
    process.off('SIGINT', stop);
    line.end();
  }
}

/** The value and text of a run that is over; one without a report throws its fault. */
export function finished(run: Run): { json: unknown; text: string } {
  if (!run.report) {
    if (run.error) throw recordedFault(run.error);
    throw new Fault(
      'cancelled',
      `run ${run.id} ended ${run.state} without a model; go on with: neutrino runs resume ${run.id}`,
    );
  }
  const model = run.model ? `\nmodel ${run.model.name}@${run.model.version}: neutrino deploy ${run.model.name}` : '';
  const room = run.room ? `\n\n${jobText(run.room)}` : '';
  return { json: run, text: `${reportText(run.report)}${room}${model}` };
}
