// What is known of a dataset, and what is wrong with it.
export { findDrift } from './drift.ts';
export { looseText } from './hash.ts';
export { languageOf } from './language.ts';
export { findLeaks, leaksOf, type LeakOptions } from './leaks.ts';
export { profileDataset, type ProfileOptions } from './profile.ts';
