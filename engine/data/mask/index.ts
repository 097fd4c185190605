// Finds what identifies people or opens doors in texts, and masks it. Used by recipes and by imports that mask as they read.
export { findSensitive, hintOfColumn } from './find.ts';
export { maskRaw } from './raw.ts';
export { openMask, reportSensitive } from './mask.ts';
