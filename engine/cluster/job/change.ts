// Why a generation is to be followed by another one. Proposes nothing and keeps nothing.
import { imbalance, type Scene } from './compose.ts';

/** Shares are evened out again when a step would take so much less, and not sooner after the last time, ms. */
const lopsided = 1.2;
const evenEveryMs = 3000;

/** What is to be changed about the present generation, if anything. `soft` reasons can wait for the end of a round. */
export function whyChange(scene: Scene, steps: number, soft: boolean): string | undefined {
  const { present, beatOf, alive, arrivals, adoptedMs } = scene;
  if (present.over) return undefined;
  const ids = present.members.map((one) => one.id);
  if (ids.some((who) => !alive(who))) return 'a member is silent';
  if (ids.some((who) => beatOf(who)?.wants === 'out')) return 'a member leaves';
  if (ids.some((who) => beatOf(who)?.number === present.number && beatOf(who)?.broken !== undefined))
    return 'the ring broke';
  if (soft && arrivals.length > 0) return 'a machine joins';
  const all = ids.every((who) => beatOf(who)?.number === present.number && beatOf(who)?.ready);
  if (all && ids.some((who) => !present.voters.includes(who))) return 'all have the weights: all vote';
  if (ids.some((who) => (beatOf(who)?.applied ?? 0) >= steps)) return 'the last step is applied';
  if (soft && adoptedMs > evenEveryMs && imbalance(present, (who) => beatOf(who)?.speed ?? 0) > lopsided)
    return 'the shares do not fit the speeds';
  return undefined;
}
