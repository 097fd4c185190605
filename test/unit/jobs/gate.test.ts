import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, silentLog } from '../../../engine/base/index.ts';
import type { JobContext } from '../../../engine/jobs/context.ts';
import { createEvents, type EventLog } from '../../../engine/jobs/events.ts';
import { type ApplianceGate, createGate, isLoopback } from '../../../engine/jobs/gate.ts';
import { createKeys, type Keys } from '../../../engine/jobs/keys.ts';
import { createLeases } from '../../../engine/jobs/leases.ts';
import { applianceConfig, type Call, type Caller, type RouteInput } from '../../../engine/schema/index.ts';
import { createVault } from '../../../engine/security/index.ts';
import { openStore, type Store } from '../../../engine/store/index.ts';

const token = 'f'.repeat(64);
let dir: string;
let store: Store;
let events: EventLog;
let keys: Keys;
let gate: ApplianceGate;
let now: number;
let context: JobContext;
let clock: Clock;

/** The gate of an appliance that was started anew over the same data. */
function restart(): void {
  keys.close();
  keys = createKeys(context, (id) => gate.forget(id));
  gate = createGate({ token, store: keys.book, failedLogins: 3, clock });
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'neutrino-gate-'));
  const { vault } = await createVault(join(dir, 'data'), { configDir: join(dir, 'config') });
  store = openStore({ dir: join(dir, 'data'), vault });
  events = createEvents();
  now = 1_800_000_000_000;
  clock = { now: () => now, monotonic: () => now };
  context = {
    config: applianceConfig.parse({ dataDir: join(dir, 'data') }),
    store,
    events,
    leases: createLeases({ cores: 2, memory: 1 }, 1),
    log: silentLog,
    lasting: true,
    closing: new AbortController().signal,
    now: () => now,
  };
  keys = createKeys(context, (id) => gate.forget(id));
  gate = createGate({ token, store: keys.book, failedLogins: 3, clock });
});
afterEach(() => {
  keys.close();
  events.close();
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

const call = {} as Call;
type KeyBody = RouteInput<'keys.create'>['body'];
async function make(body: Partial<KeyBody> = {}) {
  const input = { body: { role: 'predictor', name: 'k', principal: 'shop', ...body } } as RouteInput<'keys.create'>;
  return keys.handlers['keys.create'](input, call);
}
const address = '10.0.0.9';

describe('the gate', () => {
  it('knows the holder of the per-start token over loopback, and nobody else by it', () => {
    const caller: Caller = { principal: 'owner', key: 'local', role: 'admin', address: '127.0.0.1', local: true };
    expect(gate.authenticate(token, '127.0.0.1')).toEqual(caller);
    expect(() => gate.authenticate(token, address)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
  });

  it('names principal, role and deployments behind a key', async () => {
    const { key, secret } = await make({ deployments: ['iris'] });
    expect(secret).toMatch(/^nk_/);
    expect(gate.authenticate(secret, address)).toEqual({
      principal: 'shop',
      key: key.id,
      role: 'predictor',
      deployments: ['iris'],
      address,
      local: false,
    });
    const caller = gate.authenticate(secret, address);
    expect(() => gate.authorize(caller, 'deployments:predict', 'iris')).not.toThrow();
    for (const [action, deployment] of [
      ['deployments:predict', 'other'],
      ['keys:write', undefined],
      ['datasets:read', undefined],
    ] as const) {
      expect(() => gate.authorize(caller, action, deployment)).toThrow(expect.objectContaining({ code: 'forbidden' }));
    }
  });

  it('refuses expired and revoked keys, and ends the sessions that came from them', async () => {
    const { key, secret } = await make({ days: 1 });
    const caller = gate.authenticate(secret, address);
    const session = gate.openSession(caller);
    const ticket = gate.ticket(caller);
    expect(gate.session(session.token).caller).toEqual(caller);
    await keys.handlers['keys.revoke']({ params: { id: key.id } } as RouteInput<'keys.revoke'>, call);
    expect(() => gate.session(session.token)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
    expect(() => gate.redeem(ticket, address)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
    expect(() => gate.authenticate(secret, address)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));

    const short = await make({ days: 0.001 });
    const later = gate.openSession(gate.authenticate(short.secret, address));
    now += 100_000;
    expect(() => gate.authenticate(short.secret, address)).toThrow(expect.objectContaining({ code: 'key_expired' }));
    expect(() => gate.session(later.token)).toThrow(expect.objectContaining({ code: 'key_expired' }));
  });

  it('keeps sessions over a restart, with what their keys may do then', async () => {
    const [stays, goes, changes] = [await make(), await make(), await make({ deployments: ['iris', 'wine'] })];
    const open = ({ secret }: { secret: string }) => gate.openSession(gate.authenticate(secret, address)).token;
    const [staying, going, changing] = [open(stays), open(goes), open(changes)];
    const ended = open(stays);
    gate.endSession(ended);
    expect(JSON.stringify(store.settings.get('sessions'))).not.toContain(staying);
    store.keys.update(goes.key.id, { state: 'revoked' });
    store.keys.update(changes.key.id, { deployments: ['wine'] });
    restart();
    expect(gate.session(staying).caller).toEqual(gate.authenticate(stays.secret, address));
    expect(gate.session(changing).caller.deployments).toEqual(['wine']);
    for (const over of [going, ended]) {
      expect(() => gate.session(over)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
    }
    now += 1_800_000;
    restart();
    expect(() => gate.session(staying)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
  });

  it('knows no session of a data directory that was laid out anew', async () => {
    const { secret } = await make();
    const { token: session } = gate.openSession(gate.authenticate(secret, address));
    store.settings.set('sessions', { ...(store.settings.get('sessions') as object), place: 'another' });
    restart();
    expect(() => gate.session(session)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
  });

  it('slows down an address that shows wrong keys, without locking out a right one from it', async () => {
    const { secret } = await make();
    const wrong = secret.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    const codes = Array.from({ length: 5 }, () => {
      try {
        return gate.authenticate(wrong, address);
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
    expect(codes).toEqual([
      'unauthenticated',
      'unauthenticated',
      'unauthenticated',
      'too_many_requests',
      'too_many_requests',
    ]);
    expect(gate.authenticate(secret, address).principal).toBe('shop');
    expect(() => gate.authenticate(wrong, '10.0.0.10')).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
  });

  it('lets a ticket be used once, and by path only on the same machine', () => {
    const local = gate.authenticate(token, '127.0.0.1');
    const ticket = gate.ticket(local);
    expect(gate.redeem(ticket, address)).toEqual({ ...local, address, local: false });
    expect(() => gate.redeem(ticket, address)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
    expect(gate.redeem(gate.ticket(local), '127.0.0.1').local).toBe(true);
  });

  it('writes who did what into a chain that verifies', async () => {
    const caller = gate.authenticate(token, '127.0.0.1');
    gate.audit({ caller, address: '127.0.0.1', action: 'keys.create', subject: 'k1', outcome: 'ok' });
    gate.audit({ address, action: 'runs.list', subject: 'unauthenticated', outcome: 'refused' });
    const entries = store.audit.list().entries.map(({ actor, action, subject, outcome, details }) => {
      return { actor, action, subject, outcome, details };
    });
    expect(entries).toEqual([
      { actor: 'anonymous', action: 'runs.list', subject: 'unauthenticated', outcome: 'refused', details: { address } },
      {
        actor: 'owner (local)',
        action: 'keys.create',
        subject: 'k1',
        outcome: 'ok',
        details: { address: '127.0.0.1' },
      },
    ]);
    expect(await store.audit.verify()).toMatchObject({ ok: true, entries: 2 });
  });
});

describe('keys', () => {
  it('shows keys without their hash, with when they were used, and stores no secret', async () => {
    const { key, secret } = await make({ name: 'shop door' });
    now += 5000;
    gate.authenticate(secret, address);
    const page = await keys.handlers['keys.list']({ query: {} } as RouteInput<'keys.list'>, call);
    expect(page.items).toEqual([{ ...key, lastUsedAt: now }]);
    expect(Object.keys(key)).not.toContain('hash');
    expect(JSON.stringify(store.keys.get(key.id))).not.toContain(secret.split('_')[2]);
    keys.close();
    expect(store.keys.get(key.id).lastUsedAt).toBe(now);
  });

  it('makes the owner at the first start and a principal for each new holder', async () => {
    await make({ principal: 'shop' });
    await make({ principal: 'shop' });
    const { items } = await keys.handlers['principals.list'](
      { query: { sort: 'name' } } as RouteInput<'principals.list'>,
      call,
    );
    expect(items.map(({ name, is }) => ({ name, is }))).toEqual([
      { name: 'owner', is: 'person' },
      { name: 'shop', is: 'service' },
    ]);
  });

  it('does not take a key’s name for another key’s id', async () => {
    const first = await make();
    await make({ name: 'x' });
    const decoy = await make({ name: '0'.repeat(16) });
    expect(keys.book.key('0'.repeat(16))).toBeUndefined();
    expect(keys.book.key(decoy.key.id)?.name).toBe('0'.repeat(16));
    expect(keys.book.key(first.key.id)?.id).toBe(first.key.id);
  });

  it('limits only predictor keys to deployments', async () => {
    await expect((async () => make({ role: 'admin', deployments: ['a'] }))()).rejects.toMatchObject({
      code: 'bad_request',
    });
  });
});

it('tells loopback from other addresses', () => {
  const asked = ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1', '10.0.0.1', '::ffff:10.0.0.1', '1270.0.0.1', ''];
  expect(asked.map(isLoopback)).toEqual([true, true, true, true, false, false, false, false]);
});
