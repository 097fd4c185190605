// A preprocessing with every kind of input, small enough to compute by hand.
import type { Preprocess } from '../../../engine/schema/index.ts';

const many = Array.from({ length: 40 }, (_, i) => `v${i}`);

export const mixed: Preprocess = {
  format: 'neutrino-preprocess',
  formatVersion: 1,
  task: 'multiclass',
  target: { column: 'kind' },
  classes: ['ant', 'bee', 'cat'],
  numeric: [
    { column: 'age', part: 'value', mean: 40, std: 10, fill: 35, missing: 2 },
    { column: 'size', part: 'value', mean: 0.5, std: 0.25, fill: 0.5, missing: 0 },
  ],
  category: [
    { column: 'colour', boolean: false, values: ['red', 'blue'] },
    { column: 'town', boolean: false, values: many },
  ],
  text: [
    {
      column: 'note',
      analyzer: { words: [1, 1], sublinear: true },
      words: ['good', 'bad'],
      chars: [],
      idf: [1, 1],
      maxTokens: 8,
    },
  ],
  columns: [
    { name: 'age', type: 'number' },
    { name: 'size', type: 'number' },
    { name: 'colour', type: 'category' },
    { name: 'town', type: 'category' },
    { name: 'note', type: 'text' },
    { name: 'kind', type: 'category' },
  ],
  ignored: [],
};

/** The same columns, predicting a quantity. */
export const quantity: Preprocess = {
  ...mixed,
  task: 'regression',
  target: { column: 'price', mean: 100, std: 20 },
  classes: [],
};
