// What is said of a finished model: columns that matter lead, a column that says nothing does not, and dependence follows the data.
import { expect, test } from 'vitest';
import { automl, explain, localRunner, servedModel } from '../../../engine/automl/index.ts';
import { sampleField } from './sample.ts';

test('the petals of iris matter more than the sepals, and answers change along them', async () => {
  const field = await sampleField('iris');
  const { graph } = await automl(field, localRunner(field, 1), { seed: 1, trials: 2, families: ['glm'] });
  const served = servedModel(field.preprocess, graph);
  const { importance, dependence } = await explain(served, field.preprocess, field.encodeTest());
  const columns = importance.map(({ column }) => column);
  expect(new Set(columns)).toEqual(new Set(field.preprocess.numeric.map(({ column }) => column)));
  expect(columns[0]).toMatch(/petal/);
  expect(importance.at(-1)?.drop).toBeLessThan(importance[0].drop);
  const petal = dependence.find(({ column }) => column === columns[0]);
  expect(petal?.answers.every((shares) => Math.abs(shares.reduce((a, b) => a + b, 0) - 1) < 1e-5)).toBe(true);
  const [first, last] = [petal?.answers[0] ?? [], petal?.answers.at(-1) ?? []];
  expect(first[0]).toBeGreaterThan(last[0]);
});

test('without time nothing is looked at', async () => {
  const field = await sampleField('iris');
  const { graph } = await automl(field, localRunner(field, 1), { seed: 1, trials: 1, families: ['glm'] });
  const made = await explain(servedModel(field.preprocess, graph), field.preprocess, field.encodeTest(), () => 0);
  expect(made).toEqual({ importance: [], dependence: [] });
});
