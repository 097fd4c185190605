import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createSessions, type KeptSession, sessionDefaults } from '../../../engine/security/index.ts';
import { heldClock } from './scratch.ts';

const limits = { idleMs: 1000, absoluteMs: 5000, ticketMs: 500, most: 3 };

test('the defaults are pinned', () => {
  expect(sessionDefaults).toEqual({ idleMs: 1_800_000, absoluteMs: 43_200_000, ticketMs: 60_000, most: 10_000 });
});

test('a session lasts while it is used, and no longer than its last moment', () => {
  const clock = heldClock();
  const sessions = createSessions<string>(limits, clock);
  const { token, expiresAt } = sessions.begin('ada');
  expect(expiresAt).toBe(clock.now() + 5000);
  for (let i = 0; i < 4; i++) {
    clock.pass(999);
    expect(sessions.check(token)).toEqual({ holder: 'ada', expiresAt });
  }
  clock.pass(999);
  expect(sessions.check(token)?.holder).toBe('ada');
  clock.pass(5);
  expect(sessions.check(token)).toBe(undefined);
});

test('an idle session ends, an ended one too, and unknown tokens hold nothing', () => {
  const clock = heldClock();
  const sessions = createSessions<string>(limits, clock);
  const [idle, ended] = [sessions.begin('ada').token, sessions.begin('bob').token];
  sessions.end(ended);
  expect(sessions.check(ended)).toBe(undefined);
  clock.pass(1000);
  expect(sessions.check(idle)).toBe(undefined);
  expect(sessions.check('')).toBe(undefined);
});

test('ending by holder ends all of their sessions and tickets', () => {
  const sessions = createSessions<string>(limits, heldClock());
  const [ada, bob] = [sessions.begin('ada').token, sessions.begin('bob').token];
  const ticket = sessions.issueTicket('ada');
  sessions.endAll((holder) => holder === 'ada');
  expect(sessions.check(ada)).toBe(undefined);
  expect(sessions.check(bob)?.holder).toBe('bob');
  expect(sessions.redeem(ticket)).toBe(undefined);
});

test('a ticket is good once, and not for long', () => {
  const clock = heldClock();
  const sessions = createSessions<string>(limits, clock);
  const [used, late] = [sessions.issueTicket('ada'), sessions.issueTicket('ada')];
  expect(sessions.redeem(used)).toBe('ada');
  expect(sessions.redeem(used)).toBe(undefined);
  clock.pass(500);
  expect(sessions.redeem(late)).toBe(undefined);
});

test('when too many are open, the one used longest ago makes room', () => {
  const sessions = createSessions<string>(limits, heldClock());
  const tokens = ['a', 'b', 'c'].map((holder) => sessions.begin(holder).token);
  sessions.check(tokens[0] ?? '');
  const fourth = sessions.begin('d').token;
  expect([...tokens, fourth].map((token) => sessions.check(token)?.holder)).toEqual(['a', undefined, 'c', 'd']);
});

test('sessions outlive a restart for as long as they had left, and tickets do not', () => {
  const clock = heldClock();
  let kept: readonly KeptSession<string>[] = [];
  const keeper = { read: () => kept, write: (all: readonly KeptSession<string>[]) => void (kept = all) };
  const before = createSessions<string>(limits, clock, keeper);
  const [ada, bob, eve] = ['ada', 'bob', 'eve'].map((holder) => before.begin(holder).token) as [string, string, string];
  const ticket = before.issueTicket('ada');
  before.end(bob);
  before.endAll((holder) => holder === 'eve');
  expect(kept).toEqual([
    {
      name: createHash('sha256').update(ada).digest('hex'),
      holder: 'ada',
      usedAt: clock.now(),
      expiresAt: clock.now() + 5000,
    },
  ]);
  clock.pass(999);
  const expiresAt = clock.now() + 4001;
  const after = createSessions<string>(limits, clock, keeper);
  expect(after.check(ada)).toEqual({ holder: 'ada', expiresAt });
  expect([after.check(bob), after.check(eve), after.redeem(ticket)]).toEqual([undefined, undefined, undefined]);
  clock.pass(1000);
  expect(createSessions<string>(limits, clock, keeper).check(ada)).toBe(undefined);
});

test('a clock that was set back lets no kept session live longer', () => {
  const clock = heldClock();
  const { token } = createSessions<string>(limits, clock).begin('ada');
  const name = createHash('sha256').update(token).digest('hex');
  const kept = { name, holder: 'ada', usedAt: clock.now() + 1, expiresAt: clock.now() + 5000 };
  const keeper = { read: () => [kept], write: () => undefined };
  expect(createSessions<string>(limits, clock, keeper).check(token)).toBe(undefined);
});
