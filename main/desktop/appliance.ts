// The appliance under the window: starts the same program that a lab server runs, joins one that runs already, starts a dead
// one again. Knows nothing of windows.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What `start --json` and `open --json` print. */
export interface Started {
  url: string;
  link: string;
  dataDir: string;
  /** Of a vault that this start made. */
  recoveryCode?: string;
}
type Said = Started & { error?: { code: string; message: string } };

export interface Program {
  command: string;
  /** What stands before the verb. */
  args: string[];
  /** Options of `start`. */
  start?: string[];
}

export interface Supervisor {
  /** Starts it, or joins the one that holds the data directory. Throws with the appliance's words. */
  start(): Promise<Started>;
  /** Runs another verb against it; throws with its words when it fails. */
  ask(args: string[]): Promise<unknown>;
  /** Ends what this supervisor started; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Starts in one minute after which it is not tried again. */
const mostStarts = 5;

/** `onRevived` is told of each new start after a death; `onGivenUp` when it keeps dying. */
export function supervise(
  program: Program,
  options: { env: NodeJS.ProcessEnv; onRevived: (started: Started) => void; onGivenUp: (why: string) => void },
): Supervisor {
  const starts: number[] = [];
  let child: ChildProcess | undefined;
  let stopping = false;

  const run = (...verb: string[]): { process: ChildProcess; first: Promise<Said> } => {
    const process = spawn(program.command, [...program.args, ...verb, '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: options.env,
      windowsHide: true,
    });
    const first = new Promise<Said>((resolve, reject) => {
      createInterface({ input: process.stdout }).once('line', (line) => resolve(JSON.parse(line) as Said));
      process.once('error', reject);
      process.once('exit', (code) => reject(new Error(`the appliance ended with code ${code} before it was ready`)));
    });
    return { process, first };
  };
  const checked = async (first: Promise<Said>): Promise<Said> => {
    const answer = await first;
    if (answer.error && answer.error.code !== 'already_running') throw new Error(answer.error.message);
    return answer;
  };

  async function start(): Promise<Started> {
    const { process, first } = run('start', ...(program.start ?? []));
    const answer = await checked(first);
    if (answer.error) return checked(run('open').first);
    child = process;
    process.once('exit', () => {
      child = undefined;
      if (!stopping) void revive();
    });
    return answer;
  }

  async function revive(): Promise<void> {
    const now = Date.now();
    starts.push(now);
    if (starts.filter((at) => now - at < 60_000).length > mostStarts) {
      return options.onGivenUp('The appliance keeps ending. “neutrino doctor” tells why.');
    }
    try {
      options.onRevived(await start());
    } catch (error) {
      options.onGivenUp((error as Error).message);
    }
  }

  return {
    start,
    ask: async (args) => checked(run(...args).first),
    async stop() {
      stopping = true;
      const running = child;
      if (!running) return;
      await new Promise<void>((done) => {
        running.once('exit', () => done());
        running.kill('SIGTERM');
      });
    },
  };
}
