// What runs over several machines need of the room: who is there, a word to them, a piece to them. Types, and who may take part.
import { Fault, type PeerView, type RoomWord } from '../schema/index.ts';

/** The room as runs see it. */
export interface RoomLine {
  /** This machine. */
  readonly id: string;
  readonly name: string;
  readonly build: string;
  readonly cores: number;
  peers(): PeerView[];
  /** By id, name or address. Faults: `not_found`, `unavailable`. */
  find(text: string): PeerView;
  /** False where there is no link. */
  say(peer: string, word: RoomWord): boolean;
  sendPiece(peer: string, tag: number, piece: number, bytes: Uint8Array): Promise<void>;
}

/** Why a peer cannot train along with this machine now, and what helps; undefined when it can. `apart` where it is sent no dataset. */
export function whyNot(line: RoomLine, peer: PeerView, apart = false): Fault | undefined {
  const { name, trust, link, granted, why, build } = peer;
  if (trust !== 'paired') return new Fault('untrusted', `${name} is not paired; neutrino cluster pair ${name}`);
  if (link !== 'up')
    return new Fault('unreachable', `there is no link to ${name}${why ? `: ${why}` : ''}; neutrino cluster diagnose`);
  if (build !== line.build)
    return new Fault(
      'newer_version',
      `${name} runs Neutrino ${build ?? 'of an unknown version'}, this machine ${line.build}: runs are shared between like versions only`,
    );
  const allow = (what: string) => `on ${name}: neutrino cluster allow ${line.name} --${what} yes`;
  if (!granted?.train)
    return new Fault('forbidden', `${name} does not let this machine train there; ${allow('train')}`);
  if (!granted.data && !apart)
    return new Fault('forbidden', `${name} takes no datasets from this machine; ${allow('data')}`);
  return undefined;
}

/** The paired peers that a request names and that are known, with what keeps them from it now. */
export function namedPeers(
  line: RoomLine,
  names: readonly string[],
  apart = false,
): { peer: PeerView; fault: Fault | undefined }[] {
  const known = line.peers();
  const chosen = names.includes('all')
    ? known.filter((peer) => peer.trust === 'paired')
    : names.flatMap((name) => {
        try {
          return line.find(name);
        } catch {
          // Whom nobody knows any more, nobody can ask.
          return [];
        }
      });
  return [...new Map(chosen.map((peer) => [peer.id, peer])).values()].map((peer) => ({
    peer,
    fault: whyNot(line, peer, apart),
  }));
}

/** The peers that a request names. Faults name the first that cannot take part; for `all`, why nobody can. */
export function chosenPeers(line: RoomLine, names: readonly string[], apart = false): PeerView[] {
  if (names.includes('all')) {
    const paired = line.peers().filter((peer) => peer.trust === 'paired');
    const able = paired.filter((peer) => !whyNot(line, peer, apart));
    if (able.length > 0) return able;
    const reasons = paired.map((peer) => whyNot(line, peer, apart)?.message).join('; ');
    throw new Fault('conflict', `no other machine can train along: ${reasons || 'none is paired'}`);
  }
  const chosen = names.map((name) => line.find(name));
  for (const peer of chosen) {
    const fault = whyNot(line, peer, apart);
    if (fault) throw fault;
  }
  return [...new Map(chosen.map((peer) => [peer.id, peer])).values()];
}
