// neutrino deploy and neutrino deployments …: serve models and change what is served.
import { createReadStream, createWriteStream, existsSync, rmSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as WebStream } from 'node:stream/web';
import type { Command } from 'commander';
import { snippets } from '../../engine/client/index.ts';
import { type Deployment, Fault, servingOptions } from '../../engine/schema/index.ts';
import { emptyFolder } from '../emptyFolder.ts';
import { bytes, figure, note, table, when } from '../print.ts';
import type { Session } from '../session.ts';
import { verb } from '../verb.ts';

const header = ['name', 'model', 'state', 'replicas', 'beside', 'before', 'updated'];
const row = (d: Deployment) => [
  d.name,
  `${d.model.name}@${d.model.version}`,
  d.state,
  `${d.replicas.min}:${d.replicas.max}`,
  d.variants
    .map(({ model, role, weight }) => `@${model.version} ${role}${role === 'shadow' ? '' : ` ${weight} %`}`)
    .join(', '),
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

const percent = (text: string) => {
  const value = Number(text.replace(/%$/, ''));
  if (!(value >= 0 && value <= 100))
    throw new Fault('bad_request', `a share of the traffic is 0 to 100 per cent, not ${text}`);
  return value;
};

/** `M1=90,M2=10`: the first is the stable model, the others get their shares. */
const traffic = (text: string) =>
  text.split(',').map((part) => {
    const [model, share, more] = part.split('=');
    if (!model || share === undefined || more !== undefined)
      throw new Fault('bad_request', `--traffic takes M1=90,M2=10, not ${text}`);
    return { model, weight: percent(share) };
  });

const comparedWith = {
  rows: 'compared with the training rows',
  figures: 'compared with figures of the training rows',
  none: 'with nothing to compare them with',
} as const;

async function deployed(session: Session, d: Deployment) {
  const { base } = await session.client.call('models.show', { params: { id: d.model.id } });
  // A file that takes tensors answers no rows.
  const path = base && !base.writes ? `/v2/models/${d.name}/infer` : `/api/v1/deployments/${d.name}/predict`;
  const where = session.lasting ? `${session.url}${path}` : '';
  if (!session.lasting)
    note('saved: no appliance stays up after this command, so nothing serves it yet; neutrino start does');
  return {
    json: { ...d, ...(where ? { url: where } : {}) },
    text: `${table(header, [row(d)])}${where ? `\n\nPOST ${where}` : ''}`,
  };
}

/** Writes the files of a deployment elsewhere into a folder. */
async function ship(
  session: Session,
  model: string,
  target: 'kubernetes' | 'compose',
  options: Record<string, unknown>,
) {
  const { min, max } = (options['replicas'] as { min: number; max: number } | undefined) ?? { min: 1, max: 1 };
  const query = {
    target,
    min,
    max,
    ...(options['name'] ? { name: options['name'] as string } : {}),
    ...(options['image'] ? { image: options['image'] as string } : {}),
  };
  const made = await session.client.call('models.ship', { params: { id: model }, query });
  const folder = (options['out'] as string | undefined) || `${query.name ?? model.split('@')[0]}-${target}`;
  await emptyFolder(folder);
  for (const [name, text] of Object.entries(made.files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode: name.endsWith('.sh') ? 0o755 : 0o644 });
  }
  const { body } = await session.client.download('models.export', { params: { id: model } });
  await pipeline(Readable.fromWeb(body as WebStream), createWriteStream(join(folder, made.model), { mode: 0o600 }));
  const files = [...Object.keys(made.files), made.model].map((name) => join(folder, name));
  return { json: { folder, files }, text: `${files.join('\n')}\n\n${join(folder, 'README.md')} says how to go on` };
}

async function deploy(session: Session, model: string, options: Record<string, unknown>): Promise<Deployment> {
  const { client } = session;
  const shares = options['traffic'] as ReturnType<typeof traffic> | undefined;
  const body = {
    model,
    ...(options['name'] ? { name: options['name'] as string } : {}),
    ...(options['replicas'] ? { replicas: options['replicas'] as { min: number; max: number } } : {}),
  };
  if (shares) {
    let last = await client.call('deployments.create', { body: { ...body, model: shares[0]?.model ?? model } });
    for (const { model: other, weight } of shares.slice(1)) {
      last = await client.call('deployments.create', { body: { model: other, name: last.name, weight } });
    }
    return last;
  }
  const canary = options['canary'] as number | undefined;
  const after = options['promoteAfter'] as number | undefined;
  return client.call('deployments.create', {
    body: {
      ...body,
      ...(canary === undefined
        ? {}
        : { canary: { weight: canary, ...(after === undefined ? {} : { promoteAfter: after }) } }),
      ...(options['shadow'] ? { shadow: true } : {}),
    },
  });
}

export function deploymentVerbs(program: Command): void {
  verb<[string]>(
    program,
    'deploy <model>',
    'serve a model at a REST endpoint',
    async (session, [model], options) => {
      const target = options['target'];
      if (target === 'kubernetes' || target === 'compose') return ship(session, model, target, options);
      if (target !== 'local')
        throw new Fault('bad_request', `--target is local, kubernetes or compose, not ${String(target)}`);
      return deployed(session, await deploy(session, model, options));
    },
    (command) =>
      command
        .option('--name <name>', 'name of the endpoint (the model’s when left out)')
        .option('--replicas <min:max>', 'model hosts to keep; 0:N sleeps until somebody asks', replicas)
        .option('--canary <percent>', 'give it this share of the traffic, and take it back when it does worse', percent)
        .option('--promote-after <requests>', 'promote the canary by itself after so many good answers', Number)
        .option('--shadow', 'ask it too and only compare its answers')
        .option('--traffic <shares>', 'parts of the traffic, as M1=90,M2=10; the first is the stable model', traffic)
        .option('--target <where>', 'local, kubernetes or compose: the last two write files instead', 'local')
        .option('--image <image>', 'image that the files name, as registry/name:tag')
        .option('--out <folder>', 'where the files go'),
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
  verb<[string]>(
    group,
    'show <name>',
    'one deployment, its inputs and an example',
    async (session, [name], options) => {
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
      const language = options['code'] as keyof typeof snippets;
      if (!(language in snippets))
        throw new Fault('bad_request', `--code is ${Object.keys(snippets).join(', ')}, not ${language}`);
      const code = snippets[language](`${session.url}/api/v1/deployments/${name}/predict`, schema.example);
      const { rolledBack } = deployment;
      const back = rolledBack
        ? `\n\n@${rolledBack.model.version} was rolled back ${when(rolledBack.at)}: ${rolledBack.why}`
        : '';
      return {
        json: { ...deployment, schema, code },
        text: `${table(header, [row(deployment)])}${back}\n\n${inputs}\n\n${code}`,
      };
    },
    (command) => command.option('--code <language>', 'example as curl, typescript or python', 'curl'),
  );
  verb<[string]>(
    group,
    'status <name>',
    'replicas, queues, batching, latency and errors now',
    async ({ client }, [name]) => {
      const status = await client.call('deployments.status', { params: { name } });
      const lines = status.variants.map((v) => [
        `${v.model.name}@${v.model.version}`,
        v.role,
        v.role === 'shadow' ? `agrees ${figure((v.agreement ?? 1) * 100)} %` : `${v.weight} %`,
        `${v.replicas.filter(({ state }) => state === 'ready').length} ready`,
        v.waiting,
        v.requests,
        v.errors,
        v.refused,
        `${figure(v.latency.p50)} / ${figure(v.latency.p95)} / ${figure(v.latency.p99)}`,
        v.batching.map(({ limit }) => limit).join(' '),
        bytes(v.replicas.reduce((sum, { rss }) => sum + rss, 0)),
      ]);
      const head = [
        'model',
        'role',
        'traffic',
        'hosts',
        'waiting',
        'requests',
        'errors',
        'bad input',
        'p50 / p95 / p99 ms',
        'batch',
        'memory',
      ];
      return { json: status, text: lines.length === 0 ? `${name} is ${status.state}` : table(head, lines) };
    },
  );
  verb<[string]>(
    group,
    'set <name>',
    'set how a deployment batches, guards and watches; what is left out goes back to its default',
    async (session, [name], options) => {
      const text = options['options'] as string | undefined;
      if (text === undefined) {
        throw new Fault('bad_request', 'give the settings with --options, as JSON; {} brings all defaults back');
      }
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        throw new Fault('bad_request', `--options is not JSON: ${text}`);
      }
      const parsed = servingOptions.safeParse(value);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        throw new Fault('bad_request', `--options: ${[...(issue?.path ?? []), issue?.message].join(': ')}`);
      }
      const d = await session.client.call('deployments.set', { params: { name }, body: parsed.data });
      return { json: d, text: `${table(header, [row(d)])}\n\n${JSON.stringify(d.options, null, 2)}` };
    },
    (command) =>
      command.option(
        '--options <json>',
        'e.g. \'{"latencyMs":50,"protection":{"unseen":"warn"},"watching":{"sample":0.1}}\'',
      ),
  );
  verb<[string]>(
    group,
    'promote <name>',
    'make the canary, or another model beside it, the stable one',
    async (session, [name], options) => {
      const model = options['model'] as string | undefined;
      const body = model === undefined ? {} : { model };
      return deployed(session, await session.client.call('deployments.promote', { params: { name }, body }));
    },
    (command) => command.option('--model <model>', 'which one, where there are several'),
  );
  verb<[string]>(
    group,
    'rollback <name>',
    'take back the models beside it, or serve the model before this one',
    async (session, [name]) =>
      deployed(session, await session.client.call('deployments.rollback', { params: { name }, body: {} })),
  );
  verb<[string]>(group, 'stop <name>', 'stop serving', async ({ client }, [name]) => {
    const d = await client.call('deployments.stop', { params: { name } });
    return { json: d, text: table(header, [row(d)]) };
  });
  verb<[string]>(group, 'monitor <name>', 'drift by window and live quality', async ({ client }, [name]) => {
    const found = await client.call('deployments.monitor', { params: { name } });
    const lines = found.windows.slice(0, 20).map((w) => [
      w.window,
      w.rows,
      when(w.to),
      `@${w.version}`,
      w.figures
        .filter((f) => f.drifted)
        .map((f) => `${f.name} ${figure(f.psi)}`)
        .join(', ') || '–',
    ]);
    const quality = found.quality.accuracy ?? found.quality.mae;
    const live =
      found.quality.labels === 0
        ? 'no labels came back yet'
        : `${found.quality.labels} labels, ${found.quality.accuracy === undefined ? 'mean error' : 'accuracy'} ${figure(quality ?? 0)}`;
    return {
      json: found,
      text: `${table(['window', 'rows', 'until', 'model', 'drifted (PSI)'], lines)}\n\n${live}; ${found.filling} rows in the next window; ${comparedWith[found.reference]}`,
    };
  });
  verb<[string]>(
    group,
    'retrain <name>',
    'train again with the rows whose right answers came back',
    async ({ client }, [name]) => {
      const run = await client.call('deployments.retrain', { params: { name }, body: {} });
      return { json: run, text: `${run.id} trains on ${run.dataset.name}; follow it: neutrino runs watch ${run.id}` };
    },
  );
  verb<[string]>(
    group,
    'forget <name>',
    'erase the requests that were kept, with their labels',
    async ({ client }, [name]) => {
      const done = await client.call('deployments.forget', { params: { name } });
      return { json: done, text: `${done.erased} kept requests of ${name} are erased` };
    },
  );
  verb<[string, string]>(
    group,
    'score <name> <file>',
    'predict every row of a CSV file, whatever its size',
    async ({ client }, [name, file], options) => {
      const path = file;
      if (!statSync(path, { throwIfNoEntry: false })?.isFile())
        throw new Fault('not_found', `${path} is no file; check the path`);
      const output = (options['output'] as string | undefined) ?? path.replace(/(\.csv)?$/i, '-predictions.csv');
      if (existsSync(output) && options['force'] !== true)
        throw new Fault('conflict', `${output} exists: name another file or add --force`);
      const started = await client.upload(
        'scoring.create',
        Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>,
        {
          params: { name },
          query: { filename: basename(path) },
        },
      );
      let job = started;
      while (job.state === 'running') {
        await new Promise((resolve) => setTimeout(resolve, 300));
        job = await client.call('scoring.show', { params: { name, id: started.id } });
        note(`${job.done.rows} rows, ${Math.round((100 * job.done.bytes) / Math.max(1, job.done.of))} %`);
      }
      if (job.state !== 'finished') throw new Fault('bad_data', job.error?.message ?? `the file is ${job.state}`);
      const { body } = await client.download('scoring.output', { params: { name, id: job.id } });
      await pipeline(Readable.fromWeb(body as WebStream), createWriteStream(output, { mode: 0o600 })).catch(
        (error: unknown) => {
          rmSync(output, { force: true });
          throw error;
        },
      );
      await client.call('scoring.delete', { params: { name, id: job.id } });
      return {
        json: { ...job, file: output },
        text: `${job.done.rows} rows, ${job.done.failed} without a prediction: ${output}`,
      };
    },
    (command) => command.option('--output <file>', 'where the predictions go').option('--force', 'replace the file'),
  );
}
