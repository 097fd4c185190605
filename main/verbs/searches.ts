// neutrino runs extend and runs replay: a finished search goes on with its trials, or is done again decision by decision.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { Fault, type SearchSpace } from '../../engine/schema/index.ts';
import { finished, follow } from '../following.ts';
import { note } from '../print.ts';
import { verb, whole } from '../verb.ts';

/** A space as a JSON file says it; the appliance checks what it names. */
export async function spaceFrom(file: string): Promise<SearchSpace> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    throw new Fault(
      'not_found',
      `there is no file ${file}: --space takes a JSON file such as {"boosting": {"rate": 0.1}}`,
    );
  }
  try {
    return JSON.parse(text) as SearchSpace;
  } catch (error) {
    throw new Fault('bad_request', `${file} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The verbs below `runs`. */
export function searchVerbs(group: Command): void {
  verb<[string]>(
    group,
    'extend <run>',
    'go on with a finished search: its trials count, its families are searched further, a new model comes out',
    async (session, [id], options) => {
      const { request } = await session.client.call('runs.show', { params: { id } });
      const { budget: _budget, trials: _trials, space: _space, from: _from, ...rest } = request;
      const body = {
        ...rest,
        ...(options['budget'] ? { budget: options['budget'] as string } : {}),
        ...(options['trials'] ? { trials: options['trials'] as number } : {}),
        ...(options['space'] ? { space: await spaceFrom(options['space'] as string) } : {}),
        from: { run: id, as: 'extend' as const },
      };
      const run = await session.client.call('runs.create', { body });
      if (options.json !== true) note(`run ${run.id}`);
      return finished(await follow(session, run.id, options.json === true));
    },
    (command) =>
      command
        .option('--budget <time>', 'further wall-clock to spend, as 60s or 10m')
        .option('--trials <n>', 'trials in all, those that are there included', whole('--trials', 1))
        .option('--space <file>', 'families to go on with, and what to set of them, as JSON'),
  );
  verb<[string]>(
    group,
    'replay <run>',
    'do a finished search again decision by decision, and say whether the same model comes out',
    async (session, [id], options) => {
      const before = await session.client.call('runs.show', { params: { id } });
      const { budget: _budget, trials: _trials, space: _space, from: _from, ...rest } = before.request;
      const run = await session.client.call('runs.create', { body: { ...rest, from: { run: id, as: 'replay' } } });
      if (options.json !== true) note(`run ${run.id}`);
      const done = finished(await follow(session, run.id, options.json === true));
      const { search, report } = await session.client.call('runs.show', { params: { id: run.id } });
      const isSame = report !== undefined && report.weights === before.report?.weights;
      const trials = `${search?.replay?.same ?? 0} of ${search?.replay?.trials ?? 0} trials gave the same loss`;
      return {
        json: done.json,
        text: `${done.text}\n${trials}; the model is ${isSame ? 'the same to the last bit' : 'another one: fits that the clock cut off end elsewhere'}`,
      };
    },
  );
}
