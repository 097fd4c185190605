import { describe, expect, test } from 'vitest';
import { isRunOver, type Kind, mayMove, recordSchema, statesOf, transitions } from '../../../engine/schema/index.ts';

const kinds = Object.keys(transitions) as Kind[];
const movesOf = (kind: Kind): [string, readonly string[]][] => Object.entries(transitions[kind]);

/** All states that can follow a state, however many moves later. */
function reachable(kind: Kind, from: string): Set<string> {
  const table = new Map(movesOf(kind));
  const found = new Set<string>();
  const queue = [from];
  for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
    for (const next of table.get(state) ?? []) {
      if (found.has(next)) continue;
      found.add(next);
      queue.push(next);
    }
  }
  return found;
}

describe.each(kinds)('states of a %s', (kind) => {
  test('lead only to states that there are, never to themselves, and each once', () => {
    const states: string[] = statesOf(kind);
    for (const [from, next] of movesOf(kind)) {
      expect(next.filter((to) => !states.includes(to) || to === from)).toEqual([]);
      expect(new Set(next).size).toBe(next.length);
    }
  });

  test('can all be reached from the first one', () => {
    const [first, ...others] = statesOf(kind);
    const found = reachable(kind, first);
    expect(others.filter((state) => !found.has(state))).toEqual([]);
  });

  test('are what its records take', () => {
    expect(recordSchema[kind].shape.state.options).toEqual(statesOf(kind));
  });
});

test('mayMove says what the table says', () => {
  expect(mayMove('run', 'queued', 'preparing')).toBe(true);
  expect(mayMove('run', 'finished', 'running')).toBe(false);
  expect(mayMove('dataset', 'importing', 'ready')).toBe(true);
  expect(mayMove('dataset', 'ready', 'importing')).toBe(false);
});

test('a run that is over goes on only by being queued again, and one that is not can still fail', () => {
  for (const [from, next] of movesOf('run')) {
    const over = isRunOver(from as keyof typeof transitions.run);
    if (over) expect(next.filter((to) => to !== 'queued' && to !== 'failed')).toEqual([]);
    else expect(next).toEqual(expect.arrayContaining(['failed', 'interrupted']));
  }
});

test('whatever the appliance’s death interrupts can be resumed', () => {
  expect(mayMove('run', 'interrupted', 'queued')).toBe(true);
  expect(mayMove('deployment', 'saved', 'starting')).toBe(true);
});
