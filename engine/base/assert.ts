// Checks of what our own code promises; a failure is a bug here, never the user's doing (that is a Fault).
import { Fault } from '../schema/index.ts';

/** Throws an `internal` Fault with the message when the condition does not hold. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Fault('internal', message);
}

/** The value, or an `internal` Fault naming what was missing. */
export function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Fault('internal', `missing ${what}`);
  return value;
}
