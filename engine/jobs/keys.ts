// Keys and the people and services that hold them. The secret is answered once; only its hash is stored.
import { type ApiKey, type ApiKeyView, Fault, type Handlers } from '../schema/index.ts';
import { mintKey } from '../security/index.ts';
import { type JobContext, pageOf } from './context.ts';
import type { GateStore } from './gate.ts';
import { openSessionBook } from './sessionBook.ts';

type Names = 'keys.list' | 'keys.create' | 'keys.revoke' | 'principals.list';

export interface Keys {
  handlers: Pick<Handlers, Names>;
  /** What the gate needs to know about keys. */
  book: GateStore;
  /** Writes down when keys were last used. */
  close(): void;
}

/** The holder of the machine: made at the first start. */
const owner = 'owner';
const dayMs = 86_400_000;
/** Between writes of when keys were used, ms: one at every request would be a disk write at every request. */
const usedEveryMs = 60_000;

/** The keys of an appliance; `forget` ends the sessions of a key that is revoked. */
export function createKeys(context: JobContext, forget: (keyId: string) => void): Keys {
  const { store, events } = context;
  const { keys, principals } = store;
  const used = new Map<string, number>();

  if (!principals.look(owner)) principals.insert({ state: 'active', name: owner, is: 'person' });

  const view = ({ hash: _hash, ...rest }: ApiKey): ApiKeyView => {
    const at = used.get(rest.id);
    return at === undefined ? rest : { ...rest, lastUsedAt: at };
  };
  const writeUsed = () => {
    if (used.size === 0) return;
    store.transaction(() => {
      for (const [id, at] of used) if (find(id)) keys.update(id, { lastUsedAt: at });
    });
    used.clear();
  };
  const find = (id: string): ApiKey | undefined => {
    const record = keys.look(id);
    // A key's name may be another key's id; only the id counts here.
    return record?.id === id ? record : undefined;
  };
  const timer = setInterval(writeUsed, usedEveryMs).unref();

  function principalId(name: string): string {
    const found = principals.look(name);
    if (!found) return principals.insert({ state: 'active', name, is: 'service' }).id;
    if (found.state === 'disabled') throw new Fault('conflict', `${name} is disabled and cannot get a key.`);
    return found.id;
  }

  return {
    handlers: {
      'keys.list': ({ query }) => {
        const page = pageOf<'key'>(keys, query);
        return { ...page, items: page.items.map(view) };
      },
      'keys.create': ({ body }) => {
        const { role, name, principal, deployments, days } = body;
        if (deployments && role !== 'predictor') {
          throw new Fault('bad_request', `Only predictor keys can be limited to deployments; this one is for ${role}.`);
        }
        const minted = mintKey();
        const key = store.transaction(() =>
          keys.insert({
            id: minted.id,
            state: 'active',
            name,
            role,
            parentId: principalId(principal),
            hash: minted.hash,
            ...(deployments ? { deployments } : {}),
            ...(days === undefined ? {} : { expiresAt: context.now() + days * dayMs }),
          }),
        );
        events.emit('key.changed', key.id, view(key));
        return { key: view(key), secret: minted.text };
      },
      'keys.revoke': ({ params }) => {
        const key = keys.find(params.id);
        const revoked = key.state === 'revoked' ? key : keys.update(key.id, { state: 'revoked' });
        forget(key.id);
        events.emit('key.changed', key.id, view(revoked));
        return view(revoked);
      },
      'principals.list': ({ query }) => pageOf<'principal'>(principals, query),
    },
    book: {
      key: find,
      principalName: (id) => principals.look(id)?.name ?? id,
      used: (key, at) => void used.set(key.id, at),
      audit: (entry) => void store.audit.append(entry),
      sessions: openSessionBook(context),
    },
    close() {
      clearInterval(timer);
      writeUsed();
    },
  };
}
