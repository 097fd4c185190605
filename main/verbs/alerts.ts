// neutrino alerts …: who is told of what.
import type { Command } from 'commander';
import {
  type Alert,
  type AlertChannel,
  type AlertCondition,
  alertCondition,
  alertRequest,
  Fault,
} from '../../engine/schema/index.ts';
import { table, when } from '../print.ts';
import { readSecret } from '../secretFile.ts';
import { verb } from '../verb.ts';

const header = ['id', 'name', 'deployment', 'when', 'tells', 'last', 'silent until'];

const conditions = alertCondition.options.map((one) => one.shape.on.value);

const words = (condition: AlertCondition): string => {
  switch (condition.on) {
    case 'errors':
      return `errors > ${condition.above * 100} % in ${condition.seconds} s`;
    case 'latency':
      return `p95 > ${condition.above} ms in ${condition.seconds} s`;
    case 'burst':
      return `“${condition.class}” > ${condition.above} times in ${condition.seconds} s`;
    case 'threshold':
      return `${condition.class ?? 'value'} ${condition.above === undefined ? `< ${condition.below}` : `> ${condition.above}`}`;
    case 'drift':
      return 'drift';
  }
};
const where = (channel: AlertChannel): string =>
  channel.to === 'webhook' ? channel.url : channel.to === 'email' ? channel.address : 'desktop';
const row = (a: Alert) => [
  a.id,
  a.name,
  a.deployment ?? 'all',
  words(a.when),
  a.tell.map(where).join(', '),
  a.fired[0] ? `${when(a.fired[0].at)}: ${a.fired[0].message}` : '–',
  a.silentUntil !== undefined && a.silentUntil > Date.now() ? when(a.silentUntil) : '',
];

function channels(options: Record<string, unknown>): AlertChannel[] {
  const { webhook, email, smtp, smtpPasswordFile, desktop } = options as Record<string, string | undefined>;
  if (email !== undefined && smtp === undefined)
    throw new Fault('bad_request', '--email needs --smtp, as smtp://mail.lab:25');
  return [
    ...(webhook === undefined ? [] : [{ to: 'webhook' as const, url: webhook }]),
    ...(email === undefined || smtp === undefined
      ? []
      : [{ to: 'email' as const, address: email, server: mailServer(smtp, smtpPasswordFile) }]),
    ...(desktop ? [{ to: 'desktop' as const }] : []),
  ];
}

/** The mail server's address with the password that its user has. */
function mailServer(smtp: string, passwordFile: string | undefined): string {
  if (!URL.canParse(smtp)) throw new Fault('bad_request', `${smtp} is no address: write --smtp smtp://mail.lab:25`);
  const url = new URL(smtp);
  if (url.password !== '')
    throw new Fault('bad_request', 'leave the password out of --smtp: --smtp-password-file FILE takes it');
  if (passwordFile !== undefined) url.password = encodeURIComponent(readSecret(passwordFile));
  return url.href;
}

export function alertVerbs(program: Command): void {
  const group = program.command('alerts').description('who is told when a deployment needs attention');
  verb(group, 'list', 'rules, and when they spoke last', async ({ client }) => {
    const { items } = await client.call('alerts.list');
    return {
      json: items,
      text: items.length === 0 ? 'nobody is told of anything yet: neutrino alerts add' : table(header, items.map(row)),
    };
  });
  verb<[string]>(
    group,
    'add <on>',
    'tell somebody of errors, latency, a burst of a class, a threshold, or drift',
    async ({ client }, [on], options) => {
      const number = (name: string) => (options[name] === undefined ? undefined : Number(options[name]));
      const condition = {
        on,
        ...(options['class'] === undefined ? {} : { class: options['class'] }),
        ...(number('above') === undefined ? {} : { above: number('above') }),
        ...(number('below') === undefined ? {} : { below: number('below') }),
        ...(number('seconds') === undefined ? {} : { seconds: number('seconds') }),
      };
      const parsed = alertRequest.safeParse({
        name: options['name'] ?? on,
        ...(options['deployment'] === undefined ? {} : { deployment: options['deployment'] }),
        when: condition,
        tell: channels(options),
        ...(number('every') === undefined ? {} : { every: number('every') }),
      });
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        if (issue?.path.join('.') === 'when.on')
          throw new Fault('bad_request', `alerts add takes one of ${conditions.join(', ')}, not ${on}`);
        const [part, field] = issue?.path ?? [];
        if (part === 'when' && typeof field === 'string' && options[field] === undefined)
          throw new Fault('bad_request', `alerts add ${on} needs --${field}`);
        throw new Fault('bad_request', `alerts add ${on}: ${issue?.path.join('.')}: ${issue?.message}`);
      }
      const made = await client.call('alerts.create', { body: parsed.data });
      return { json: made, text: table(header, [row(made)]) };
    },
    (command) =>
      command
        .option('--name <name>', 'what to call it')
        .option('--deployment <name>', 'which deployment; all when left out')
        .option('--above <n>', 'share of errors, ms, count of the class, or value')
        .option('--below <n>', 'value or score')
        .option('--class <class>', 'for burst and threshold')
        .option('--seconds <n>', 'stretch of time that counts')
        .option('--every <seconds>', 'least time between two messages')
        .option('--webhook <url>', 'POST it there')
        .option('--email <address>', 'mail it')
        .option('--smtp <url>', 'mail server, as smtp://mail.lab:25 or smtps://user@host')
        .option('--smtp-password-file <file>', 'file with the password of its user (- for standard input)')
        .option('--desktop', 'show it on the desktop'),
  );
  verb<[string]>(
    group,
    'silence <id>',
    'say nothing for a while',
    async ({ client }, [id], options) => {
      const changed = await client.call('alerts.silence', {
        params: { id },
        body: { minutes: Number(options['minutes']) },
      });
      return { json: changed, text: table(header, [row(changed)]) };
    },
    (command) => command.option('--minutes <n>', '0 ends the silence', '60'),
  );
  verb<[string]>(group, 'remove <id>', 'remove a rule', async ({ client }, [id]) => {
    const done = await client.call('alerts.delete', { params: { id } });
    return { json: done, text: `${id} is removed` };
  });
  verb<[string]>(group, 'history <id>', 'when a rule spoke', async ({ client }, [id]) => {
    const { items } = await client.call('alerts.list');
    const rule = items.find((one) => one.id === id || one.name === id);
    if (!rule) throw new Fault('not_found', `there is no alert ${id}`);
    const lines = rule.fired.map((f) => [
      when(f.at),
      f.deployment,
      f.message,
      f.silenced ? 'silenced' : f.failed.map(({ to, why }) => `${to}: ${why}`).join('; ') || 'told',
    ]);
    return { json: rule.fired, text: table(['at', 'deployment', 'message', 'outcome'], lines) };
  });
}
