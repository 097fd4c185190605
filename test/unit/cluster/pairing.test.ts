import { expect, test } from 'vitest';
import { createPairing, type PairingMachine } from '../../../engine/cluster/pairing.ts';
import type { PairMessage } from '../../../engine/schema/index.ts';

const alice = 'a'.repeat(64);
const bob = 'b'.repeat(64);
const mallory = 'c'.repeat(64);

interface Side {
  machine: PairingMachine;
  out: PairMessage[];
}

function side(ours: string, theirs: string, role: 'caller' | 'called', nonce?: string): Side {
  const out: PairMessage[] = [];
  const send = (message: PairMessage) => void out.push(message);
  const machine = createPairing({
    ours,
    theirs,
    role,
    name: ours.slice(0, 1),
    port: 7318,
    send,
    ...(nonce ? { nonce } : {}),
  });
  return { machine, out };
}

/** Carries messages both ways until nobody has more to say. */
function talk(a: Side, b: Side): void {
  while (a.out.length + b.out.length > 0) {
    for (const message of a.out.splice(0)) b.machine.take(message);
    for (const message of b.out.splice(0)) a.machine.take(message);
  }
}

test('both sides get the same six digits, and trust comes when both confirm', () => {
  const a = side(alice, bob, 'caller');
  const b = side(bob, alice, 'called');
  a.machine.begin();
  talk(a, b);
  const { code } = a.machine.state();
  expect(code).toMatch(/^\d{6}$/);
  expect(b.machine.state()).toEqual({ name: 'a', port: 7318, code, here: false, there: false });
  a.machine.confirm();
  talk(a, b);
  expect([a.machine.state().here, b.machine.state().there, b.machine.state().here]).toEqual([true, true, false]);
  b.machine.confirm();
  talk(a, b);
  expect(a.machine.state()).toMatchObject({ here: true, there: true });
  expect(b.machine.state()).toMatchObject({ here: true, there: true });
});

test('a machine in the middle gets other digits on the two screens', () => {
  const codes = new Set<string | undefined>();
  for (let i = 0; i < 20; i++) {
    const a = side(alice, mallory, 'caller');
    const toAlice = side(mallory, alice, 'called');
    const toBob = side(mallory, bob, 'caller');
    const b = side(bob, mallory, 'called');
    a.machine.begin();
    talk(a, toAlice);
    toBob.machine.begin();
    talk(toBob, b);
    codes.add(a.machine.state().code);
    codes.add(b.machine.state().code);
  }
  // 40 draws of a million: two alike would be a one in a thousand accident.
  expect(codes.size).toBeGreaterThan(37);
});

test('a number other than the one committed to ends the pairing', () => {
  const b = side(bob, alice, 'called');
  const a = side(alice, bob, 'caller', '1'.repeat(64));
  a.machine.begin();
  b.machine.take(a.out[0]);
  expect(() => b.machine.take({ type: 'reveal', nonce: '2'.repeat(64) })).toThrow(
    /another number than it had committed/,
  );
});

test('a recorded pairing played again gives other digits', () => {
  const a = side(alice, bob, 'caller');
  const b = side(bob, alice, 'called');
  const recorded: PairMessage[] = [];
  a.machine.begin();
  recorded.push(...a.out);
  b.machine.take(a.out.shift() as PairMessage);
  a.machine.take(b.out.shift() as PairMessage);
  recorded.push(...a.out);
  talk(a, b);
  const again = side(bob, alice, 'called');
  for (const message of recorded) again.machine.take(message);
  expect(recorded.map((message) => message.type)).toEqual(['commit', 'reveal']);
  expect(again.machine.state().code).toMatch(/^\d{6}$/);
  expect(again.machine.state().code).not.toBe(b.machine.state().code);
});

test('words out of turn, an echo and a refusal end the pairing with their reason', () => {
  const a = side(alice, bob, 'caller', '4'.repeat(64));
  a.machine.begin();
  expect(() => a.machine.take({ type: 'reveal', nonce: '5'.repeat(64) })).toThrow(/said reveal where nonce was due/);
  expect(() => a.machine.take({ type: 'nonce', name: 'b', nonce: '4'.repeat(64), port: 1 })).toThrow(/repeats/);
  const b = side(bob, alice, 'called');
  expect(() => b.machine.take({ type: 'confirm' })).toThrow(/said confirm where commit was due/);
  expect(() => b.machine.take({ type: 'refuse', why: 'no' })).toThrow(/refused: no/);
  expect(() => b.machine.confirm()).toThrow(/no code to confirm yet/);
});
