// The inner loops of boosting over shared memory, one function a job and task; every thread runs the same. What a task writes
// no other task of the job touches, and sums run in the order of rows, so that results do not depend on the threads.
import { missingBin } from './bins.ts';
import { accumulate, accumulate2, accumulate4, clear, subtract } from './histogram.ts';
import { gradientsOf } from './losses.ts';
import { at, type FitSpec, type Memory, histWidth, pairWidth, pieceWidth } from './memory.ts';
import { openSplitFinder } from './splits.ts';

/** Jobs by number. */
export const jobs = { gradients: 0, histograms: 1, divide: 2, collect: 3, add: 4 } as const;

/** Runs a task of a job. */
export function openKernels(spec: FitSpec, memory: Memory): (job: number, task: number) => void {
  const { rows, features, outputs } = spec;
  const { bins, order, scratch, ordered, gradients, scores, hist, pairs, pieces, splits, splitSets, active, leaves } =
    memory;
  const { control, binCounts } = memory;
  const find = openSplitFinder(spec, memory);
  const gradient = gradientsOf(spec, memory);

  const histograms = (task: number) => {
    const [count, width] = [control[at.argument], control[at.argument2]];
    const groups = Math.ceil(count / width);
    const pair = Math.floor(task / groups) * pairWidth;
    const first = (task % groups) * width;
    const last = Math.min(count, first + width);
    const [small, big, from, to] = [pairs[pair], pairs[pair + 1], pairs[pair + 2], pairs[pair + 3]];
    const base = (slot: number, i: number) => (slot * features + active[i]) * histWidth;
    for (let i = first; i < last; i++) clear(hist, base(small, i), binCounts[active[i]]);
    let i = first;
    for (; i + 4 <= last; i += 4) {
      accumulate4(
        hist,
        base(small, i),
        base(small, i + 1),
        base(small, i + 2),
        base(small, i + 3),
        bins,
        active[i] * rows,
        active[i + 1] * rows,
        active[i + 2] * rows,
        active[i + 3] * rows,
        order,
        ordered,
        from,
        to,
      );
    }
    for (; i + 2 <= last; i += 2) {
      const [a, b] = [active[i] * rows, active[i + 1] * rows];
      accumulate2(hist, base(small, i), base(small, i + 1), bins, a, b, order, ordered, from, to);
    }
    if (i < last) accumulate(hist, base(small, i), bins, active[i] * rows, order, ordered, from, to);
    for (let j = first; j < last; j++) {
      if (big >= 0) {
        subtract(hist, base(big, j), base(small, j), binCounts[active[j]]);
        find(big, active[j]);
      }
      find(small, active[j]);
    }
  };

  /** Rows of a piece that go left to the front of its place in `scratch`, the others to the back, turned round. */
  const divide = (task: number) => {
    const piece = task * pieceWidth;
    const [slot, from, to] = [pieces[piece], pieces[piece + 1], pieces[piece + 2]];
    const [feature, bin, missingLeft] = [splits[slot * 3], splits[slot * 3 + 1], splits[slot * 3 + 2]];
    const column = feature * rows;
    let [left, right] = [from, to - 1];
    if (bin >= 0) {
      for (let i = from; i < to; i++) {
        const row = order[i];
        const value = bins[column + row];
        if (value === missingBin ? missingLeft !== 0 : value <= bin) scratch[left++] = row;
        else scratch[right--] = row;
      }
    } else {
      const set = slot * 8;
      for (let i = from; i < to; i++) {
        const row = order[i];
        const value = bins[column + row];
        const isLeft =
          value === missingBin ? missingLeft !== 0 : ((splitSets[set + (value >> 5)] >>> (value & 31)) & 1) !== 0;
        if (isLeft) scratch[left++] = row;
        else scratch[right--] = row;
      }
    }
    pieces[piece + 3] = left - from;
  };

  /** Rows of a divided piece to their new places, with their gradients. */
  const collect = (task: number) => {
    const piece = task * pieceWidth;
    const [from, to, count] = [pieces[piece + 1], pieces[piece + 2], pieces[piece + 3]];
    const own = control[at.argument] * 2 * rows;
    let place = pieces[piece + 4];
    for (let i = from; i < from + count; i++, place++) {
      const row = scratch[i];
      order[place] = row;
      ordered[2 * place] = gradients[own + 2 * row];
      ordered[2 * place + 1] = gradients[own + 2 * row + 1];
    }
    place = pieces[piece + 5];
    for (let i = to - 1; i >= from + count; i--, place++) {
      const row = scratch[i];
      order[place] = row;
      ordered[2 * place] = gradients[own + 2 * row];
      ordered[2 * place + 1] = gradients[own + 2 * row + 1];
    }
  };

  const add = (task: number) => {
    const piece = task * pieceWidth;
    const [from, to] = [pieces[piece + 1], pieces[piece + 2]];
    const value = leaves[pieces[piece]];
    const output = control[at.argument];
    for (let i = from; i < to; i++) scores[order[i] * outputs + output] += value;
  };

  const table: Record<number, (task: number) => void> = {
    [jobs.gradients]: gradient,
    [jobs.histograms]: histograms,
    [jobs.divide]: divide,
    [jobs.collect]: collect,
    [jobs.add]: add,
  };
  return (job, task) => table[job](task);
}
