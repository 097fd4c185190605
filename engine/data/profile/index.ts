// What is known of a dataset, and what is wrong with it.
export { languageOf } from './language.ts';
export { findLeaks } from './leaks.ts';
export { profileDataset } from './profile.ts';
