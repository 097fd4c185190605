// neutrino datasets profile | mask | recipe | label | versions: what is wrong with data, and what is done about it.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import {
  type Dataset,
  Fault,
  type MaskKind,
  maskKinds,
  maskActions,
  type MaskOptions,
  type Profile,
  type RecipeStep,
  type RecipeView,
  recipeStep,
  type SensitiveReport,
} from '../../engine/schema/index.ts';
import { clipped, note, progressLine, quantity, span, table, when } from '../print.ts';
import type { Session } from '../session.ts';
import { verb, whole } from '../verb.ts';
import { stepFrom } from './steps.ts';

const percent = (share: number): string => `${(share * 100).toFixed(share > 0 && share < 0.01 ? 2 : 0)} %`;

function profileText(profile: Profile): string {
  const columns = table(
    ['column', 'type', 'missing', 'distinct', 'values'],
    profile.columns.map((c) => [c.name, c.type, c.missing, c.distinct, clipped(valuesOf(c), 80)]),
  );
  const classes = profile.classes
    ? `\n\nclasses of ${profile.target}: ${profile.classes
        .slice(0, 12)
        .map(({ value, count }) => `${value} ${count}`)
        .join(', ')}${profile.classes.length > 12 ? ', …' : ''}`
    : '';
  const marks = { high: '!!', medium: '! ', low: '· ' };
  const findings = profile.findings.map(({ severity, message }) => `${marks[severity]} ${message}`).join('\n');
  return `${columns}${classes}\n\n${findings === '' ? 'nothing to warn of' : findings}`;
}

function valuesOf(column: Profile['columns'][number]): string {
  const { quantiles, length, languages, top } = column;
  if (column.type === 'date' && quantiles) return span(quantiles[0], quantiles[8]);
  if (quantiles) return `${quantity(quantiles[0])} … ${quantity(quantiles[4])} … ${quantity(quantiles[8])}`;
  const spoken = languages?.map(({ language, share }) => `${language} ${percent(share)}`).join(', ');
  if (length) return `${Math.round(length.quantiles[4] ?? 0)} characters (median)${spoken ? `; ${spoken}` : ''}`;
  return (top ?? [])
    .slice(0, 4)
    .map(({ value, count }) => `${value} (${count})`)
    .join(', ');
}

/** Where a long text is shown from so that its first change is seen, with some of what stands before it. */
function differs(before: string, after: string): number {
  let at = 0;
  while (at < before.length && before[at] === after[at]) at++;
  return at < 80 ? 0 : at - 40;
}
const around = (text: string, from: number): string => `${from > 0 ? '…' : ''}${clipped(text.slice(from), 100)}`;

function sensitiveText(report: SensitiveReport): string {
  if (report.columns.length === 0)
    return `nothing that identifies was found in ${report.sampled} of ${report.rows} rows`;
  const found = table(
    ['column', 'kind', 'rows', 'found', 'confidence', 'doubtful'],
    report.columns.flatMap(({ column, looked, kinds }) =>
      kinds.map(({ kind, rows, found, confidence, doubtful }) => [
        column,
        kind,
        percent(rows / Math.max(1, looked)),
        found,
        percent(confidence),
        doubtful,
      ]),
    ),
  );
  const examples = report.columns
    .flatMap(({ column, examples }) =>
      examples.slice(0, 1).map(({ before, after }) => {
        const from = differs(before, after);
        return `${column}: ${around(before, from)}\n${' '.repeat(column.length)}→ ${around(after, from)}`;
      }),
    )
    .join('\n');
  return `${found}\n(on ${report.sampled} of ${report.rows} rows)\n\n${examples}`;
}

function recipeText({ version, base, says, clean, versions }: RecipeView): string {
  const steps =
    says.length === 0 ? 'no step yet' : says.map((line, i) => `${String(i + 1).padStart(3)}. ${line}`).join('\n');
  const state = clean
    ? `version ${version} is what this makes`
    : `version ${version} is older than these steps: apply them`;
  const rows = table(
    ['version', 'rows', 'columns', 'from', 'steps', 'made', 'sha256'],
    versions.map((v) => [
      `${v.version}${v.version === version ? ' *' : ''}`,
      v.rows,
      v.columns,
      v.from,
      v.steps.length,
      when(v.at),
      v.sha256.slice(0, 12),
    ]),
  );
  return `${steps}\n\n${state} (from version ${base})\n\n${rows}`;
}

const changedText = ({ name, version = 1, shape, sha256 = '' }: Dataset): string =>
  `${name} is now version ${version}: ${shape?.rows} rows, ${shape?.columns.length} columns, sha256 ${sha256.slice(0, 16)}`;

/** Options of masking from the command line; `pii` and `all` stand for every kind. */
function maskFrom(options: Record<string, unknown>): MaskOptions {
  const listed = (name: string) =>
    (options[name] as string[] | undefined)?.flatMap((text) => text.split(',')).filter((text) => text !== '');
  const kinds = listed('kinds')?.filter((kind) => kind !== 'all');
  for (const kind of kinds ?? []) {
    if (!maskKinds.some((known) => known === kind))
      throw new Fault('bad_request', `${kind} is no kind: use ${maskKinds.join(', ')}`);
  }
  const action = (options['action'] as string | undefined) ?? 'replace';
  const known = maskActions.find((one) => one === action);
  if (!known) throw new Fault('bad_request', `${action} is no action: use ${maskActions.join(', ')}`);
  const columns = options['column'] as string[] | undefined;
  return {
    action: known,
    ...(columns ? { columns } : {}),
    ...(kinds && kinds.length > 0 ? { kinds: kinds as MaskKind[] } : {}),
  };
}

/** `replace:name,email` as options of an import. */
export function importMask(text: string, column: string[] | undefined): MaskOptions {
  const [action, kinds] = text.split(':');
  return maskFrom({
    action: action === '' ? 'replace' : action,
    ...(kinds ? { kinds: [kinds] } : {}),
    ...(column ? { column } : {}),
  });
}

/** Steps from a file (JSON, one or a list) or from words. */
function stepsFrom(words: readonly string[], options: Record<string, unknown>): RecipeStep[] {
  const file = options['file'] as string | undefined;
  if (file === undefined) return [stepFrom(words)];
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Fault(
      'bad_request',
      `${file} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const list = Array.isArray(value) ? value : ((value as { steps?: unknown[] }).steps ?? [value]);
  return list.map((one, i) => {
    const parsed = recipeStep.safeParse(one);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new Fault('bad_request', `${file}: step ${i + 1}: ${issue?.path.join('.')}: ${issue?.message}`);
  });
}

const recipeActions: Record<
  string,
  (
    session: Session,
    id: string,
    words: string[],
    options: Record<string, unknown>,
  ) => Promise<{ json: unknown; text: string }>
> = {
  async show({ client }, id, _words, options) {
    const view = await client.call('datasets.recipe.show', { params: { id } });
    const output = options['output'] as string | undefined;
    if (output !== undefined)
      writeFileSync(output, `${JSON.stringify(view.steps, null, 2)}\n`, {
        flag: options['force'] === true ? 'w' : 'wx',
        mode: 0o600,
      });
    return { json: view, text: recipeText(view) };
  },
  async add({ client }, id, words, options) {
    const view = await client.call('datasets.recipe.add', {
      params: { id },
      body: { steps: stepsFrom(words, options) },
    });
    if (options['apply'] !== true) return { json: view, text: recipeText(view) };
    const dataset = await client.call('datasets.recipe.apply', { params: { id }, body: {} });
    return { json: dataset, text: changedText(dataset) };
  },
  async preview({ client }, id, words, options) {
    const steps = words.length > 0 || options['file'] !== undefined ? stepsFrom(words, options) : [];
    const preview = await client.call('datasets.recipe.preview', { params: { id }, body: { steps } });
    const did = preview.did
      .map(({ says, rows, cells }) => `${says}: ${rows} rows gone, ${cells} cells changed`)
      .join('\n');
    const sample = table(
      preview.columns.map(({ name }) => name),
      preview.sample.slice(0, 10).map((row) => row.map((cell) => (cell === null ? '' : String(cell).slice(0, 30)))),
    );
    return { json: preview, text: `${did}\n${preview.before} → ${preview.rows} rows\n\n${sample}` };
  },
  async undo({ client }, id) {
    const view = await client.call('datasets.recipe.undo', { params: { id }, body: {} });
    return { json: view, text: recipeText(view) };
  },
  async apply({ client }, id, _words, options) {
    const line = progressLine(options['json'] === true);
    try {
      const dataset = await client.call('datasets.recipe.apply', { params: { id }, body: {} });
      return { json: dataset, text: changedText(dataset) };
    } finally {
      line.end();
    }
  },
  async use({ client }, id, [version]) {
    const dataset = await client.call('datasets.versions.use', {
      params: { id, version: whole('version', 1)(version ?? '') },
      body: {},
    });
    return { json: dataset, text: changedText(dataset) };
  },
  async forget({ client }, id) {
    const dataset = await client.call('datasets.versions.forget', { params: { id }, body: {} });
    return { json: dataset, text: `${changedText(dataset)}; every other version and its key are erased` };
  },
};

const labelActions: Record<
  string,
  (
    session: Session,
    id: string,
    words: string[],
    options: Record<string, unknown>,
  ) => Promise<{ json: unknown; text: string }>
> = {
  async list({ client }, id, _words, options) {
    const page = await client.call('datasets.labels.list', {
      params: { id },
      query: {
        ...(options['column'] ? { column: options['column'] as string } : {}),
        ...(options['model'] ? { model: options['model'] as string } : {}),
        ...(options['below'] ? { below: Number(options['below']) } : {}),
        show: ((options['show'] as string | undefined) ?? (options['model'] ? 'unsure' : 'missing')) as 'missing',
        limit: Number(options['limit'] ?? 20),
      },
    });
    const rows = table(
      ['row', 'label', 'predicted', 'confidence', 'cells'],
      page.rows.map((row) => [
        row.row,
        row.label === null ? '' : `${row.label}${row.edited ? ' *' : ''}`,
        row.predicted ?? '',
        row.confidence === undefined ? '' : percent(row.confidence),
        clipped(
          Object.values(row.cells)
            .filter((cell) => cell !== null)
            .join(' | '),
          70,
        ),
      ]),
    );
    const hint = page.total > 0 || options['show'] ? '' : '; --show all lists every row';
    return {
      json: page,
      text: `${rows}\n${page.total} to label, of ${page.scanned} rows looked at${page.scanned < page.of ? ` (${page.of} in all)` : ''}; ${page.pending} ${page.pending === 1 ? 'label waits' : 'labels wait'} to be applied${hint}`,
    };
  },
  async set({ client }, id, words, options) {
    const values = words.map((word) => {
      const at = word.indexOf('=');
      const row = Number(word.slice(0, at));
      if (at < 1 || !Number.isInteger(row) || row < 0)
        throw new Fault('bad_request', `write a label as ROW=LABEL (ROW= takes it away), not ${word}`);
      return { row, value: word.slice(at + 1) === '' ? null : word.slice(at + 1) };
    });
    if (values.length === 0) throw new Fault('bad_request', 'name labels as ROW=LABEL');
    const column = options['column'] as string | undefined;
    const answer = await client.call('datasets.labels.set', {
      params: { id },
      body: { values, ...(column === undefined ? {} : { column }) },
    });
    return {
      json: answer,
      text: `${answer.set} set, ${answer.pending} wait to be applied: neutrino datasets label ${id} apply`,
    };
  },
  async history({ client }, id, [row]) {
    const page = await client.call('datasets.labels.history', {
      params: { id },
      query: { limit: 1000, ...(row === undefined ? {} : { row: whole('row', 0)(row) }) },
    });
    const text = table(
      ['when', 'by', 'version', 'row', 'column', 'from', 'to', ''],
      page.items.map((one) => [
        when(one.at),
        one.by,
        one.version,
        one.row,
        one.column,
        one.from ?? '–',
        one.to ?? '–',
        one.applied ? 'applied' : 'waits',
      ]),
    );
    return { json: page.items, text: page.items.length === 0 ? 'no label was set yet' : text };
  },
  async apply({ client }, id) {
    const dataset = await client.call('datasets.labels.apply', { params: { id }, body: {} });
    return { json: dataset, text: `${changedText(dataset)}\ntrain on it: neutrino train ${dataset.name}` };
  },
};

function actionOf<T>(actions: Record<string, T>, name: string): T {
  const found = actions[name];
  if (found) return found;
  throw new Fault('bad_request', `${name} is not among ${Object.keys(actions).join(', ')}`);
}

/** Adds the verbs to `neutrino datasets`. */
export function qualityVerbs(group: Command): void {
  verb<[string]>(
    group,
    'profile <dataset>',
    'distributions, and what is wrong with the data',
    async ({ client }, [id], options) => {
      const query = {
        ...(options['target'] ? { target: options['target'] as string } : {}),
        ...(options['test'] ? { test: options['test'] as string } : {}),
      };
      const profile = await client.call('datasets.profile', { params: { id }, query });
      return { json: profile, text: profileText(profile) };
    },
    (command) =>
      command
        .option('--target <column>', 'the column to predict')
        .option('--test <dataset>', 'a dataset to test on, to compare with'),
  );
  verb<[string]>(
    group,
    'mask <dataset>',
    'find names, addresses, numbers and secrets; with --apply, mask them',
    async ({ client }, [id], options) => {
      const mask = maskFrom(options);
      const sample = Number(options['sample'] ?? 2000);
      if (options['apply'] !== true) {
        const report = await client.call('datasets.sensitive', { params: { id }, body: { ...mask, sample } });
        return {
          json: report,
          text: `${sensitiveText(report)}\n\nmask with: neutrino datasets mask ${id} --action ${mask.action} --apply`,
        };
      }
      await client.call('datasets.recipe.add', { params: { id }, body: { steps: [{ op: 'mask', ...mask }] } });
      let dataset = await client.call('datasets.recipe.apply', { params: { id }, body: {} });
      if (options['forget'] === true)
        dataset = await client.call('datasets.versions.forget', { params: { id }, body: {} });
      else note(`version 1 still holds the originals; erase it with: neutrino datasets recipe ${id} forget`);
      return { json: dataset, text: changedText(dataset) };
    },
    (command) =>
      command
        .option('--column <name...>', 'columns to look at (all with texts when left out)')
        .option('--kinds <list...>', `what to look for: ${maskKinds.join(', ')}`)
        .option('--action <name>', `what to do: ${maskActions.join(', ')}`, 'replace')
        .option('--sample <rows>', 'rows to look at')
        .option('--apply', 'make a masked version')
        .option('--forget', 'and erase the versions before it'),
  );
  verb<string[]>(
    group,
    'recipe <dataset> [action] [words...]',
    'show, add, preview, undo, apply steps; use or forget versions',
    (session, [id = '', action = 'show', ...rest], options) =>
      actionOf(recipeActions, action)(session, id, rest.flat(), options),
    (command) =>
      command
        .option('--file <steps.json>', 'steps from a file')
        .option('--output <steps.json>', 'show: write the steps to a file')
        .option('--force', 'replace the file')
        .option('--apply', 'add: apply at once'),
  );
  verb<string[]>(
    group,
    'label <dataset> [action] [words...]',
    'list rows to label, set labels (ROW=LABEL), history, apply',
    (session, [id = '', action = 'list', ...rest], options) =>
      actionOf(labelActions, action)(session, id, rest.flat(), options),
    (command) =>
      command
        .option('--column <name>', 'the column with the labels (the target when left out)')
        .option('--model <model>', 'a model that scores the rows')
        .option('--show <which>', 'missing, unsure, disagree or all')
        .option('--below <probability>', 'only rows that the model is less sure of')
        .option('--limit <rows>', 'rows to list'),
  );
}
