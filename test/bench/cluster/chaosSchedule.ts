// One schedule of real trouble, from its seed: who is hit, how and when, and what of the laws was broken.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { rng } from '../../../engine/base/index.ts';
import { type Member, type Network, openNetwork } from '../../cluster/parts/network.ts';
import { chaosBatch, chaosSamples, marked } from './chaosWork.ts';

interface Line {
  id?: string;
  generation?: number;
  leader?: string;
  state?: string;
  applied?: number;
  content?: string;
  done?: number[];
  seen?: number;
  found?: number[];
  ready?: boolean;
}

const steps = 90;
const paceMs = 40;
/** Trouble comes in this time, and a schedule that has not ended by that one is broken, ms. */
const troubleMs = 8000;
const mostMs = 90_000;
const port = 7320;
const soon = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs a schedule in namespaces; `folder` is for its members' files. */
export async function chaosSchedule(seed: number, folder: string) {
  const random = rng(seed, 'chaos');
  const size = 3 + random.int(3);
  const network = openNetwork(size);
  const broken: string[] = [];
  const hits: string[] = [];
  const startedAt = Date.now();
  const contents = new Map<number, Set<string>>();
  const leaders = new Map<number, Set<string>>();
  /** The last that each member told of itself. */
  const stands: Line[] = [];
  try {
    const secrets = [
      Buffer.from(new Float32Array([marked, marked]).buffer),
      Buffer.from('"beat"'),
      Buffer.from('NTF1'),
    ];
    const tap = network.tap(
      join(import.meta.dirname, 'capture.py'),
      secrets.map((one) => one.toString('hex')),
    );
    await tap.line<Line>((line) => line.ready === true);
    const start = (i: number): Member => {
      const node = network.nodes[i];
      if (!node) throw new Error('no node');
      const own = join(folder, String(i));
      mkdirSync(own, { recursive: true });
      const args = ['--no-warnings', join(import.meta.dirname, 'chaosNode.ts'), node.address, port, own, steps, paceMs];
      const member = network.run(node, process.execPath, args.map(String));
      const stand: Line = {};
      stands[i] = stand;
      member.each<Line>((line) => {
        Object.assign(stand, line);
        delete stand.content;
        if (line.applied !== undefined)
          contents.set(line.applied, (contents.get(line.applied) ?? new Set()).add(line.content ?? ''));
        if (line.generation !== undefined)
          leaders.set(line.generation, (leaders.get(line.generation) ?? new Set()).add(line.leader ?? ''));
      });
      return member;
    };
    const members = network.nodes.map((_, i) => start(i));
    const ids = await Promise.all(members.map(async (one) => (await one.line<Line>((line) => !!line.id)).id ?? ''));
    const addresses = network.nodes.map(({ address }) => ({ host: address, port }));
    const tell = (member: Member) => member.process.stdin?.write(`${JSON.stringify({ ids, addresses })}\n`);
    for (const one of members) tell(one);
    await soon(1500);
    const leader = () => {
      const last = Math.max(0, ...leaders.keys());
      return Math.max(0, ids.indexOf([...(leaders.get(last) ?? [])][0] ?? ''));
    };
    // One at a time, so that the weights live on somewhere; cuts and stops may be of several.
    const until = Date.now() + troubleMs;
    while (Date.now() < until) {
      const who = random.int(3) === 0 ? leader() : random.int(size);
      const kind = (['kill', 'stop', 'cut'] as const)[random.int(3)] ?? 'cut';
      const ms = 500 + random.int(4000);
      hits.push(`${kind} ${who}${who === leader() ? ' (leads)' : ''} for ${ms} ms`);
      await hit(network, members, who, kind, ms, async () => {
        const again = start(who);
        await again.line<Line>((line) => !!line.id);
        tell(again);
        return again;
      });
      await soon(random.int(1500));
    }
    const ended = await Promise.race([
      Promise.all(members.map((one) => one.line<Line>((line) => line.done !== undefined))),
      soon(mostMs).then(() => undefined),
    ]);
    if (!ended) broken.push(`not over after ${mostMs} ms: ${JSON.stringify(stands)}`);
    const once = Array.from({ length: chaosSamples }, () => (steps * chaosBatch) / chaosSamples).join();
    const whole = (ended ?? []).flatMap(({ done }) => (done && done.length > 0 ? [done.join()] : []));
    if (ended && whole.length * 2 <= size) broken.push(`only ${whole.length} of ${size} were there at the end`);
    for (const done of whole) if (done !== once) broken.push('a sample did not count once');
    for (const [step, found] of contents) if (found.size > 1) broken.push(`step ${step} has ${found.size} contents`);
    for (const [number, found] of leaders) if (found.size > 1) broken.push(`generation ${number} has two leaders`);
    if (contents.size !== steps) broken.push(`${contents.size} of ${steps} steps were taken`);
    tap.process.stdin?.end();
    const { seen = 0, found = [] } = await tap.line<Line>((line) => line.seen !== undefined);
    if (seen < 100_000) broken.push(`only ${seen} bytes were captured`);
    if (found.some((times) => times > 0)) broken.push(`plain on the wire: ${found.join()}`);
    return {
      seed,
      size,
      hits,
      generations: Math.max(...leaders.keys()),
      captured: seen,
      ms: Date.now() - startedAt,
      broken,
    };
  } finally {
    await network.close();
  }
}

async function hit(
  network: Network,
  members: Member[],
  who: number,
  kind: 'kill' | 'stop' | 'cut',
  ms: number,
  again: () => Promise<Member>,
): Promise<void> {
  const member = members[who];
  const node = network.nodes[who];
  if (!member || !node) return;
  if (kind === 'kill') {
    await member.stop('SIGKILL');
    await soon(ms);
    members[who] = await again();
  } else if (kind === 'stop') {
    member.process.kill('SIGSTOP');
    await soon(ms);
    member.process.kill('SIGCONT');
  } else {
    network.link(who, 'down');
    await soon(ms);
    network.link(who, 'up');
  }
}
