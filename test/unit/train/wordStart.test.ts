// Words' vectors start by the company that words keep.
import { expect, test } from 'vitest';
import { rng } from '../../../engine/base/index.ts';
import { families, layoutOf, settleHyper } from '../../../engine/models/index.ts';
import type { Preprocess } from '../../../engine/schema/index.ts';
import type { Prepared } from '../../../engine/train/prepare.ts';
import { modelRows } from '../../../engine/train/rows.ts';
import { wordStart } from '../../../engine/train/wordStart.ts';

const preprocess: Preprocess = {
  format: 'neutrino-preprocess',
  formatVersion: 1,
  task: 'binary',
  target: { column: 'y' },
  classes: ['no', 'yes'],
  numeric: [],
  category: [],
  text: [],
  sequence: [{ column: 't', words: Array.from({ length: 21 }, (_, i) => `w${i}`), maxLength: 8 }],
  columns: [{ name: 't', type: 'text' }],
  ignored: [],
};

/** Texts of six words of ids 2–11, or of 12–21; id 22 is never met. */
async function prepared(): Promise<Prepared> {
  const random = rng(5, 'texts');
  const rows = 80;
  const ids = Int32Array.from({ length: 6 * rows }, (_, i) => (Math.floor(i / 6) % 2 === 0 ? 2 : 12) + random.int(10));
  const offsets = Uint32Array.from({ length: rows + 1 }, (_, r) => 6 * r);
  const none = { numeric: new Float64Array(0), codes: new Int32Array(0), text: [] };
  const data = await modelRows(
    { rows, ...none, sequence: [{ offsets, ids }], labels: new Int32Array(rows) },
    preprocess,
  );
  const places = Uint32Array.from({ length: rows }, (_, i) => i);
  return { preprocess, layout: layoutOf(preprocess), data, train: places, validation: places.subarray(0, 0) };
}

test('words of the same texts start alike, an unmet word and every other weight stay, a seed gives the same bits', async () => {
  const rows = await prepared();
  const graph = families.textcnn.build(rows.layout, 2, settleHyper(families.textcnn, { width: 8, filters: 4 }), 1);
  const started = wordStart(graph, rows, 1);
  const [before, after] = [graph, started].map(
    (one) => one.initializers.get('text_0.words.table')?.data as Float32Array,
  );
  const vector = (table: Float32Array, id: number) => table.subarray(8 * id, 8 * id + 8);
  const cosine = (a: Float32Array, b: Float32Array) =>
    a.reduce((sum, value, k) => sum + value * b[k], 0) / (Math.hypot(...a) * Math.hypot(...b));
  const mean = (from: number, to: number) => {
    const all = Array.from({ length: 10 }, (_, i) => Array.from({ length: 10 }, (_, j) => [from + i, to + j])).flat();
    const pairs = all.filter(([a, b]) => a !== b);
    return pairs.reduce((sum, [a, b]) => sum + cosine(vector(after, a), vector(after, b)), 0) / pairs.length;
  };
  expect(mean(2, 2)).toBeGreaterThan(0.3);
  expect(mean(12, 12)).toBeGreaterThan(0.3);
  expect(Math.abs(mean(2, 12))).toBeLessThan(0.1);
  const lengths = Array.from({ length: 20 }, (_, i) => Math.hypot(...vector(after, 2 + i)));
  expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThan(1e-6);
  for (const id of [0, 1, 22]) expect(vector(after, id)).toEqual(vector(before, id));
  const changed = [...started.initializers].filter(([name, value]) => value !== graph.initializers.get(name));
  expect(changed.map(([name]) => name)).toEqual(['text_0.words.table']);
  expect(wordStart(graph, rows, 1).initializers).toEqual(started.initializers);
});
