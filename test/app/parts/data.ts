// Tables for the whole-process tests, made from a seed.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rng } from '../../../engine/base/index.ts';
import type { Place } from './appliance.ts';

const kinds = ['setosa', 'versicolor', 'virginica'];
const centres = [
  [5, 3.4, 1.5, 0.2],
  [5.9, 2.8, 4.3, 1.3],
  [6.6, 3, 5.6, 2],
];

/** A CSV of flowers: four numbers, a colour, and the kind to predict. */
export function flowers(
  place: Place,
  rows: number,
  file = 'flowers.csv',
  more: { header?: string; cell?: string } = {},
): string {
  const random = rng(7, 'flowers');
  const column = more.header ?? 'note';
  const lines = [`sepal_length,sepal_width,petal_length,petal_width,colour,${column},kind`];
  for (let i = 0; i < rows; i++) {
    const kind = random.int(3);
    const numbers = centres[kind].map((centre) => (centre + 0.35 * random.normal()).toFixed(2));
    const colour = ['blue', 'white', 'violet'][random.next() < 0.7 ? kind : random.int(3)];
    const cell = i % 3 === 0 ? (more.cell ?? 'plain') : `seen ${i % 11}`;
    lines.push([...numbers, colour, cell, kinds[kind]].join(','));
  }
  const path = join(place.root, file);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

/** One flower as a person would give it. */
export const flower = {
  sepal_length: 5.1,
  sepal_width: 3.5,
  petal_length: 1.4,
  petal_width: 0.2,
  colour: 'blue',
  note: 'seen 3',
};
