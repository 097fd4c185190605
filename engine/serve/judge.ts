// Whether a canary may go on: its failures and its latency beside those of the stable model, over the same time.
import type { CanaryRules } from '../schema/index.ts';
import type { Meter } from './meter.ts';

export type Verdict = { is: 'wait' } | { is: 'promote' } | { is: 'rollback'; why: string };

/** Requests after which failures alone can end a canary, and how sure one must be (standard deviations). */
const leastRequests = 10;
const sure = 2;
/** Differences below this are noise of the machine, ms. */
const noiseMs = 2;

/** Compares the figures of a canary with those of the stable model since the canary began. */
export function judge(rules: CanaryRules, canary: Meter, stable: Meter): Verdict {
  const n = canary.requests;
  if (n >= leastRequests) {
    const expected = stable.requests > 0 ? stable.errors / stable.requests : 0;
    const share = canary.errors / n;
    // The spread of a share that is as the stable one's, smoothed so that none failing is not certainty.
    const base = Math.max(expected, 1 / (stable.requests + 10));
    const spread = Math.sqrt((base * (1 - Math.min(base, 0.9))) / n);
    if (share - expected > rules.errors && share - expected > sure * spread) {
      return {
        is: 'rollback',
        why: `it failed ${canary.errors} of ${n} requests, the stable model ${percent(expected)}`,
      };
    }
  }
  if (n < rules.requests) return { is: 'wait' };
  const [slow, usual] = [canary.latency().p95, stable.latency().p95];
  if (stable.requests >= leastRequests && slow > usual * rules.slower + noiseMs) {
    return {
      is: 'rollback',
      why: `its 95th percentile is ${slow.toFixed(1)} ms, the stable model's ${usual.toFixed(1)} ms`,
    };
  }
  if (rules.promoteAfter !== undefined && n >= rules.promoteAfter) return { is: 'promote' };
  return { is: 'wait' };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
