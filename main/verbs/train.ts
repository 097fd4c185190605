// neutrino train and neutrino runs …: start, follow, stop, resume and compare training runs.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { classicNames, familyNames, Fault, type Run, type TrainRequest, workedMs } from '../../engine/schema/index.ts';
import { figure, note, planText, reportText, runHeader, runRow, scoreOf, table, time } from '../print.ts';
import { modelCard } from '../card.ts';
import { finished, follow } from '../following.ts';
import { pairsOf } from '../pairs.ts';
import { searchText } from '../searchText.ts';
import type { Session } from '../session.ts';
import { verb, whole } from '../verb.ts';
import { importFile } from './datasets.ts';
import { runViews, valueText } from './runViews.ts';
import { searchVerbs, spaceFrom } from './searches.ts';

/** `time=sold_at` as the schema says it. */
function splitFrom(text: string): { by: string; column?: string } {
  const at = text.indexOf('=');
  return at < 0 ? { by: text } : { by: text.slice(0, at), column: text.slice(at + 1) };
}

/** `anna,bert` as a list. */
const namesOf = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

function requestOf(dataset: string, options: Record<string, unknown>): TrainRequest {
  const pick = <K extends string>(from: string, to: K) => (options[from] === undefined ? {} : { [to]: options[from] });
  const hyper = pairsOf(options['set'] as string[] | undefined);
  const ownTime = pick('time', 'time');
  const series = { ...pick('series', 'series'), ...pick('horizon', 'horizon'), ...pick('season', 'season') };
  const isForecast = options['task'] === 'forecasting' || Object.keys(series).length > 0;
  const forecast = { ...series, ...(isForecast ? ownTime : {}) };
  const ranking = { ...pick('user', 'user'), ...pick('rating', 'rating'), ...(isForecast ? {} : ownTime) };
  return {
    dataset,
    ...pick('target', 'target'),
    ...pick('model', 'model'),
    ...pick('task', 'task'),
    ...(Object.keys(ranking).length > 0 ? { ranking } : {}),
    ...(Object.keys(forecast).length > 0 ? { forecast } : {}),
    ...pick('budget', 'budget'),
    ...pick('trials', 'trials'),
    ...pick('metric', 'metric'),
    ...pick('epochs', 'epochs'),
    ...pick('batchSize', 'batchSize'),
    ...pick('accumulate', 'accumulate'),
    ...pick('recompute', 'recompute'),
    ...pick('precision', 'precision'),
    ...pick('learningRate', 'learningRate'),
    ...pick('device', 'device'),
    ...(options['peers'] ? { peers: namesOf(options['peers'] as string) } : {}),
    ...pick('wire', 'wire'),
    ...pick('sync', 'sync'),
    ...pick('syncEvery', 'syncEvery'),
    ...pick('experiment', 'experiment'),
    ...pick('seed', 'seed'),
    ...pick('ignore', 'ignore'),
    ...pick('scaling', 'scaling'),
    ...(options['split'] || options['folds'] !== undefined
      ? { split: { ...splitFrom((options['split'] as string | undefined) ?? 'stratified'), ...pick('folds', 'folds') } }
      : {}),
    ...pick('name', 'name'),
    ...(options['optimizer'] ? { optimizer: { kind: options['optimizer'] } } : {}),
    ...(hyper ? { hyper } : {}),
  } as TrainRequest;
}

/** A dataset's id: by id or name, else a file of that path is imported first. */
export async function resolveDataset(session: Session, given: string, quiet: boolean): Promise<string> {
  try {
    return (await session.client.call('datasets.show', { params: { id: given } })).id;
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'not_found') throw error;
    if (!existsSync(given))
      throw new Fault('not_found', `there is no dataset or file ${given}: see neutrino datasets list`);
    return (await importFile(session, given, { options: {} }, quiet)).id;
  }
}

export function trainVerbs(program: Command): void {
  verb<[string]>(
    program,
    'train <dataset>',
    'train a model on a dataset (or a file) and report on its held-out part',
    async (session, [given], options) => {
      const quiet = options.json === true;
      const dataset = await resolveDataset(session, given, quiet);
      const test = options['test'] ? await resolveDataset(session, options['test'] as string, quiet) : undefined;
      const started = await session.client.call('runs.create', {
        body: {
          ...requestOf(dataset, options),
          ...(test ? { test } : {}),
          ...(options['space'] ? { space: await spaceFrom(options['space'] as string) } : {}),
        },
      });
      if (!quiet) note(`run ${started.id}`);
      if (options['detach'] === true) {
        if (!session.lasting)
          throw new Fault('not_running', '--detach needs an appliance that stays up: neutrino start');
        return { json: started, text: started.id };
      }
      return finished(await follow(session, started.id, quiet));
    },
    (command) =>
      command
        .option('--target <column>', 'column to predict (guessed when left out)')
        .option(
          '--model <family>',
          `auto (a search over families, the default), ${[...familyNames, ...classicNames].join(', ')}`,
        )
        .option(
          '--task <task>',
          'what to learn where the target leaves it open: forecasting, language-model, text-to-text, ranking, anomaly',
        )
        .option('--user <column>', 'column of users, for a ranking of the items in --target')
        .option('--rating <column>', 'column of ratings, for a ranking')
        .option('--time <column>', 'column that says when, for a ranking or a forecast')
        .option('--horizon <n>', 'steps to forecast: --target goes on in time', whole('--horizon', 1))
        .option('--series <column>', 'column that tells several series apart, for a forecast')
        .option(
          '--season <n>',
          'steps after which a series repeats itself, for a forecast (found when left out)',
          whole('--season', 1),
        )
        .option('--budget <time>', 'wall-clock to spend, as 60s or 10m; a search takes 120s when nothing is said')
        .option(
          '--trials <n>',
          'configurations to try, in place of a budget: the same seed gives the same model',
          whole('--trials', 1),
        )
        .option(
          '--space <file>',
          'families to search and what to set of each, as JSON: {"boosting": {"rate": {"from": 0.01, "to": 0.1}}}',
        )
        .option(
          '--metric <name>',
          'what classes are named by: accuracy, balanced-accuracy or f1 (of the rarer of two, the mean of more)',
        )
        .option('--epochs <n>', 'passes over the training part', whole('--epochs', 1))
        .option('--batch-size <n>', 'rows a step', whole('--batch-size', 1))
        .option('--accumulate <n>', 'parts that a batch is computed in, to save memory', whole('--accumulate', 1))
        .option('--recompute', 'compute layers again on the way back instead of holding them: less memory, more time')
        .option('--precision <kind>', 'fp32, or fp16 on a GPU')
        .option('--learning-rate <x>', 'step size', Number)
        .option('--optimizer <kind>', 'sgd, adam, adamw or lion')
        .option('--set <name=value...>', 'a hyper-parameter (see families show FAMILY)')
        .option('--device <device>', 'auto, cpu, webgpu, cuda, dml, coreml, tfjs')
        .option('--peers <names>', 'paired machines that train along, as anna,bert, or all')
        .option('--wire <kind>', 'how gradients travel between machines: fp32, fp16 or int8')
        .option(
          '--sync <how>',
          'how machines meet: at every step (sync), after rounds of steps of their own (local: a hundredth of the bytes), as the network allows (auto), or on a dataset of each one’s own, which stays there (federated)',
        )
        .option('--sync-every <n>', 'steps of a local round', whole('--sync-every', 1))
        .option('--experiment <name>', 'experiment that the run belongs to')
        .option('--seed <n>', 'seed of split, weights and shuffling', whole('--seed', 0))
        .option('--ignore <column...>', 'columns to leave out')
        .option('--scaling <how>', 'numbers by mean and deviation (standard) or by rank (quantile)')
        .option(
          '--split <by[=column]>',
          'stratified, random, group=COLUMN (a group stays in one part) or time=COLUMN (tested on the latest)',
        )
        .option('--folds <k>', 'folds that a search tries its candidates on', whole('--folds', 2))
        .option('--test <file>', 'dataset or file to test on instead of a held-out part')
        .option('--name <name>', 'name of the model (the dataset’s when left out)')
        .option('--detach', 'print the run’s id and leave it to the running appliance'),
  );
  const families = program.command('families').description('model families and what can be set of them');
  verb(families, 'list', 'list families', async ({ client }) => {
    const { items } = await client.call('families.list', {});
    return {
      json: items,
      text: table(
        ['name', 'what it is'],
        items.map((f) => [f.name, f.says]),
      ),
    };
  });
  verb<[string]>(
    families,
    'show <family>',
    'the hyper-parameters of a family, for train --set',
    async ({ client }, [name]) => {
      const { items } = await client.call('families.list', {});
      const family = items.find((f) => f.name === name);
      if (!family) throw new Fault('not_found', `there is no family ${name}: see neutrino families list`);
      const rows = family.hyper.map((h) => [h.name, JSON.stringify(h.default), h.takes, h.says]);
      return {
        json: family,
        text: `${family.name}: ${family.says}\n\n${table(['name', 'default', 'takes', 'what it is'], rows)}`,
      };
    },
  );
  const group = program.command('runs').description('list, follow, stop, resume and compare runs');
  verb(
    group,
    'list',
    'list runs',
    async ({ client }, _args, options) => {
      const query = {
        limit: Number(options['limit']),
        ...(options['search'] ? { search: options['search'] as string } : {}),
        ...(options['state'] ? { state: options['state'] as string } : {}),
        ...(options['sort'] ? { sort: options['sort'] as string } : {}),
        ...(options['experiment'] ? { experiment: options['experiment'] as string } : {}),
      };
      const page = await client.call('runs.list', { query });
      const more =
        page.total > page.items.length ? `\n${page.total - page.items.length} more: --limit, --search, --state` : '';
      return {
        json: page.items,
        text:
          page.items.length === 0
            ? 'no run yet: neutrino train DATASET --target COLUMN'
            : table(runHeader, page.items.map(runRow)) + more,
      };
    },
    (command) =>
      command
        .option('--search <words>', 'only names with these words')
        .option('--state <state>', 'only runs in this state')
        .option('--experiment <name>', 'only runs of this experiment')
        .option('--sort <field>', 'field to sort by, as -metrics.val.loss')
        .option('--limit <n>', 'how many', whole('--limit', 1), 50),
  );
  verb<[string]>(group, 'show <run>', 'plan, figures and report of a run', async ({ client }, [id]) => {
    const run = await client.call('runs.show', { params: { id } });
    const metrics = Object.entries(run.metrics)
      .map(([name, value]) => `${name} ${figure(value)}`)
      .join('  ');
    const parts = [
      `${run.name} (${run.id}): ${run.state}${run.startedAt ? `, ${time(workedMs(run, Date.now()) ?? 0)}` : ''}`,
      run.error ? `! ${run.error.message}` : '',
      run.plan ? planText(run.plan) : '',
      metrics,
      run.search ? `\n${searchText(run.search, run.plan?.task)}` : '',
      run.report ? `\n${reportText(run.report)}` : '',
      run.model ? `model ${run.model.name}@${run.model.version}` : '',
    ];
    return { json: run, text: parts.filter(Boolean).join('\n') };
  });
  verb<[string]>(
    group,
    'card <run>',
    'write a model card: data, scores, what was tried, what it looks at, limits',
    async ({ client }, [id], options) => {
      const run = await client.call('runs.show', { params: { id } });
      if (!run.report) throw new Fault('conflict', `run ${run.name} is ${run.state}: a card needs a finished model`);
      const dataset = await client.call('datasets.show', { params: { id: run.dataset.id } });
      const file = options['output'] as string;
      await writeFile(file, modelCard(run, dataset), { mode: 0o600 });
      return { json: { file }, text: `model card of ${run.name}: ${file}` };
    },
    (command) => command.requiredOption('--output <file>', 'HTML file to write'),
  );
  runViews(group);
  verb<[string]>(group, 'watch <run>', 'follow a run to its end', async (session, [id], options) =>
    finished(
      await follow(session, (await session.client.call('runs.show', { params: { id } })).id, options.json === true),
    ),
  );
  verb<[string]>(group, 'stop <run>', 'stop a run and keep its best state', async (session, [id], options) => {
    await session.client.call('runs.stop', { params: { id }, body: {} });
    const run = await follow(session, id, options.json === true);
    return {
      json: run,
      text: `${run.id} ${run.state}${run.model ? `; model ${run.model.name}@${run.model.version}` : ''}`,
    };
  });
  verb<[string]>(group, 'resume <run>', 'go on from the newest checkpoint', async (session, [id], options) => {
    const run = await session.client.call('runs.resume', { params: { id }, body: {} });
    return finished(await follow(session, run.id, options.json === true));
  });
  searchVerbs(group);
  verb<[string[]] & string[]>(
    group,
    'compare <runs...>',
    'what differs between runs, side by side',
    async ({ client }, args) => {
      const ids = (args as unknown as [string[]])[0];
      const answer = await client.call('runs.compare', { query: { ids: ids.join(',') } });
      const score = (run: Run) => run.report && scoreOf(run.report).value;
      const rows = [
        ['state', ...answer.runs.map((r) => r.state)],
        ['score', ...answer.runs.map((r) => figure(score(r)))],
        ...answer.differs.filter((d) => d.field !== 'state').map((d) => [d.field, ...d.values.map(valueText)]),
      ];
      return { json: answer, text: table(['', ...answer.runs.map((r) => r.id)], rows) };
    },
  );
  const experiments = program.command('experiments').description('runs that belong together');
  verb(experiments, 'list', 'list experiments', async ({ client }) => {
    const page = await client.call('experiments.list', { query: { limit: 1000 } });
    return {
      json: page.items,
      text:
        page.items.length === 0
          ? 'no experiment yet: neutrino train DATASET --experiment NAME'
          : table(
              ['id', 'name'],
              page.items.map((e) => [e.id, e.name]),
            ),
    };
  });
  verb<[string]>(experiments, 'show <experiment>', 'an experiment and its runs', async ({ client }, [id]) => {
    const answer = await client.call('experiments.show', { params: { id } });
    return { json: answer, text: `${answer.experiment.name}\n\n${table(runHeader, answer.runs.map(runRow))}` };
  });
}
