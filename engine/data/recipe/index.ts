// Recipes: what was done to a dataset, as steps that can be read, replayed and taken back.
export { type Derived, deriveDataset, previewRecipe, type Replay } from './replay.ts';
export { sayStep } from './says.ts';
