// Whether an alert rule speaks: its condition against what a watch saw. Pure; who is told is tell.ts.
import type { AlertCondition, DriftWindow, PredictOutput } from '../schema/index.ts';
import type { Recent } from './watch.ts';

/** A reason to speak: the value that crossed the line, and words for people. */
export interface Reason {
  value: number;
  message: string;
}

/** Requests below which a share or a percentile says nothing. */
const leastRequests = 10;

/** Conditions over a stretch of time; undefined while they hold back, or are not about time. */
export function reasonOver(when: AlertCondition, recent: (seconds: number) => Recent): Reason | undefined {
  switch (when.on) {
    case 'errors': {
      const { requests, errors } = recent(when.seconds);
      const share = requests === 0 ? 0 : errors / requests;
      if (requests < leastRequests || share <= when.above) return undefined;
      return { value: share, message: `${errors} of ${requests} requests failed in ${when.seconds} s` };
    }
    case 'latency': {
      const { requests, p95 } = recent(when.seconds);
      if (requests < leastRequests || p95 <= when.above) return undefined;
      return { value: p95, message: `the 95th percentile is ${p95.toFixed(1)} ms over ${when.seconds} s` };
    }
    case 'burst': {
      const count = recent(when.seconds).classes.get(when.class) ?? 0;
      if (count <= when.above) return undefined;
      return { value: count, message: `“${when.class}” was answered ${count} times in ${when.seconds} s` };
    }
    case 'threshold':
    case 'drift':
      return undefined;
  }
}

/** A threshold that one of these outputs crossed. */
export function reasonOf(when: AlertCondition, outputs: readonly PredictOutput[]): Reason | undefined {
  if (when.on !== 'threshold') return undefined;
  for (const output of outputs) {
    const scores = 'scores' in output ? output.scores : undefined;
    const value = when.class === undefined ? ('value' in output ? output.value : undefined) : scores?.[when.class];
    if (typeof value !== 'number') continue;
    const what = when.class === undefined ? 'a predicted value' : `the score of “${when.class}”`;
    if (when.above !== undefined && value > when.above)
      return { value, message: `${what} is ${value}, above ${when.above}` };
    if (when.below !== undefined && value < when.below)
      return { value, message: `${what} is ${value}, below ${when.below}` };
  }
  return undefined;
}

/** A window that drifted. */
export function reasonOfDrift(when: AlertCondition, window: DriftWindow): Reason | undefined {
  if (when.on !== 'drift' || !window.drifted) return undefined;
  const moved = window.figures.filter(({ drifted }) => drifted);
  const names = moved.map(({ name, psi }) => `${name} (PSI ${psi.toFixed(2)})`).join(', ');
  return { value: Math.max(...moved.map(({ psi }) => psi)), message: `drift in ${window.rows} rows: ${names}` };
}
