// How two strangers come to trust each other: commit, reveal, compare six digits (the numeric comparison of Bluetooth's Secure
// Simple Pairing and of ZRTP, RFC 6189 section 4.4.1). A machine in the middle has other certificates, so the digits differ, and it
// cannot choose its number after seeing ours. Sans I/O: messages in, messages out.
import { randomBytes } from 'node:crypto';
import { equalBytes, hex, sha256 } from '../base/index.ts';
import { clusterProtocol, Fault, type PairMessage } from '../schema/index.ts';

export interface PairingOptions {
  /** Ids (hex) of this machine and of the one whose certificate stands at the other end. */
  ours: string;
  theirs: string;
  /** This machine's name and cluster port, told to the other. */
  name: string;
  port: number;
  /** Whether we called, or they did. */
  role: 'caller' | 'called';
  send: (message: PairMessage) => void;
  /** 256 bits, hex; random when left out. */
  nonce?: string;
}

/** A pairing's progress. `code` is there once both have revealed. */
export interface PairingState {
  name: string | undefined;
  port: number | undefined;
  code: string | undefined;
  here: boolean;
  there: boolean;
}

export interface PairingMachine {
  state(): PairingState;
  /** The caller's first message. */
  begin(): void;
  /** Takes what the other side said. Fault `untrusted` ends the pairing: a broken promise or a message out of turn. */
  take(message: PairMessage): void;
  /** The person here says that the digits agree. Fault `conflict` before there are digits. */
  confirm(): void;
}

/** The six digits of a finished exchange. Ids and numbers in the order caller, called. */
export function pairingCode(ids: readonly [string, string], nonces: readonly [string, string]): string {
  const digest = sha256(['neutrino pairing 1', ...ids, ...nonces].join('\n'));
  const number = Buffer.from(digest).readUIntBE(0, 6) % 1_000_000;
  return String(number).padStart(6, '0');
}

const commitmentTo = (id: string, nonce: string): string => hex(sha256(`neutrino commitment 1\n${id}\n${nonce}`));

/** One side of one pairing. */
export function createPairing(options: PairingOptions): PairingMachine {
  const { ours, theirs, name, port, role, send } = options;
  const nonce = options.nonce ?? randomBytes(32).toString('hex');
  const proto: [number, number] = [clusterProtocol.min, clusterProtocol.max];
  const state: PairingState = { name: undefined, port: undefined, code: undefined, here: false, there: false };
  /** What must come next. */
  let awaits: PairMessage['type'] | undefined = role === 'caller' ? undefined : 'commit';
  let commitment = '';

  const settle = (theirNonce: string) => {
    // A machine that sends our own number back learns nothing and proves nothing.
    if (theirNonce === nonce) throw new Fault('untrusted', 'the other machine repeats this one’s number');
    state.code =
      role === 'caller'
        ? pairingCode([ours, theirs], [nonce, theirNonce])
        : pairingCode([theirs, ours], [theirNonce, nonce]);
    awaits = 'confirm';
  };

  return {
    state: () => ({ ...state }),
    begin() {
      if (role !== 'caller' || awaits) throw new Fault('internal', 'this pairing has begun already');
      awaits = 'nonce';
      send({ type: 'commit', proto, name, port, commitment: commitmentTo(ours, nonce) });
    },
    take(message) {
      if (message.type === 'refuse') throw new Fault('pairing_refused', `the other machine refused: ${message.why}`);
      if (message.type !== awaits) {
        throw new Fault('untrusted', `the other machine said ${message.type} where ${awaits ?? 'nothing'} was due`);
      }
      switch (message.type) {
        case 'commit': {
          if (message.proto[0] > clusterProtocol.max || message.proto[1] < clusterProtocol.min) {
            throw new Fault(
              'newer_version',
              `${message.name} speaks versions ${message.proto.join(' to ')} of the protocol, this machine ${proto.join(' to ')}; update the older one`,
            );
          }
          ({ commitment } = message);
          state.name = message.name;
          state.port = message.port;
          awaits = 'reveal';
          send({ type: 'nonce', name, nonce, port });
          return;
        }
        case 'nonce':
          state.name = message.name;
          state.port = message.port;
          send({ type: 'reveal', nonce });
          settle(message.nonce);
          return;
        case 'reveal': {
          const revealed = Buffer.from(commitmentTo(theirs, message.nonce), 'hex');
          if (!equalBytes(revealed, Buffer.from(commitment, 'hex'))) {
            throw new Fault('untrusted', 'the other machine revealed another number than it had committed to');
          }
          settle(message.nonce);
          return;
        }
        case 'confirm':
          state.there = true;
          awaits = undefined;
      }
    },
    confirm() {
      if (!state.code) throw new Fault('conflict', 'there is no code to confirm yet; wait for the other machine');
      if (state.here) return;
      state.here = true;
      send({ type: 'confirm' });
    },
  };
}
