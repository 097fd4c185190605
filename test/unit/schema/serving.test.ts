// Options of a deployment: what is misspelt is refused at every depth, because what is left out goes back to its default.
import { expect, test } from 'vitest';
import { servingOptions } from '../../../engine/schema/index.ts';

test.each([
  [{ latency: 50 }, []],
  [{ protection: { unsen: 'warn' } }, ['protection']],
  [{ watching: { samples: 0.1 } }, ['watching']],
])('%j is refused', (options, path) => {
  const { error } = servingOptions.safeParse(options);
  expect(error?.issues.map((issue) => [issue.code, issue.path])).toEqual([['unrecognized_keys', path]]);
});

test('what is left out is at its default', () => {
  expect(servingOptions.parse({ latencyMs: 50, watching: { sample: 0.1 } })).toEqual({
    latencyMs: 50,
    protection: { unseen: 'allow', outOfRange: 'allow' },
    watching: { window: 500, sample: 0.1, keep: 10_000, mask: [] },
  });
});
