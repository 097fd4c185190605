// neutrino runs groups and runs misjudged: what runs have in common, and the rows that one got wrong.
import { type Command, Option } from 'commander';
import { clipped, figure, quantity, table } from '../print.ts';
import { verb, whole } from '../verb.ts';

/** Adds the verbs to `runs`. */
export function runViews(group: Command): void {
  verb(
    group,
    'groups',
    'runs by experiment, dataset or family, with their scores',
    async ({ client }, _args, options) => {
      const { items } = await client.call('runs.groups', { query: { by: options['by'] as 'family' } });
      const rows = items.map(({ name, runs, finished, failed, score }) => [
        name,
        String(runs),
        String(finished),
        String(failed),
        ...(score
          ? [score.metric, figure(score.best), `${figure(score.mean)} ± ${figure(score.spread)}`, score.run.name]
          : ['', '', '', '']),
      ]);
      const header = [options['by'] as string, 'runs', 'finished', 'failed', 'figure', 'best', 'mean', 'best run'];
      return { json: items, text: rows.length === 0 ? 'no run yet' : table(header, rows) };
    },
    (command) =>
      command.addOption(
        new Option('--by <what>', 'what they have in common')
          .choices(['experiment', 'dataset', 'family'])
          .default('experiment'),
      ),
  );
  verb<[string]>(
    group,
    'misjudged <run>',
    'test rows that the model judged wrongly, the surest first',
    async ({ client }, [id], options) => {
      const given = {
        truth: options['truth'] as string | undefined,
        predicted: options['predicted'] as string | undefined,
      };
      const query = { ...given, limit: Number(options['limit']) };
      const answer = await client.call('runs.judged', { params: { id }, query });
      const { columns, rows, total, kept, of, dataset } = answer;
      const cells = columns.slice(0, 6);
      const lines = rows.map((row) => [
        String(row.row + 1),
        valueText(row.truth),
        valueText(row.predicted),
        figure(row.confidence),
        ...row.cells.slice(0, cells.length).map((cell) => clipped(valueText(cell), 24)),
      ]);
      const part = kept < of ? `, of ${kept} of ${of} test rows` : '';
      return {
        json: answer,
        text:
          rows.length === 0
            ? 'no test row was judged so'
            : `${table(['row', 'is', 'said', 'score', ...cells], lines)}\n${rows.length} of ${total}${part}; rows of ${dataset.name}`,
      };
    },
    (command) =>
      command
        .option('--truth <class>', 'only rows of this class')
        .option('--predicted <class>', 'only rows that were taken for this class')
        .option('--limit <n>', 'how many', whole('--limit', 1), 20),
  );
}

/** A value of a comparison, as short as a column can be. */
export function valueText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number') return quantity(value);
  return clipped(typeof value === 'string' ? value : JSON.stringify(value), 50);
}
