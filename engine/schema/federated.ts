// What the trainers of a federated run say over their pipes; engine/cluster/PROTOCOL.md says when.
import { z } from 'zod';
import { memberId } from './cluster.ts';

const whole = z.number().int().min(0);
const rows = whole.min(1).max(2 ** 31);
const bytes = z.base64().max(400);
const byMember = z.record(memberId, bytes);
/** Which sum or decision of the run, and which try at it. */
const when = { at: whole, attempt: whole };

/** A member of a try: its keys, and its rows. */
const entrant = z.object({ id: memberId, box: bytes, mask: bytes, rows });

export const federatedWord = z.discriminatedUnion('say', [
  z.object({ say: z.literal('keys'), ...when, box: bytes, mask: bytes, rows }),
  z.object({ say: z.literal('entrants'), ...when, entrants: z.array(entrant).max(255) }),
  z.object({ say: z.literal('boxes'), ...when, boxes: byMember }),
  /** So many numbers of either kind follow, under their masks. */
  z.object({ say: z.literal('masked'), ...when, narrow: whole, wide: whole, bulk: whole }),
  z.object({ say: z.literal('stayed'), ...when, ids: z.array(memberId).max(255) }),
  z.object({ say: z.literal('reveal'), ...when, own: byMember, keys: byMember }),
  /** The try is void: fresh keys for this one. */
  z.object({ say: z.literal('again'), ...when }),
  /** What the run goes on from, and the try at the sum that comes next. */
  z.object({ say: z.literal('state'), ...when, bulk: whole }),
  /** The sum, or what the leader decided: numbers follow; a hash of what must be the same with all. */
  z.object({ say: z.literal('sum'), ...when, end: z.enum(['stop', 'budget']).optional(), bulk: whole }),
  z.object({ say: z.literal('decision'), ...when, hash: z.string().max(200).optional(), bulk: whole }),
]);
export type FederatedWord = z.infer<typeof federatedWord>;
