// neutrino deploy and neutrino deployments …: serve models.
import type { Command } from 'commander';
import { type Deployment, Fault } from '../../engine/schema/index.ts';
import { note, table, when } from '../print.ts';
import type { Session } from '../session.ts';
import { verb } from '../verb.ts';

const header = ['name', 'model', 'state', 'replicas', 'before', 'updated'];
const row = (d: Deployment) => [
  d.name,
  `${d.model.name}@${d.model.version}`,
  d.state,
  `${d.replicas.min}:${d.replicas.max}`,
  d.previous.map((p) => `@${p.version}`).join(' '),
  when(d.updatedAt),
];

const replicas = (text: string) => {
  const [min, max] = text.split(':').map(Number);
  const top = max ?? min;
  if (!Number.isInteger(min) || !Number.isInteger(top) || min < 0 || top < Math.max(1, min))
    throw new Fault('bad_request', `--replicas takes MIN:MAX, as 1:4, not ${text}`);
  return { min, max: top };
};

function deployed(session: Session, d: Deployment) {
  const where = session.lasting ? `${session.url}/api/v1/deployments/${d.name}/predict` : '';
  if (!session.lasting)
    note('saved: no appliance stays up after this command, so nothing serves it yet; neutrino start does');
  return {
    json: { ...d, ...(where ? { url: where } : {}) },
    text: `${table(header, [row(d)])}${where ? `\n\nPOST ${where}` : ''}`,
  };
}

export function deploymentVerbs(program: Command): void {
  verb<[string]>(
    program,
    'deploy <model>',
    'serve a model at a REST endpoint',
    async (session, [model], options) => {
      const body = {
        model,
        ...(options['name'] ? { name: options['name'] as string } : {}),
        ...(options['replicas'] ? { replicas: options['replicas'] as { min: number; max: number } } : {}),
      };
      return deployed(session, await session.client.call('deployments.create', { body }));
    },
    (command) =>
      command
        .option('--name <name>', 'name of the endpoint (the model’s when left out)')
        .option('--replicas <min:max>', 'model hosts to keep', replicas),
  );
  const group = program.command('deployments').description('models being served');
  verb(group, 'list', 'list deployments', async ({ client }) => {
    const page = await client.call('deployments.list', { query: { limit: 1000 } });
    return {
      json: page.items,
      text:
        page.items.length === 0 ? 'nothing is deployed yet: neutrino deploy MODEL' : table(header, page.items.map(row)),
    };
  });
  verb<[string]>(group, 'show <name>', 'one deployment, its inputs and an example', async (session, [name]) => {
    const deployment = await session.client.call('deployments.show', { params: { name } });
    const schema = await session.client.call('deployments.schema', { params: { name } });
    const inputs = table(
      ['input', 'type', 'example', 'values'],
      schema.inputs.map((i) => [
        i.column,
        i.type,
        i.example === null ? '' : String(i.example).slice(0, 40),
        (i.values ?? []).slice(0, 6).join(', ').slice(0, 60),
      ]),
    );
    const curl = `curl -s ${session.url}/api/v1/deployments/${name}/predict -H "Authorization: Bearer $NEUTRINO_KEY" -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(schema.example).replaceAll("'", "'\\''")}'`;
    return { json: { ...deployment, schema }, text: `${table(header, [row(deployment)])}\n\n${inputs}\n\n${curl}` };
  });
  verb<[string]>(group, 'rollback <name>', 'serve the model before this one', async (session, [name]) =>
    deployed(session, await session.client.call('deployments.rollback', { params: { name }, body: {} })),
  );
  verb<[string]>(group, 'stop <name>', 'stop serving', async ({ client }, [name]) => {
    const d = await client.call('deployments.stop', { params: { name } });
    return { json: d, text: table(header, [row(d)]) };
  });
}
