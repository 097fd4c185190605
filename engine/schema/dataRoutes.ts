// The routes of data quality: profiles, masking, recipes, versions, labels. `routes` of routes.ts takes them in.
import { z } from 'zod';
import { labelEdit, labelPage, labelQuery, labelRequest } from './labels.ts';
import { maskOptions } from './mask.ts';
import { profile } from './profile.ts';
import { recipePreview, recipeStep, recipeView, sensitiveReport } from './recipe.ts';
import { dataset } from './records.ts';
import type { Route } from './routes.ts';
import { splitAsk, splitView } from './split.ts';

const id = z.object({ id: z.string() });
const none = z.object({});
const steps = z.array(recipeStep).max(500);

export const dataRoutes = {
  'datasets.profile': {
    method: 'GET',
    path: '/api/v1/datasets/{id}/profile',
    action: 'datasets:read',
    summary: 'Distributions of the columns, and what is wrong with the data',
    params: id,
    query: z.object({
      /** The column to predict; the guessed one when left out. */
      target: z.string().optional(),
      /** A dataset to test on, to compare with. */
      test: z.string().optional(),
    }),
    response: profile,
  },
  'datasets.sensitive': {
    method: 'POST',
    path: '/api/v1/datasets/{id}/sensitive',
    action: 'datasets:write',
    summary: 'What masking would find, on a sample of the dataset’s own rows',
    params: id,
    body: maskOptions.extend({ sample: z.number().int().min(1).max(20_000).default(2000) }),
    response: sensitiveReport,
  },
  'datasets.split': {
    method: 'GET',
    path: '/api/v1/datasets/{id}/split',
    action: 'datasets:read',
    summary: 'How the rows are parted for training, or into folds: the same seed, the same parts',
    params: id,
    query: splitAsk,
    response: splitView,
  },
  'datasets.recipe.show': {
    method: 'GET',
    path: '/api/v1/datasets/{id}/recipe',
    action: 'datasets:read',
    summary: 'The recipe of a dataset and its versions',
    params: id,
    response: recipeView,
  },
  'datasets.recipe.add': {
    method: 'POST',
    path: '/api/v1/datasets/{id}/recipe',
    action: 'datasets:write',
    summary: 'Add steps; they are tried on the first rows and kept when they work',
    params: id,
    body: z.object({ steps: steps.min(1) }),
    response: recipeView,
  },
  'datasets.recipe.preview': {
    method: 'POST',
    path: '/api/v1/datasets/{id}/recipe/preview',
    action: 'datasets:write',
    summary: 'What the recipe, with more steps, does to the first rows',
    params: id,
    body: z.object({ steps: steps.default([]) }),
    response: recipePreview,
  },
  'datasets.recipe.undo': {
    method: 'POST',
    path: '/api/v1/datasets/{id}/recipe/undo',
    action: 'datasets:write',
    summary: 'Take the last step back',
    params: id,
    body: none,
    response: recipeView,
  },
  'datasets.recipe.apply': {
    method: 'POST',
    path: '/api/v1/datasets/{id}/recipe/apply',
    action: 'datasets:write',
    summary: 'Make the recipe’s outcome the present version',
    params: id,
    body: none,
    response: dataset,
  },
  'datasets.versions.use': {
    method: 'POST',
    path: '/api/v1/datasets/{id}/versions/{version}/use',
    action: 'datasets:write',
    summary: 'Make another version the present one',
    params: z.object({ id: z.string(), version: z.coerce.number().int().min(1) }),
    body: none,
    response: dataset,
  },
  'datasets.versions.forget': {
    method: 'POST',
    path: '/api/v1/datasets/{id}/versions/forget',
    action: 'datasets:write',
    summary: 'Erase every version but the present one, with their keys',
    params: id,
    body: none,
    response: dataset,
  },
  'datasets.labels.list': {
    method: 'GET',
    path: '/api/v1/datasets/{id}/labels',
    action: 'datasets:read',
    summary: 'Rows without a label, or that a model is unsure of',
    params: id,
    query: labelQuery,
    response: labelPage,
  },
  'datasets.labels.set': {
    method: 'POST',
    path: '/api/v1/datasets/{id}/labels',
    action: 'datasets:write',
    summary: 'Set labels; they are kept apart until they are applied',
    params: id,
    body: labelRequest,
    response: z.object({ set: z.number().int(), pending: z.number().int() }),
  },
  'datasets.labels.history': {
    method: 'GET',
    path: '/api/v1/datasets/{id}/labels/history',
    action: 'datasets:read',
    summary: 'Who set which label, newest first',
    params: id,
    query: z.object({
      row: z.coerce.number().int().min(0).optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
    }),
    response: z.object({ items: z.array(labelEdit), total: z.number().int() }),
  },
  'datasets.labels.apply': {
    method: 'POST',
    path: '/api/v1/datasets/{id}/labels/apply',
    action: 'datasets:write',
    summary: 'Make a version with the labels that were set; train on it to learn from them',
    params: id,
    body: none,
    response: dataset,
  },
} as const satisfies Record<string, Route>;
