// Beam search: several beginnings are carried on side by side and the best whole text wins. The greedy text is always one of
// them, so that the winner is never worse than it by the measure that decides (plain beam search can be).
import { logSumExp } from './choose.ts';
import { type Cursor, openCursor, type Prompt, type Writer } from './cursor.ts';

export interface BeamOptions {
  beams: number;
  /** Most tokens to write. */
  most: number;
  end: number;
  /** A text is measured by its log-probability over its length to this power; 0 measures the probability itself. */
  lengthPenalty: number;
  /** Called between steps; it may throw. */
  between?: () => Promise<void> | void;
}

export interface BeamText {
  /** Without the end token. */
  ids: number[];
  logProbability: number;
  ended: boolean;
  /** What decided: log-probability / lengthᵖᵉⁿᵃˡᵗʸ. */
  score: number;
}

interface Beam {
  ids: number[];
  logProbability: number;
  /** Every token was the likeliest one. */
  greedy: boolean;
}

interface Step extends Beam {
  row: number;
  token: number;
}

/** The `count` best ways on of each beam, and its greedy one. */
function waysOn(beams: readonly Beam[], { logits }: Cursor, count: number): Step[] {
  const vocabulary = logits.length / beams.length;
  return beams.flatMap((beam, row) => {
    const scores = logits.subarray(row * vocabulary, (row + 1) * vocabulary);
    const total = logSumExp(scores);
    return best(scores, count).map((token, rank) => ({
      row,
      token,
      ids: [...beam.ids, token],
      logProbability: beam.logProbability + scores[token] - total,
      greedy: beam.greedy && rank === 0,
    }));
  });
}

/** Places of the greatest scores, falling; equal ones rising. */
function best(scores: Float32Array, count: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < scores.length; i++) {
    if (found.length === count && scores[i] <= scores[found[count - 1]]) continue;
    let at = found.length;
    while (at > 0 && scores[i] > scores[found[at - 1]]) at--;
    found.splice(at, 0, i);
    if (found.length > count) found.pop();
  }
  return found;
}

/** The best text that follows a prompt. */
export async function beamSearch(writer: Writer, prompt: Prompt, options: BeamOptions): Promise<BeamText> {
  const { beams: width, most, end, lengthPenalty } = options;
  const scoreOf = (logProbability: number, length: number) => logProbability / Math.max(1, length) ** lengthPenalty;
  const cursor = await openCursor(writer, [prompt]);
  let beams: Beam[] = [{ ids: [], logProbability: 0, greedy: true }];
  let winner: BeamText | undefined;
  const offer = ({ ids, logProbability }: Beam, ended: boolean) => {
    const score = scoreOf(logProbability, ids.length);
    if (!winner || score > winner.score) winner = { ids: ended ? ids.slice(0, -1) : ids, logProbability, ended, score };
  };
  for (let length = 1; beams.length > 0; length++) {
    const ways = waysOn(beams, cursor, width + 1).sort((a, b) => b.logProbability - a.logProbability);
    for (const way of ways.slice(0, width + 1)) if (way.token === end) offer(way, true);
    const greedy = ways.find((way) => way.greedy);
    if (greedy?.token === end) offer(greedy, true);
    const open = ways.filter(({ token }) => token !== end);
    const next = open.slice(0, width);
    if (greedy && greedy.token !== end && !next.includes(greedy)) next[next.length - 1] = greedy;
    if (length >= most) {
      for (const way of next) offer(way, false);
      break;
    }
    // Log-probabilities only fall: what no length could lift above the winner is given up.
    const hope = ({ logProbability }: Beam) =>
      Math.max(scoreOf(logProbability, length + 1), scoreOf(logProbability, most));
    const bar = winner?.score ?? Number.NEGATIVE_INFINITY;
    const going = next.filter((way) => hope(way) > bar);
    if (going.length === 0) break;
    await options.between?.();
    cursor.keep(going.map(({ row }) => row));
    await cursor.step(going.map(({ token }) => token));
    beams = going;
  }
  return winner ?? { ids: [], logProbability: 0, ended: false, score: 0 };
}
