// A room of network namespaces on one bridge, made by this test alone and taken down with it. Needs root and the `ip` tool; says
// why where it cannot be.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';

export interface Node {
  name: string;
  address: string;
}

export interface Network {
  nodes: Node[];
  /** Runs a TypeScript file in a node's namespace; its lines of standard output are JSON values. */
  start(node: Node, file: string, args: readonly string[]): Member;
  /** Runs any program in a node's namespace, on one core if one is named. */
  run(node: Node, command: string, args: readonly string[], core?: number): Member;
  /** Runs a Python program where the bridge is. */
  tap(file: string, args: readonly string[]): Member;
  /** Takes a node's cable out, or puts it back. */
  link(index: number, to: 'up' | 'down'): void;
  /** Limits what every node may send, e.g. `1gbit`. */
  limit(rate: string): void;
  /** Gives a node another address in the same network. */
  move(node: Node, host: number): Node;
  /** Ends what was started and removes the namespaces. */
  close(): Promise<void>;
}

export interface Member {
  process: ChildProcess;
  /** Hears every line. */
  each<T>(hear: (value: T) => void): void;
  /** The first line that passes, those already printed included. */
  line<T>(passes: (value: T) => boolean): Promise<T>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: 'pipe' });

/** Why there can be no namespaces here, or undefined when there can. */
export function whyNoNetwork(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const name = `nt-probe-${randomBytes(3).toString('hex')}`;
  try {
    ip('netns', 'add', name);
    ip('netns', 'delete', name);
    return undefined;
  } catch (error) {
    return `network namespaces cannot be made here: ${(error as Error).message.split('\n')[0]}`;
  }
}

/** `count` nodes at 10.77.0.1 and up, on a bridge in a namespace of its own. */
export function openNetwork(count: number): Network {
  const tag = randomBytes(2).toString('hex');
  const hub = `nt${tag}-hub`;
  const nodes: Node[] = [];
  const members: Member[] = [];
  const inside = (node: string, ...args: string[]) => ip('-n', node, ...args);
  ip('netns', 'add', hub);
  inside(hub, 'link', 'add', 'br0', 'type', 'bridge', 'mcast_snooping', '0');
  inside(hub, 'link', 'set', 'br0', 'up');
  for (let i = 1; i <= count; i++) {
    const node = { name: `nt${tag}-${i}`, address: `10.77.0.${i}` };
    ip('netns', 'add', node.name);
    inside(hub, 'link', 'add', `p${i}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', node.name);
    inside(hub, 'link', 'set', `p${i}`, 'master', 'br0', 'up');
    inside(node.name, 'link', 'set', 'lo', 'up');
    settle(node);
    nodes.push(node);
  }

  function settle(node: Node): void {
    inside(node.name, 'addr', 'flush', 'dev', 'eth0');
    inside(node.name, 'addr', 'add', `${node.address}/24`, 'dev', 'eth0');
    inside(node.name, 'link', 'set', 'eth0', 'up');
    inside(node.name, 'route', 'replace', '224.0.0.0/4', 'dev', 'eth0');
  }

  return {
    nodes,
    start(node, file, args) {
      const member = follow(spawn('ip', ['netns', 'exec', node.name, process.execPath, file, ...args]));
      members.push(member);
      return member;
    },
    run(node, command, args, core) {
      const pinned = core === undefined ? [command] : ['taskset', '-c', String(core), command];
      const member = follow(spawn('ip', ['netns', 'exec', node.name, ...pinned, ...args]));
      members.push(member);
      return member;
    },
    tap(file, args) {
      const member = follow(spawn('ip', ['netns', 'exec', hub, '/usr/bin/python3', file, ...args]));
      members.push(member);
      return member;
    },
    link(index, to) {
      inside(hub, 'link', 'set', `p${index + 1}`, to);
    },
    limit(rate) {
      for (const { name } of nodes) {
        execFileSync(
          'ip',
          [
            'netns',
            'exec',
            name,
            'tc',
            'qdisc',
            'replace',
            'dev',
            'eth0',
            'root',
            'tbf',
            'rate',
            rate,
            'burst',
            '256kb',
            'latency',
            '100ms',
          ],
          { stdio: 'pipe' },
        );
      }
    },
    move(node, host) {
      node.address = `10.77.0.${host}`;
      settle(node);
      return node;
    },
    async close() {
      await Promise.all(members.map((member) => member.stop('SIGKILL')));
      for (const { name } of nodes) ip('netns', 'delete', name);
      ip('netns', 'delete', hub);
    },
  };
}

function follow(child: ChildProcess): Member {
  const values: unknown[] = [];
  const waiting = new Set<(value: unknown) => void>();
  const errors: string[] = [];
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stderr?.on('data', (data: Buffer) => errors.push(data.toString()));
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const value: unknown = JSON.parse(line);
      values.push(value);
      for (const hear of waiting) hear(value);
    });
  }
  return {
    process: child,
    each<T>(hear: (value: T) => void) {
      for (const value of values) hear(value as T);
      waiting.add((value) => hear(value as T));
    },
    line<T>(passes: (value: T) => boolean) {
      return new Promise<T>((resolve, reject) => {
        const hear = (value: unknown) => {
          if (!passes(value as T)) return;
          waiting.delete(hear);
          resolve(value as T);
        };
        waiting.add(hear);
        for (const value of values) hear(value);
        void ended.then(() => reject(new Error(`it ended: ${errors.join('').slice(-2000)}`)));
      });
    },
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await ended;
    },
  };
}
