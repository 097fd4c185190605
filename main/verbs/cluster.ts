// neutrino cluster …: the other machines of the room, and whether they are trusted.
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { ClusterStatus, Pairing, PeerView, RoomJob } from '../../engine/schema/index.ts';
import { Fault } from '../../engine/schema/index.ts';
import { bytes, note, table, when } from '../print.ts';
import type { Session } from '../session.ts';
import { verb } from '../verb.ts';

const header = ['name', 'id', 'trust', 'link', 'address', 'cores', 'ms', 'MB/s', 'load', 'may do here'];
const row = (p: PeerView) => [
  p.name,
  p.shown.slice(0, 17),
  p.trust,
  p.link,
  p.addresses[0] ? `${p.addresses[0].host}:${p.addresses[0].port}` : '',
  p.hardware?.cores,
  p.latencyMs?.toFixed(1),
  p.bandwidth === undefined ? undefined : (p.bandwidth / 1e6).toFixed(0),
  p.load ? `${Math.round(p.load.cpu * 100)} %` : '',
  p.trust === 'paired' ? allowed(p.permissions) : '',
];
const allowed = (may: PeerView['permissions']): string =>
  Object.entries(may)
    .filter(([, yes]) => yes)
    .map(([what]) => what)
    .join(', ') || 'nothing';
const marks = { ok: '✓', note: '–', problem: '✗' } as const;
/** Between looks at a pairing, ms. */
const lookEveryMs = 300;

export function clusterVerbs(program: Command): void {
  const cluster = program.command('cluster').description('the other machines in the room');
  verb(cluster, 'status', 'how this machine stands in its room', async ({ client }) => {
    const status = await client.call('cluster.status', {});
    return { json: status, text: describe(status) };
  });
  verb(cluster, 'peers', 'machines that are trusted, and those that are only seen', async ({ client }) => {
    const { items } = await client.call('peers.list', {});
    const empty = 'no other machine is seen; neutrino cluster diagnose says why';
    return { json: items, text: items.length === 0 ? empty : table(header, items.map(row)) };
  });
  verb<[string]>(
    cluster,
    'pair <node>',
    'trust another machine: run it on both, compare the codes',
    (session, [node], options) => pair(session, node, options),
    (command) =>
      command
        .option('--code <code>', 'the code on the other screen, instead of being asked')
        .option('--reject', 'refuse a pairing that the other machine began'),
  );
  verb<[string]>(cluster, 'unpair <node>', 'stop trusting a machine, at once', async ({ client }, [node]) => {
    const answer = await client.call('peers.unpair', { params: { id: node } });
    return { json: answer, text: `${node} is no longer trusted` };
  });
  verb<[string]>(
    cluster,
    'allow <node>',
    'set what a machine may do here',
    async ({ client }, [node], options) => {
      const given = Object.entries(options).filter(([name]) => ['train', 'data', 'serve'].includes(name));
      const may = Object.fromEntries(given.map(([name, value]) => [name, yes(name, String(value))]));
      const peer = await client.call('peers.update', { params: { id: node }, body: { permissions: may } });
      return { json: peer, text: table(header, [row(peer)]) };
    },
    (command) =>
      command
        .option('--train <yes|no>', 'run training and trials here')
        .option('--data <yes|no>', 'send datasets here')
        .option('--serve <yes|no>', 'run replicas of deployments here'),
  );
  verb<[string]>(cluster, 'measure <node>', 'bandwidth of the link to a machine', async ({ client }, [node]) => {
    const answer = await client.call('peers.measure', { params: { id: node }, body: {} });
    return { json: answer, text: `${bytes(answer.bandwidth)}/s` };
  });
  verb(cluster, 'jobs', 'runs over several machines: who does what, and how well it pays', async ({ client }) => {
    const { items } = await client.call('cluster.jobs', {});
    const empty = 'no run goes on over several machines; neutrino train DATASET --peers all';
    return { json: items, text: items.length === 0 ? empty : items.map(jobText).join('\n\n') };
  });
  verb<[string, string]>(
    cluster,
    'keep <dataset> <yes|no>',
    'whether a dataset stays on this machine, so that no peer is given it',
    async ({ client }, [dataset, answer]) => {
      const stays = yes('keep', answer);
      const changed = await client.call('datasets.keep', { params: { id: dataset }, body: { stays } });
      return {
        json: changed,
        text: `${changed.name} ${stays ? 'stays on this machine' : 'may go to peers that train along'}`,
      };
    },
  );
  verb<[string, string]>(
    cluster,
    'offer <dataset> <yes|no>',
    'whether federated runs of peers may train on a dataset here: its rows stay, sums of changes leave',
    async ({ client }, [dataset, answer]) => {
      const federates = yes('offer', answer);
      const changed = await client.call('datasets.keep', { params: { id: dataset }, body: { federates } });
      return {
        json: changed,
        text: `federated runs of peers may ${federates ? '' : 'not '}train on ${changed.name} here`,
      };
    },
  );
  verb<[string]>(cluster, 'leave <job>', 'stop helping with another machine’s run', async ({ client }, [job]) => {
    const answer = await client.call('cluster.endJob', { params: { id: job } });
    return { json: answer, text: `this machine helps with ${job} no more` };
  });
  verb(cluster, 'diagnose', 'why a machine is not seen or not linked', async ({ client }) => {
    const { findings } = await client.call('cluster.diagnose', {});
    if (findings.some((one) => one.level === 'problem')) process.exitCode = 1;
    return {
      json: findings,
      text: table(
        ['', 'about', 'finding'],
        findings.map((one) => [marks[one.level], one.subject, one.says]),
      ),
    };
  });
}

const memberHeader = ['machine', 'state', 'share', 'samples/s', 'samples', 'sent', ''];

/** A run over several machines, as its verbs and its report show it. */
export function jobText(job: RoomJob): string {
  const { id, name, role, leader, state, samplesPerSecond, efficiency, checks, members } = job;
  const who = role === 'leads' ? 'led here' : `led by ${leader.name}`;
  const figures = [
    ...(job.every ? [`a meeting every ${job.every} steps`] : []),
    `${Math.round(samplesPerSecond)} samples/s`,
    ...(efficiency > 0 ? [`efficiency ${Math.round(efficiency * 100)} %`] : []),
    `${bytes(job.bytes)} between machines`,
    ...(checks > 0 ? [`weights compared ${checks} times, always equal`] : []),
  ];
  const rows = members.map((one) => [
    one.name,
    one.state,
    one.share > 0 ? `${Math.round(one.share * 100)} %` : '',
    one.speed > 0 ? Math.round(one.speed) : '',
    one.samples,
    bytes(one.sent),
    one.why ?? '',
  ]);
  return `${name}  ${id}  ${who}, ${state}\n${figures.join('; ')}\n${job.reasons.join('\n')}\n${table(memberHeader, rows)}`;
}

function yes(name: string, text: string): boolean {
  if (/^(yes|on|true)$/i.test(text)) return true;
  if (/^(no|off|false)$/i.test(text)) return false;
  throw new Fault('bad_request', `--${name} takes yes or no, not ${text}`);
}

function describe(status: ClusterStatus): string {
  const { state, why, name, shown, port, addresses, discovery, paired, linked, seen, pairings, clones } = status;
  const said = [
    `${name}  ${shown}`,
    state === 'up' ? `listening on port ${port} at ${addresses.join(', ') || 'loopback only'}` : `${state}: ${why}`,
    ...(state === 'up'
      ? [`discovery ${discovery ? 'on' : 'off'}; ${paired} paired, ${linked} linked, ${seen} more seen`]
      : []),
    ...clones.map((one) => `a copy of this machine’s data directory was met at ${one.address}, ${when(one.at)}`),
  ];
  const open = pairings.filter((one) => !one.outcome);
  if (open.length === 0) return said.join('\n');
  const rows = open.map((one) => [
    one.name,
    one.address,
    one.code ?? '…',
    one.asked === 'there' ? 'they asked' : 'asked here',
  ]);
  return `${said.join('\n')}\n\n${table(['pairing with', 'address', 'code', ''], rows)}`;
}

async function pair(
  { client }: Session,
  node: string,
  options: { code?: string; reject?: boolean; json?: boolean },
): Promise<{ json: unknown; text: string }> {
  const under = (await client.call('cluster.status', {})).pairings.find(
    (one) =>
      !one.outcome &&
      (one.name === node || one.id.startsWith(node.replaceAll('-', '').toLowerCase()) || one.address.startsWith(node)),
  );
  if (options.reject) {
    if (!under) throw new Fault('not_found', `no pairing with ${node} is under way`);
    await client.call('peers.reject', { params: { id: under.id }, body: {} });
    return { json: { rejected: under.id }, text: `refused ${under.name}` };
  }
  const pairing = under ?? (await client.call('peers.pair', { body: { node } }));
  const shown = pairing.code ? `${pairing.code.slice(0, 3)} ${pairing.code.slice(3)}` : '';
  note(`pairing with ${pairing.name} at ${pairing.address}: both screens must show   ${shown}`);
  if (!under) note(`on the other machine: neutrino cluster pair ${(await client.call('cluster.status', {})).name}`);
  const agreed = options.code ?? (await ask(pairing));
  if (agreed === undefined) {
    await client.call('peers.reject', { params: { id: pairing.id }, body: {} });
    throw new Fault('pairing_refused', 'the codes were not confirmed; nothing was trusted');
  }
  await client.call('peers.confirm', { params: { id: pairing.id }, body: agreed ? { code: agreed } : {} });
  note('waiting for the other machine to confirm');
  for (;;) {
    const { pairings } = await client.call('cluster.status', {});
    const now = pairings.find((one) => one.id === pairing.id);
    if (now?.outcome === 'paired') return { json: now, text: `paired with ${now.name}` };
    if (!now || now.outcome === 'failed') throw new Fault('pairing_refused', now?.why ?? 'the pairing ended');
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}

/** '' when the person says the codes agree, undefined when not. */
async function ask(pairing: Pairing): Promise<string | undefined> {
  if (!process.stdin.isTTY) {
    throw new Fault('bad_request', `compare the codes and confirm: neutrino cluster pair ${pairing.name} --code CODE`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`Does ${pairing.name} show ${pairing.code}? [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim()) ? '' : undefined;
}
