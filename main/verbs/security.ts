// neutrino keys … and neutrino audit …: who may do what, and what was done.
import { type Command, Option } from 'commander';
import { type ApiKeyView, roles } from '../../engine/schema/index.ts';
import { note, table, when } from '../print.ts';
import { verb } from '../verb.ts';

const header = ['id', 'name', 'role', 'state', 'deployments', 'expires', 'last used'];
const row = (k: ApiKeyView) => [
  k.id,
  k.name,
  k.role,
  k.state,
  k.deployments?.join(', ') ?? 'all',
  when(k.expiresAt),
  when(k.lastUsedAt),
];

export function securityVerbs(program: Command): void {
  const keys = program.command('keys').description('API keys');
  verb(
    keys,
    'create',
    'make a key; its secret is printed this once',
    async ({ client }, _args, options) => {
      const body = {
        role: options['role'] as (typeof roles)[number],
        ...(options['name'] ? { name: options['name'] as string } : {}),
        ...(options['for'] ? { principal: options['for'] as string } : {}),
        ...(options['days'] ? { days: Number(options['days']) } : {}),
        ...(options['deployment'] ? { deployments: options['deployment'] as string[] } : {}),
      };
      const made = await client.call('keys.create', { body });
      if (options.json !== true) note('keep it now: it is stored as a hash and cannot be shown again');
      return { json: made, text: made.secret };
    },
    (command) =>
      command
        .addOption(new Option('--role <role>', 'what the key may do').choices(roles).makeOptionMandatory())
        .option('--name <name>', 'what the key is for')
        .option('--for <principal>', 'person or service that holds it')
        .option('--deployment <name...>', 'the only deployments it may call')
        .option('--days <n>', 'days until it expires'),
  );
  verb(keys, 'list', 'list keys', async ({ client }) => {
    const page = await client.call('keys.list', { query: { limit: 1000 } });
    return {
      json: page.items,
      text:
        page.items.length === 0
          ? 'no key yet: neutrino keys create --role predictor'
          : table(header, page.items.map(row)),
    };
  });
  verb<[string]>(keys, 'revoke <key>', 'revoke a key at once', async ({ client }, [id]) => {
    const key = await client.call('keys.revoke', { params: { id } });
    return { json: key, text: table(header, [row(key)]) };
  });
  const audit = program.command('audit').description('what was done, by whom');
  verb(
    audit,
    'list',
    'newest entries',
    async ({ client }, _args, options) => {
      const answer = await client.call('audit.list', { query: { limit: Number(options['limit']) } });
      return {
        json: answer.entries,
        text: table(
          ['seq', 'at', 'who', 'what', 'subject', 'outcome'],
          answer.entries.map((e) => [e.seq, when(e.at), e.actor, e.action, e.subject, e.outcome]),
        ),
      };
    },
    (command) => command.option('--limit <n>', 'how many', '50'),
  );
  verb(audit, 'verify', 'check every link of the chain', async ({ client }) => {
    const answer = await client.call('audit.verify', {});
    if (!answer.ok) process.exitCode = 32;
    return {
      json: answer,
      text: answer.ok
        ? `${answer.entries} entries, every link holds`
        : `broken at entry ${answer.broken?.seq}: ${answer.broken?.why}`,
    };
  });
}
