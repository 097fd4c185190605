// One way to declare a verb: what it does with a session, and how its result is printed. Exit codes come from the error table.
import { Command, CommanderError, Option } from 'commander';
import { type ErrorCode, errorCodes, exitCode, Fault, faultBody } from '../engine/schema/index.ts';
import { lines, note, say } from './print.ts';
import { type GlobalOptions, openSession, type Session } from './session.ts';

/** A verb's answer: the value for `--json`, and the text for people. */
export interface Outcome {
  json: unknown;
  text: string;
}

type Options = GlobalOptions & Record<string, unknown>;

/** Adds the options every verb takes. */
export function withGlobals(command: Command): Command {
  return command
    .addOption(new Option('--url <url>', 'appliance to talk to (NEUTRINO_URL)'))
    .addOption(new Option('--key <key>', 'API key (NEUTRINO_KEY)'))
    .addOption(new Option('--data-dir <dir>', 'data directory (NEUTRINO_HOME)'))
    .addOption(new Option('--passphrase-file <file>', 'file with the vault’s passphrase (NEUTRINO_PASSPHRASE)'))
    .addOption(new Option('--json', 'print one JSON value and nothing else'));
}

/** Prints a fault as its one-line remedy (or as JSON) and sets the exit code. */
export function fail(error: unknown, json: boolean): void {
  const body = faultBody(error);
  if (json) say(JSON.stringify({ error: body }));
  else note(`neutrino: ${body.message}`);
  if (process.env['NEUTRINO_DEBUG'] && error instanceof Error) note(error.stack ?? '');
  process.exitCode = exitCode[body.code];
}

/** Runs `work` with a session, prints its outcome, closes the session whatever happens. */
export async function withSession(options: Options, work: (session: Session) => Promise<Outcome>): Promise<void> {
  const json = options.json === true;
  let session: Session | undefined;
  try {
    session = await openSession(options);
    const outcome = await work(session);
    if (json) say(JSON.stringify(outcome.json));
    else if (outcome.text) say(lines(outcome.text));
  } catch (error) {
    fail(error, json);
  } finally {
    await session?.close();
  }
}

/** Declares a verb that talks to an appliance: `work` gets the session, the arguments and the options. */
export function verb<A extends string[]>(
  parent: Command,
  usage: string,
  summary: string,
  work: (session: Session, args: A, options: Options) => Promise<Outcome>,
  declare: (command: Command) => Command = (command) => command,
): void {
  const command = withGlobals(declare(parent.command(usage).description(summary)));
  command.action(async (...all: unknown[]) => {
    const options = command.opts<Options>();
    const args = all.slice(0, -2) as A;
    await withSession(options, (session) => work(session, args, options));
  });
}

/** A whole number option that says what was wrong with another value. */
export function whole(name: string, least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least)
      throw new Fault('bad_request', `${name} takes a whole number from ${least}, not ${text}`);
    return value;
  };
}

/** Turns what commander throws into our exit codes: help and version are success, everything else a bad request. */
export function commandLineFault(error: unknown, program: Command, words: readonly string[]): Fault | undefined {
  if (!(error instanceof CommanderError)) return error instanceof Fault ? error : undefined;
  if (error.exitCode === 0) return undefined;
  const [command, path] = commandNamed(program, words);
  if (error.code === 'commander.help') {
    const names = command.commands.map((one) => one.name()).join(', ');
    return new Fault('bad_request', `say what to do: ${path} followed by one of ${names}; see ${path} --help`);
  }
  return new Fault('bad_request', `${error.message.replace(/^error: /, '').replace(/\.$/, '')}; see ${path} --help`);
}

/** The command that the words lead to, and how it is called. */
function commandNamed(program: Command, words: readonly string[]): [Command, string] {
  let command = program;
  const path = [program.name()];
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word);
    if (!next) break;
    command = next;
    path.push(word);
  }
  return [command, path.join(' ')];
}

/** The fault that a record keeps of why its work failed. */
export function recordedFault(kept: {
  code: string;
  message: string;
  details?: Record<string, unknown> | undefined;
}): Fault {
  const code = errorCodes.find((known): known is ErrorCode => known === kept.code) ?? 'internal';
  return new Fault(code, kept.message, kept.details);
}
