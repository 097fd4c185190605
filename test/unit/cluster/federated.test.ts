import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { must } from '../../../engine/base/index.ts';
import { openHub } from '../../../engine/cluster/federated/hub.ts';
import { openSpoke, type Spoke } from '../../../engine/cluster/federated/spoke.ts';
import type { Numbers } from '../../../engine/cluster/federated/fixed.ts';
import { openLine } from '../../../engine/cluster/federated/line.ts';
import { pinnedListener } from '../../../engine/cluster/link/pin.ts';
import { type FederatedWord, federatedWord } from '../../../engine/schema/index.ts';
import { createIdentity, nodeId } from '../../../engine/security/index.ts';

const closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((one) => one.close()));
});

/** A leader and members over TLS on loopback; sums of a member with so many rows are of its value times its part. */
async function room(count: number) {
  const hub = await openHub({ identity: await createIdentity('leader'), host: '127.0.0.1', port: 0, wordMs: 2000 });
  closing.push(hub);
  const spokes: Spoke[] = [];
  const roster = new Map<string, { host: string; port: number }>();
  const join = async (): Promise<Spoke> => {
    const spoke = await openSpoke({ identity: await createIdentity('member'), host: '127.0.0.1', port: 0 });
    closing.push(spoke);
    spoke.setLeader(hub.id);
    roster.set(spoke.id, { host: '127.0.0.1', port: spoke.port });
    hub.setRoster(new Map(roster));
    spokes.push(spoke);
    return spoke;
  };
  for (let i = 0; i < count; i++) await join();
  return { hub, spokes, join };
}
const make =
  (value: number) =>
  (part: number): Numbers => ({
    changes: Float32Array.of(value * part, -value * part, 1),
    wide: Float64Array.of(value, part),
  });
const state = (text: string) => () => Promise.resolve(new TextEncoder().encode(text));
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test('members begin with the leader’s state, sum with it, and hear what it decides', async () => {
  const { hub, spokes } = await room(3);
  hub.stand(0, state('position 0'));
  const begun = await Promise.all(spokes.map((spoke) => spoke.begin()));
  expect(begun.map((one) => [one.at, text(one.state)])).toEqual(spokes.map(() => [0, 'position 0']));
  // Rows 10, 20, 30 and 40: parts of a hundred.
  const heard = spokes.map((spoke, i) => spoke.sum(0, 10 * (i + 2), make(i + 2)));
  const sum = must(await hub.sum(0, 10, make(1), undefined), 'a sum');
  expect(sum.part).toBe(1);
  expect(sum.numbers.changes[0]).toBeCloseTo(0.1 + 0.4 + 0.9 + 1.6, 6);
  expect(sum.numbers.wide[0]).toBe(10);
  expect(sum.members.map((one) => one.share).toSorted((a, b) => a - b)).toEqual([0.1, 0.2, 0.3, 0.4]);
  for (const one of await Promise.all(heard))
    expect(one).toEqual({ what: 'sum', numbers: sum.numbers, part: 1, end: undefined });
  hub.decide(1, Float64Array.of(0.5, 7), 'hash');
  for (const spoke of spokes)
    expect(await spoke.decision(1)).toEqual({ what: 'decision', numbers: Float64Array.of(0.5, 7), hash: 'hash' });
  // A member that is quicker than its leader stands.
  const early = spokes.map((spoke) => spoke.sum(2, 10, make(1)));
  hub.stand(2, state('position 2'));
  const last = must(await hub.sum(2, 10, make(1), 'stop'), 'a sum');
  expect(last.numbers.wide[0]).toBe(4);
  for (const one of await Promise.all(early)) expect(one).toMatchObject({ what: 'sum', end: 'stop' });
});

test('one that leaves is done without where enough stay; where not, the sum waits for another to come', async () => {
  const { hub, spokes, join } = await room(3);
  hub.stand(0, state('start'));
  await Promise.all(spokes.map((spoke) => spoke.begin()));
  const heard = spokes.slice(0, 2).map((spoke) => spoke.sum(0, 10, make(1)));
  const sum = hub.sum(0, 10, make(1), undefined);
  await spokes[2].close();
  expect((await sum)?.numbers.wide[0]).toBe(3);
  await Promise.all(heard);
  hub.stand(1, state('later'));
  const next = hub.sum(1, 10, make(1), undefined);
  const own = spokes[0].sum(1, 10, make(1));
  await spokes[1].close();
  const come = await join();
  const begun = await come.begin();
  expect([begun.at, text(begun.state)]).toEqual([1, 'later']);
  const its = come.sum(1, 20, make(5));
  expect((await next)?.numbers.wide[0]).toBe(7);
  expect(await its).toMatchObject({ what: 'sum' });
  expect(await own).toMatchObject({ what: 'sum' });
}, 20_000);

test('one whose link breaks is called again, and told to go on from where the run stands', async () => {
  const { hub, spokes } = await room(3);
  hub.stand(0, state('start'));
  await Promise.all(spokes.map((spoke) => spoke.begin()));
  const lost = spokes[2].decision(0);
  // Its leader takes it off its roster for a moment, which ends the link.
  const back = new Map(spokes.map((spoke) => [spoke.id, { host: '127.0.0.1', port: spoke.port }]));
  hub.setRoster(new Map([...back].slice(0, 2)));
  while (spokes[2].isLinked) await new Promise((soon) => setTimeout(soon, 20));
  hub.stand(4, state('position 4'));
  hub.setRoster(back);
  const heard = await lost;
  expect(heard.what === 'state' && [heard.at, text(heard.state)]).toEqual([4, 'position 4']);
}, 20_000);

test('words that are not a member’s, or bring more than is due, end its line and cost no memory', async () => {
  const hub = await openHub({ identity: await createIdentity('leader'), host: '127.0.0.1', port: 0 });
  closing.push(hub);
  const identity = await createIdentity('member');
  const when = { at: 0, attempt: 0 };
  const box = Buffer.alloc(32).toString('base64');
  const said: FederatedWord[] = [
    { say: 'sum', ...when, bulk: 0 },
    { say: 'masked', ...when, narrow: 2 ** 29, wide: 0, bulk: 2 ** 31 },
  ];
  for (const word of said) {
    const ended = Promise.withResolvers<void>();
    const server = pinnedListener(identity, (socket) => {
      openLine({ socket, most: () => 1000, hear: () => undefined, lost: () => ended.resolve() }).say(word);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const { port } = server.address() as AddressInfo;
    hub.setRoster(new Map([[nodeId(identity.certificate), { host: '127.0.0.1', port }]]));
    await ended.promise;
    hub.setRoster(new Map());
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
  const keys = (rows: number) => federatedWord.safeParse({ say: 'keys', ...when, box, mask: box, rows }).success;
  expect([0, 1, 2 ** 31 + 1].map(keys)).toEqual([false, true, false]);
});

test('nobody but its leader may enter', async () => {
  const { spokes } = await room(1);
  const other = await openHub({ identity: await createIdentity('stranger'), host: '127.0.0.1', port: 0 });
  closing.push(other);
  other.setRoster(new Map(spokes.map((spoke) => [spoke.id, { host: '127.0.0.1', port: spoke.port }])));
  other.stand(0, state('mine'));
  let begun = false;
  const { port } = spokes[0];
  void spokes[0].begin().then(() => (begun = true));
  await new Promise((soon) => setTimeout(soon, 700));
  expect([begun, spokes[0].isLinked && port === 0]).toEqual([false, false]);
});
