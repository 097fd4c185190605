// Who is calling and what they may do: keys, the per-start token, sessions and tickets, roles, and the audit of it all.
// It reads keys and writes the audit; making and revoking keys is keys.ts.
import { type Clock, equalBytes, sha256, systemClock } from '../base/index.ts';
import { type Action, type ApiKey, type AuditEntry, type Caller, Fault, type Gate, roles } from '../schema/index.ts';
import {
  allows,
  can,
  createLimiter,
  createSessions,
  parseKey,
  type SessionKeeper,
  verifyKey,
} from '../security/index.ts';

/** What the gate needs of the store. */
export interface GateStore {
  key(id: string): ApiKey | undefined;
  principalName(id: string): string;
  /** Notes that a key was used; cheap, called on every request. */
  used(key: ApiKey, at: number): void;
  audit(entry: Pick<AuditEntry, 'actor' | 'action' | 'subject' | 'outcome' | 'details'>): void;
  /** Where sessions outlive a restart. */
  sessions?: SessionKeeper<Caller>;
}

export interface GateOptions {
  /** The per-start token, from the lock file. */
  token: string;
  store: GateStore;
  /** Wrong keys a minute from one address. */
  failedLogins: number;
  clock?: Clock;
}

export interface ApplianceGate extends Gate {
  /** Ends every session and ticket that came from a key. */
  forget(keyId: string): void;
}

/** Keys whose proof is remembered at once. */
const mostProved = 1000;

const rolesFor = (action: Action): string => roles.filter((role) => can(role, action)).join(' or ');

/** Opens the gate of one appliance. */
export function createGate({ token, store, failedLogins, clock = systemClock }: GateOptions): ApplianceGate {
  const own = sha256(token);
  const sessions = createSessions<Caller>(undefined, clock, store.sessions);
  /** Right keys by their text: hashing one for each prediction took a tenth of its time. */
  const proved = new Map<string, { id: string; hash: string }>();
  const wrong = createLimiter({ burst: failedLogins, perMinute: failedLogins, clock });

  /** The caller by what the key behind it may do now; a key that was revoked or expired ends its sessions too. */
  function recheck(caller: Caller): Caller {
    if (caller.key === 'local') return caller;
    const record = store.key(caller.key);
    const expired = record?.expiresAt !== undefined && record.expiresAt <= clock.now();
    if (record?.state === 'active' && !expired) return { ...caller, ...rightsOf(record) };
    sessions.endAll((holder) => holder.key === caller.key);
    throw new Fault(
      expired ? 'key_expired' : 'unauthenticated',
      `The key behind this session ${expired ? 'expired' : 'was revoked'}. Log in with another key.`,
    );
  }

  /** The record of a key that was proved before and is as it was then. */
  function provedBefore(text: string): ApiKey | undefined {
    const before = proved.get(text);
    const record = before && store.key(before.id);
    if (!record || record.hash !== before.hash || record.state !== 'active') return undefined;
    return record.expiresAt !== undefined && record.expiresAt <= clock.now() ? undefined : record;
  }

  function prove(text: string): ApiKey {
    proved.delete(text);
    const parts = parseKey(text);
    const record = verifyKey(parts ? store.key(parts.id) : undefined, parts?.secret ?? '', clock.now());
    if (proved.size >= mostProved) proved.delete(proved.keys().next().value ?? '');
    proved.set(text, { id: record.id, hash: record.hash });
    return record;
  }

  function byKey(text: string, address: string): Caller {
    const record = provedBefore(text) ?? prove(text);
    store.used(record, clock.now());
    return {
      principal: store.principalName(record.parentId ?? ''),
      key: record.id,
      ...rightsOf(record),
      address,
      local: false,
    };
  }

  return {
    authenticate(text, address) {
      if (!proved.has(text) && isLoopback(address) && equalBytes(sha256(text), own)) {
        return { principal: 'owner', key: 'local', role: 'admin', address, local: true };
      }
      // A right key always passes: 256 random bits cannot be guessed, and nobody on a shared address can lock it out.
      try {
        return byKey(text, address);
      } catch (error) {
        wrong.check(address);
        throw error;
      }
    },
    authorize(caller, action, deployment) {
      if (allows(caller, action, deployment)) return;
      const limited = caller.deployments ? ` for ${caller.deployments.join(', ')} only` : '';
      const what = deployment === undefined ? action : `${action} of ${deployment}`;
      const [own] = action === 'deployments:predict' ? (caller.deployments ?? []) : [];
      const remedy =
        own === undefined
          ? `It takes a key of role ${rolesFor(action)}: ask an admin for one.`
          : `It predicts at /api/v1/deployments/${own}/predict.`;
      throw new Fault('forbidden', `A ${caller.role} key${limited} may not do ${what}. ${remedy}`);
    },
    openSession: (caller) => sessions.begin(caller),
    session(text) {
      const found = sessions.check(text);
      if (!found) throw new Fault('unauthenticated', 'This session is over. Log in again.');
      return { caller: recheck(found.holder), expiresAt: found.expiresAt };
    },
    endSession: (text) => sessions.end(text),
    ticket: (caller) => sessions.issueTicket(caller),
    redeem(text, address) {
      const holder = sessions.redeem(text);
      if (!holder) {
        wrong.check(address);
        throw new Fault('unauthenticated', 'This link was used before or is too old. Get a new one: neutrino open');
      }
      return { ...recheck(holder), address, local: holder.local && isLoopback(address) };
    },
    audit({ caller, address, action, subject, outcome }) {
      const actor = caller ? `${caller.principal} (${caller.key})` : 'anonymous';
      store.audit({ actor, action, subject, outcome, details: { address } });
    },
    forget: (keyId) => sessions.endAll((holder) => holder.key === keyId),
  };
}

const rightsOf = ({ role, deployments }: ApiKey): Pick<Caller, 'role' | 'deployments'> => ({
  role,
  ...(deployments ? { deployments } : {}),
});

/** Whether an address of a socket is this machine's own loopback. */
export function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/, '');
  return plain === '::1' || plain === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(plain);
}
