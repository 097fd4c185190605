// The names that people give to things: datasets, models, keys, runs. What they may hold is said here once; how long they may
// be, too.
import { z } from 'zod';

/** Controls, line and paragraph ends, and marks that turn the direction of what stands behind them: a name with them shows as another. */
const unseen = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/u;

/** A name for a new thing. */
export const thingName = z
  .string()
  .min(1)
  .max(100)
  .refine((name) => !unseen.test(name) && name.trim() !== '', {
    message: 'write more than blanks; leave out control characters, line ends and marks of writing direction',
  });

/** A name made of a text that nobody chose as one (a file's name, say): without what no name may hold, cut to length. */
export const nameFrom = (text: string, instead: string): string =>
  text
    .replace(new RegExp(unseen, 'gu'), '')
    .trim()
    .slice(0, 90)
    // Half of a character that was cut through.
    .replace(/[\ud800-\udbff]$/, '')
    .trim() || instead;
