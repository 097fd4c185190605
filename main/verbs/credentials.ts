// neutrino credentials …: which other hosts imports may read from, and how to speak to them.
import { type Command, Option } from 'commander';
import { type CredentialView, credentialKinds } from '../../engine/schema/index.ts';
import { table } from '../print.ts';
import { readSecret } from '../secretFile.ts';
import { verb } from '../verb.ts';

const header = ['name', 'kind', 'endpoint', 'user', 'region'];
const row = (c: CredentialView) => [c.name, c.kind, c.endpoint, c.user, c.region];

export function credentialVerbs(program: Command): void {
  const group = program.command('credentials').description('hosts that imports may read from');
  verb<[string]>(
    group,
    'set <name>',
    'allow a host; its secret goes into the vault',
    async ({ client }, [name], options) => {
      const file = options['secretFile'] as string | undefined;
      const secret = file === undefined ? undefined : readSecret(file);
      const body = {
        name,
        kind: options['kind'] as CredentialView['kind'],
        endpoint: options['endpoint'] as string,
        ...(options['user'] ? { user: options['user'] as string } : {}),
        ...(options['region'] ? { region: options['region'] as string } : {}),
        ...(secret === undefined ? {} : { secret }),
      };
      const made = await client.call('credentials.set', { body });
      return { json: made, text: `imports may read from ${made.endpoint}` };
    },
    (command) =>
      command
        .addOption(
          new Option('--kind <kind>', 'how the host wants to be spoken to').choices(credentialKinds).default('none'),
        )
        .requiredOption('--endpoint <url>', 'scheme, host and port, such as https://minio.lab:9000')
        .option('--user <name>', 'user, or the access key of an object store')
        .option('--secret-file <file>', 'file with the password, token or secret key (- for standard input)')
        .option('--region <name>', 'region of an object store'),
  );
  verb(group, 'list', 'list allowed hosts', async ({ client }) => {
    const { items } = await client.call('credentials.list', {});
    const none = 'no other host is allowed yet: neutrino credentials set NAME --endpoint URL';
    return { json: items, text: items.length === 0 ? none : table(header, items.map(row)) };
  });
  verb<[string]>(group, 'remove <name>', 'allow a host no longer', async ({ client }, [name]) => {
    const answer = await client.call('credentials.remove', { params: { name } });
    return { json: answer, text: `removed ${name}` };
  });
}
