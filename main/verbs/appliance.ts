// neutrino start, open, doctor, vault, backup and restore: the appliance itself.
import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import {
  addVaultWrap,
  backupAppliance,
  checkBackup,
  diagnose,
  findAppliance,
  operatorCoverage,
  restoreAppliance,
  rotateVault,
  startAppliance,
  vaultStatus,
} from '../../engine/appliance.ts';
import { createClient } from '../../engine/client/index.ts';
import { type ApplianceConfig, applianceConfig, Fault } from '../../engine/schema/index.ts';
import { bytes, note, say, showRecovery, table, when } from '../print.ts';
import { dataDirectory, type GlobalOptions, openSession, passphrase, trustAppliance } from '../session.ts';
import { fail, verb, whole, withGlobals } from '../verb.ts';

type Options = GlobalOptions & Record<string, unknown>;

/** Settings from the options of `start` and the environment; a wrong one is named. */
export function configOf(options: Options): ApplianceConfig {
  const port = options['port'] ?? process.env['NEUTRINO_PORT'];
  const tls = options['tlsCert'] || options['tlsKey'];
  if (tls && !(options['tlsCert'] && options['tlsKey']))
    throw new Fault('bad_request', 'give both --tls-cert and --tls-key');
  const parsed = applianceConfig.safeParse({
    dataDir: resolve(dataDirectory(options)),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(options['host'] ? { host: options['host'] } : {}),
    ...(options['name'] ? { name: options['name'] } : {}),
    ...(tls ? { tls: { cert: options['tlsCert'], key: options['tlsKey'] } } : {}),
    ...(options['allowHost'] ? { allowedHosts: options['allowHost'] } : {}),
    ...(options['importFolder'] ? { importFolders: options['importFolder'] } : {}),
    cluster: {
      enabled: options['cluster'] === true,
      ...(options['clusterHost'] ? { host: options['clusterHost'] } : {}),
      ...(options['clusterPort'] === undefined ? {} : { port: Number(options['clusterPort']) }),
    },
    discovery: options['discovery'] !== false,
    ...(options['peer'] ? { peers: options['peer'] } : {}),
  });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Fault('bad_request', `${issue?.path.join('.')}: ${issue?.message}`);
}

/** Starts an appliance that stays up, prints its address and a link that logs a browser in, and waits for SIGINT or SIGTERM. */
async function start(options: Options): Promise<void> {
  const secret = passphrase(options);
  const appliance = await startAppliance(configOf(options), {
    lasting: true,
    ...(secret === undefined ? {} : { passphrase: secret }),
  });
  trustAppliance(appliance.config.dataDir);
  const { ticket } = await createClient({ url: appliance.url, key: appliance.token }).call('session.ticket', {
    body: {},
  });
  const link = `${appliance.url}/#ticket=${ticket}`;
  if (options.json)
    say(
      JSON.stringify({
        url: appliance.url,
        link,
        pid: process.pid,
        dataDir: appliance.config.dataDir,
        ...(appliance.recoveryCode ? { recoveryCode: appliance.recoveryCode } : {}),
      }),
    );
  else {
    showRecovery(appliance.recoveryCode);
    say(`Neutrino serves at ${appliance.url}`);
    say(`open the app (the link works once): ${link}`);
    note('stop with Ctrl-C');
  }
  await new Promise<void>((done) => {
    const stop = () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      done();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
  if (!options.json) note('stopping: finishing requests, keeping checkpoints');
  await appliance.close();
}

/** Prints the coverage of operators. */
async function operators(options: Options): Promise<void> {
  const all = await operatorCoverage();
  if (options.json) return say(JSON.stringify(all));
  const rows = all.map(({ op, domain, shapes, gradient, runtimes }) => [
    domain ? `${domain}.${op}` : op,
    shapes,
    gradient,
    runtimes.join(', '),
  ]);
  const count = (gradient: string) => all.filter((one) => one.gradient === gradient).length;
  say(
    `${table(['operator', 'shapes', 'gradient', 'runtimes'], rows)}\n\n${all.length} operators: gradients flow through ${count('yes')}, are zero for ${count('zero')}, stop at ${count('none')}. ort is onnxruntime on cpu, webgpu, cuda, dml and coreml: what a GPU has no kernel for runs on the processor.`,
  );
}

/** The running appliance makes the backup; here it is written and read back. */
async function backupOfRunning(options: Options, target: string): Promise<{ bytes: number; files: number }> {
  const session = await openSession(options);
  const part = `${target}.part`;
  try {
    const { body } = await session.client.download('system.backup', {});
    await pipeline(body, createWriteStream(part, { mode: 0o600 }));
    const made = checkBackup(part);
    renameSync(part, target);
    return made;
  } finally {
    rmSync(part, { force: true });
    await session.close();
  }
}

/** Declares a verb that works without an appliance. */
function offline(
  parent: Command,
  usage: string,
  summary: string,
  work: (args: string[], options: Options) => Promise<void> | void,
  declare: (command: Command) => Command = (c) => c,
): void {
  const command = withGlobals(declare(parent.command(usage).description(summary)));
  command.action(async (...all: unknown[]) => {
    const options = command.opts<Options>();
    try {
      await work(all.slice(0, -2) as string[], options);
    } catch (error) {
      fail(error, options.json === true);
    }
  });
}

export function applianceVerbs(program: Command): void {
  offline(
    program,
    'start',
    'run the appliance until it is stopped',
    async (_args, options) => start(options),
    (command) =>
      command
        .option('--host <host>', 'address to listen on (127.0.0.1; anything else is served over https)')
        .option('--port <port>', 'port to listen on (7317, NEUTRINO_PORT)', whole('--port', 0))
        .option('--name <name>', 'name of this machine for people and peers')
        .option('--tls-cert <file>', 'certificate to serve https with')
        .option('--tls-key <file>', 'its private key')
        .option('--allow-host <name...>', 'further host names the API may be addressed by')
        .option('--import-folder <dir...>', 'folders that remote admins may import from')
        .option('--no-cluster', 'keep the port for other machines closed')
        .option('--cluster-host <host>', 'address at which other machines may call (0.0.0.0)')
        .option('--cluster-port <port>', 'port at which other machines may call (7318)', whole('--cluster-port', 0))
        .option('--no-discovery', 'do not announce this machine or listen for others by mDNS')
        .option('--peer <address...>', 'host:port of machines to look for where multicast does not reach'),
  );
  verb(program, 'open', 'a link that logs a browser in to the running appliance', async ({ client, url, lasting }) => {
    if (!lasting) throw new Fault('not_running', 'no appliance is running: neutrino start');
    const { ticket } = await client.call('session.ticket', { body: {} });
    const link = `${url}/#ticket=${ticket}`;
    const { dataDir } = await client.call('system.show', {});
    return { json: { url, link, dataDir }, text: link };
  });
  const doctor = async (_args: string[], options: Options) => {
    if (options['ops']) return operators(options);
    const findings = await diagnose(configOf(options), passphrase(options));
    if (options.json) say(JSON.stringify(findings));
    else
      say(
        table(
          ['', 'check', 'finding'],
          findings.map((f) => [f.ok ? '✓' : f.needed ? '✗' : '–', f.check, f.finding]),
        ),
      );
    if (findings.some((f) => f.needed && !f.ok)) process.exitCode = 1;
  };
  offline(program, 'doctor', 'what works on this machine, and why not', doctor, (command) =>
    command.option('--ops', 'which ONNX operators models may have, with gradients and runtimes'),
  );
  const vault = program.command('vault').description('what protects the data');
  offline(vault, 'status', 'the ways in which the vault can be opened', async (_args, options) => {
    const status = await vaultStatus(resolve(dataDirectory(options)), passphrase(options));
    if (options.json) say(JSON.stringify(status));
    else
      say(
        `vault ${status.id}\n\n${table(
          ['id', 'way in', 'since'],
          status.wraps.map((w) => [w.id, w.kind, when(w.createdAt)]),
        )}`,
      );
  });
  offline(
    vault,
    'rewrap',
    'set a new passphrase (from --new-passphrase-file)',
    async (_args, options) => {
      const next = passphrase({ passphraseFile: options['newPassphraseFile'] as string });
      const status = await addVaultWrap(resolve(dataDirectory(options)), passphrase(options), next ?? '');
      if (options.json) say(JSON.stringify(status));
      else say('the new passphrase opens the vault; losing every way in loses the data');
    },
    (command) => command.requiredOption('--new-passphrase-file <file>', 'file with the new passphrase'),
  );
  offline(vault, 'rotate', 'replace the vault key and seal everything anew', async (_args, options) => {
    const status = await rotateVault(resolve(dataDirectory(options)), passphrase(options));
    if (options.json) say(JSON.stringify(status));
    else say(`the vault has a new key and a new recovery code, shown this once:\n\n    ${status.recoveryCode}`);
  });
  offline(
    program,
    'backup <file>',
    'write everything, still encrypted, into one file',
    async ([file], options) => {
      const target = file;
      if (existsSync(target) && options['force'] !== true)
        throw new Fault('conflict', `${target} exists: name another file or add --force`);
      const dataDir = resolve(dataDirectory(options));
      const made = findAppliance(dataDir)
        ? await backupOfRunning(options, target)
        : await backupAppliance(dataDir, target, passphrase(options));
      if (options.json) say(JSON.stringify(made));
      else
        say(
          `wrote ${target} (${bytes(made.bytes)}, ${made.files} files); it opens with the passphrase or the recovery code of this vault`,
        );
    },
    (command) => command.option('--force', 'replace the file'),
  );
  offline(program, 'restore <file>', 'bring a backup into an empty data directory', ([file], options) => {
    const made = restoreAppliance(file, resolve(dataDirectory(options)));
    if (options.json) say(JSON.stringify(made));
    else say(`restored ${made.files} files into ${resolve(dataDirectory(options))}: neutrino start`);
  });
}
