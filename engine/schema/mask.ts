// What masking looks for and what it puts in the place of what it finds.
import { z } from 'zod';

/** What masking looks for. The first eight have a form that can be checked; names and addresses are judged by a small model. */
export const maskKinds = [
  'email',
  'phone',
  'id_card',
  'bank_card',
  'iban',
  'ip',
  'url',
  'secret',
  'name',
  'address',
] as const;
export const maskKind = z.enum(maskKinds);
export type MaskKind = z.infer<typeof maskKind>;

/**
 * `remove` takes the finding out, `redact` puts its kind in its place, `hash` a keyed hash (HMAC-SHA-256, its key in the
 * vault), `replace` a plausible value of the same form: the same one for the same finding everywhere.
 */
export const maskActions = ['remove', 'redact', 'hash', 'replace'] as const;
export const maskAction = z.enum(maskActions);
export type MaskAction = z.infer<typeof maskAction>;

export const maskOptions = z.object({
  /** Columns to look at; all that hold texts when left out. */
  columns: z.array(z.string()).min(1).optional(),
  /** What to look for; everything when left out. */
  kinds: z.array(maskKind).min(1).optional(),
  action: maskAction.default('replace'),
});
export type MaskOptions = z.infer<typeof maskOptions>;
