// neutrino demo: the whole path on bundled data: import, train, report, deploy, predict over REST; then keep serving.
import { join } from 'node:path';
import type { Command } from 'commander';
import { startAppliance } from '../../engine/appliance.ts';
import { createClient } from '../../engine/client/index.ts';
import { type Dataset, Fault } from '../../engine/schema/index.ts';
import { follow } from '../following.ts';
import { figure, note, reportText, say, showRecovery } from '../print.ts';
import { type GlobalOptions, openSession, passphrase, type Session, trustAppliance } from '../session.ts';
import { fail, withGlobals } from '../verb.ts';
import { configOf } from './appliance.ts';
import { datasetText, importFile } from './datasets.ts';

const sample = join(import.meta.dirname, '../../resources/samples/package-topics.csv');
const question = 'A fast multiplayer arcade game in which a spaceship shoots asteroids';

async function lastingSession(options: GlobalOptions & Record<string, unknown>): Promise<Session> {
  if (options.url || process.env['NEUTRINO_URL']) return openSession(options);
  const secret = passphrase(options);
  try {
    const own = await startAppliance(configOf(options), {
      lasting: true,
      ...(secret === undefined ? {} : { passphrase: secret }),
    });
    trustAppliance(own.config.dataDir);
    showRecovery(own.recoveryCode);
    return {
      client: createClient({ url: own.url, key: own.token }),
      url: own.url,
      key: own.token,
      lasting: true,
      sameMachine: true,
      close: () => own.close(),
    };
  } catch (error) {
    if (error instanceof Fault && error.code === 'already_running') return openSession(options);
    throw error;
  }
}

async function sampleDataset(session: Session): Promise<Dataset> {
  const name = 'package-topics';
  const page = await session.client.call('datasets.list', { query: { search: name } });
  const known = page.items.find((d) => d.name === name && d.state === 'ready');
  return known ?? importFile(session, sample, { name, options: {} }, false);
}

/** One prediction the way an in-house app would ask for it: plain HTTP with a predictor's key. */
async function ask(session: Session, deployment: string, tell: (text: string) => void): Promise<string> {
  const made = await session.client.call('keys.create', {
    body: { role: 'predictor', name: 'demo', deployments: [deployment], days: 1 },
  });
  const url = `${session.url}/api/v1/deployments/${deployment}/predict`;
  const body = JSON.stringify({ inputs: [question] });
  tell(`\n$ curl ${url} -H 'Authorization: Bearer nk_…' -H 'Content-Type: application/json' \\\n    -d '${body}'`);
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${made.secret}`, 'content-type': 'application/json' },
    body,
  });
  const text = await answer.text();
  if (!answer.ok) throw new Fault('internal', `the endpoint answered ${answer.status}: ${text}`);
  await session.client.call('keys.revoke', { params: { id: made.key.id } });
  return text;
}

export function demoVerb(program: Command): void {
  const command = withGlobals(program.command('demo').description('the whole path on bundled data, then keep serving'))
    .option('--exit', 'end after the prediction')
    .option('--port <port>', 'port to listen on')
    .option('--seed <n>', 'seed', '1');
  command.action(async () => {
    const options = command.opts<GlobalOptions & Record<string, unknown>>();
    // With --json the story goes to stderr and stdout holds one value.
    const tell = options.json ? note : say;
    let session: Session | undefined;
    try {
      session = await lastingSession(options.exit ? { port: 0, ...options } : options);
      note('1. import: descriptions of Debian packages, ten topics');
      const dataset = await sampleDataset(session);
      tell(`${datasetText(dataset)}\n`);
      note('2. train: which topic is a description about?');
      const started = await session.client.call('runs.create', {
        body: {
          dataset: dataset.id,
          target: 'label',
          budget: '45s',
          seed: Number(options['seed']),
          name: 'package-topics',
        },
      });
      const run = await follow(session, started.id, options.json === true);
      if (!run.report || !run.model)
        throw new Fault('internal', `the run ended ${run.state}: ${run.error?.message ?? 'without a report'}`);
      tell(reportText(run.report));
      note('\n3. deploy');
      const deployment = await session.client.call('deployments.create', {
        body: { model: `${run.model.name}@${run.model.version}`, name: 'package-topics' },
      });
      tell(`${deployment.name} serves ${run.model.name}@${run.model.version} at ${session.url}`);
      note('4. predict over REST');
      const answer = await ask(session, deployment.name, tell);
      tell(answer);
      const output = (JSON.parse(answer) as { outputs: { label: string; scores: Record<string, number> }[] })
        .outputs[0];
      tell(`\n“${question}” → ${output?.label} (${figure(output?.scores[output.label] ?? 0)})`);
      if (options.json) say(JSON.stringify({ run, deployment, answer: JSON.parse(answer) as unknown }));
      if (options.exit) return;
      const { ticket } = await session.client.call('session.ticket', { body: {} });
      tell(`\nstill serving; open the app (the link works once): ${session.url}/#ticket=${ticket}`);
      await new Promise<void>((done) => {
        process.once('SIGINT', () => done());
        process.once('SIGTERM', () => done());
      });
    } catch (error) {
      fail(error, options.json === true);
    } finally {
      await session?.close();
    }
  });
}
