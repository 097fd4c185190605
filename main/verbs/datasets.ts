// neutrino datasets …: import, list, show, export, delete.
import { createReadStream, createWriteStream, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as WebStream } from 'node:stream/web';
import type { Command } from 'commander';
import {
  type Column,
  type Dataset,
  encodings,
  type ExportFormat,
  exportFormats,
  Fault,
  importFormats,
  type ImportOptions,
  type Progress,
  type CellType,
  cellTypes,
} from '../../engine/schema/index.ts';
import { bytes, clipped, note, progressLine, quantity, span, table, when } from '../print.ts';
import type { Session } from '../session.ts';
import { recordedFault, verb, whole } from '../verb.ts';
import { importMask, qualityVerbs } from './quality.ts';

const header = ['id', 'name', 'state', 'rows', 'columns', 'stored', 'created'];
const row = (d: Dataset) => [
  d.id,
  d.name,
  d.state,
  d.shape?.rows,
  d.shape?.columns.length,
  bytes(d.bytes?.stored),
  when(d.createdAt),
];

function describe(column: Column): string {
  if (column.type === 'number')
    return `${quantity(column.min)} … ${quantity(column.max)}, mean ${quantity(column.mean)}`;
  if (column.type === 'date') return column.min === undefined ? '' : span(column.min, column.max);
  if (column.type === 'text' && column.length)
    return `${Math.round(column.length.mean)} characters on average, at most ${column.length.max}`;
  return (column.top ?? [])
    .slice(0, 4)
    .map((t) => `${t.value} (${t.count})`)
    .join(', ');
}

/** A dataset in full: its columns, their types and figures, and what to look out for. */
export function datasetText(dataset: Dataset): string {
  const shape = dataset.shape;
  if (!shape) return `${dataset.name}: ${dataset.state}${dataset.error ? ` (${dataset.error.message})` : ''}`;
  const columns = table(
    ['column', 'type', 'missing', 'distinct', 'values'],
    shape.columns.map((c) => [c.name, c.type, c.missing, c.distinct, clipped(describe(c), 70)]),
  );
  const warnings = shape.warnings.map((w) => `! ${w.message}`).join('\n');
  const target = shape.target ? `\nlikely target: ${shape.target}` : '';
  return `${dataset.name}: ${shape.rows} rows, ${shape.columns.length} columns, ${bytes(dataset.bytes?.stored)} encrypted, sha256 ${dataset.sha256?.slice(0, 16)}\n\n${columns}${target}${warnings ? `\n\n${warnings}` : ''}`;
}

function importOptions(options: Record<string, unknown>): ImportOptions {
  const types: Record<string, CellType> = {};
  for (const pair of (options['type'] as string[] | undefined) ?? []) {
    const at = pair.lastIndexOf('=');
    const kind = cellTypes.find((t) => t === pair.slice(at + 1));
    if (at < 1 || !kind)
      throw new Fault('bad_request', `--type takes COLUMN=TYPE with one of ${cellTypes.join(', ')}, not ${pair}`);
    types[pair.slice(0, at)] = kind;
  }
  return {
    ...(options['format'] ? { format: options['format'] as 'csv' } : {}),
    ...(options['delimiter'] ? { delimiter: (options['delimiter'] as string).replace('\\t', '\t') } : {}),
    ...(options['encoding'] ? { encoding: options['encoding'] as 'utf-8' } : {}),
    ...(options['decimal'] ? { decimal: options['decimal'] as ',' } : {}),
    ...(options['table'] ? { table: options['table'] as string } : {}),
    ...(options['header'] === false ? { header: false } : {}),
    ...(Object.keys(types).length > 0 ? { types } : {}),
    ...(options['mask']
      ? { mask: importMask(options['mask'] as string, options['maskColumn'] as string[] | undefined) }
      : {}),
  };
}

const isAddress = (path: string): boolean => /^[a-z][a-z0-9+]*:\/\//i.test(path);

/** How often a broken upload is gone on with before giving up, and the wait before it, ms. */
const [tries, pause] = [5, 2000];

/** Sends a file, going on where the network broke it off. Answers the upload's id. */
async function sendFile(
  { client }: Session,
  path: string,
  total: number,
  onProgress: (done: number) => void,
): Promise<string> {
  const { id } = await client.call('uploads.begin', { body: { filename: basename(path) } });
  for (let left = tries; ; left--) {
    try {
      const { received } = await client.call('uploads.show', { params: { id } });
      if (received >= total) return id;
      await client.upload(
        'uploads.append',
        createReadStream(path, { start: received }),
        { params: { id }, query: { offset: received } },
        { bytes: total - received, onProgress: (done) => onProgress(received + done) },
      );
    } catch (error) {
      const passing = error instanceof Fault && ['unreachable', 'timeout', 'conflict'].includes(error.code);
      if (!passing || left === 0) {
        await client.call('uploads.cancel', { params: { id } }).catch(() => undefined);
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

/** Sends what comes on standard input; it comes once, so nothing is gone on with. Answers the upload's id. */
async function sendInput({ client }: Session, name = 'stdin'): Promise<string> {
  if (process.stdin.isTTY) throw new Fault('bad_input', 'nothing is piped in: neutrino datasets import - < FILE');
  const { id } = await client.call('uploads.begin', { body: { filename: name } });
  try {
    await client.upload('uploads.append', process.stdin, { params: { id }, query: { offset: 0 } });
    return id;
  } catch (error) {
    await client.call('uploads.cancel', { params: { id } }).catch(() => undefined);
    throw error;
  }
}

/** What a path leads to; undefined where it leads nowhere. */
function lookedAt(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ELOOP' ? 'its links go round in a circle' : 'check its folders and their permissions';
    throw new Fault('path_refused', `${path} cannot be looked at: ${why}`, undefined, error);
  }
}

/** What an import names beside its options. */
export interface ImportSettings {
  name?: string | undefined;
  options: ImportOptions;
  /** For addresses. */
  credential?: string | undefined;
  query?: string | undefined;
}

/**
 * Imports a file or folder: in place where the appliance sees it, else by upload; or an address, which the appliance reads. Waits
 * until it is ready; a failed import throws its fault.
 */
export async function importFile(
  session: Session,
  path: string,
  { name, options, credential, query }: ImportSettings,
  quiet: boolean,
): Promise<Dataset> {
  const line = progressLine(quiet);
  const body = { ...(name ? { name } : {}), options };
  const begin = async () => {
    const { client } = session;
    if (isAddress(path)) {
      const more = { ...(credential ? { credential } : {}), ...(query ? { query } : {}) };
      return client.call('datasets.import', { body: { ...body, url: path, ...more } });
    }
    if (path === '-')
      return client.call('datasets.import', { body: { ...body, upload: await sendInput(session, name) } });
    const found = lookedAt(path);
    if (!found) throw new Fault('not_found', `there is no file ${path}: check the path`);
    if (session.sameMachine) return client.call('datasets.import', { body: { ...body, path: resolve(path) } });
    if (found.isDirectory())
      throw new Fault(
        'bad_input',
        `${path} is a folder and the appliance is elsewhere: make a zip of it and import that`,
      );
    const upload = await sendFile(session, path, found.size, (done) =>
      line.show({ phase: 'uploading', done, total: found.size }, {}),
    );
    return client.call('datasets.import', { body: { ...body, upload } });
  };
  try {
    const started = await begin();
    const dataset = await session.client.waitDataset(started.id, (event) => {
      if (event.type === 'dataset.progress') line.show(event.data as Progress, {});
    });
    if (dataset.state === 'ready') return dataset;
    throw dataset.error ? recordedFault(dataset.error) : new Fault('internal', `the import ended ${dataset.state}`);
  } finally {
    line.end();
  }
}

/** The format asked for, or the one that the file's name ends in, or CSV. */
function exportFormatOf(file: string, asked: string | undefined): ExportFormat {
  const ending = asked ?? extname(file).slice(1).toLowerCase();
  const found = exportFormats.find((format) => format === (ending === 'feather' ? 'arrow' : ending));
  if (!found && asked)
    throw new Fault('bad_request', `--format takes one of ${exportFormats.join(', ')}, not ${asked}`);
  return found ?? 'csv';
}

export function datasetVerbs(program: Command): void {
  const group = program.command('datasets').description('bring data in, look at it, take it out');
  verb<[string]>(
    group,
    'import <path>',
    'import a table, a folder or zip of images, sound or texts, an address (https, s3, webhdfs, postgres), or - for standard input',
    async (session, [path], options) => {
      const dataset = await importFile(
        session,
        path,
        {
          name: options['name'] as string | undefined,
          options: importOptions(options),
          credential: options['credential'] as string | undefined,
          query: options['query'] as string | undefined,
        },
        options.json === true,
      );
      return { json: dataset, text: datasetText(dataset) };
    },
    (command) =>
      command
        .option('--name <name>', 'name of the dataset (the file’s name when left out)')
        .option('--format <format>', `${importFormats.join(', ')}; found out when left out`)
        .option('--delimiter <char>', 'what stands between cells')
        .option('--encoding <name>', encodings.join(', '))
        .option('--decimal <mark>', 'what stands before decimals: . or ,')
        .option('--table <name>', 'sheet of a workbook, or table of an SQLite file')
        .option('--credential <name>', 'how to speak to the host of an address: neutrino credentials')
        .option('--query <select>', 'what to select from a database')
        .option(
          '--mask <action[:kinds]>',
          'mask before anything is stored: replace, redact, hash or remove; replace:name,email only these',
        )
        .option('--mask-column <name...>', 'columns to mask (all with texts when left out)')
        .option('--no-header', 'the first line is data')
        .option('--type <column=type...>', `set a column’s type: ${cellTypes.join(', ')}`),
  );
  qualityVerbs(group);
  verb(
    group,
    'list',
    'list datasets',
    async ({ client }, _args, options) => {
      const page = await client.call('datasets.list', {
        query: { ...(options['search'] ? { search: options['search'] as string } : {}), limit: 1000 },
      });
      return {
        json: page.items,
        text:
          page.items.length === 0
            ? 'no dataset yet: neutrino datasets import FILE'
            : table(header, page.items.map(row)),
      };
    },
    (command) => command.option('--search <words>', 'only names with these words'),
  );
  verb<[string]>(group, 'show <dataset>', 'columns, types, figures and warnings', async ({ client }, [id]) => {
    const dataset = await client.call('datasets.show', { params: { id } });
    return { json: dataset, text: datasetText(dataset) };
  });
  verb<[string]>(
    group,
    'export <dataset>',
    'write the rows to a file',
    async ({ client }, [id], options) => {
      const file = options['output'] as string;
      if (existsSync(file) && options['force'] !== true)
        throw new Fault('conflict', `${file} exists: name another file or add --force`);
      const format = exportFormatOf(file, options['format'] as string | undefined);
      const { body } = await client.download('datasets.export', { params: { id }, query: { format } });
      await pipeline(Readable.fromWeb(body as WebStream), createWriteStream(file, { mode: 0o600 })).catch(
        (error: unknown) => {
          rmSync(file, { force: true });
          throw error;
        },
      );
      note('the file is plain text: it is no longer protected by the vault');
      return { json: { file, format }, text: `wrote ${file}` };
    },
    (command) =>
      command
        .requiredOption('--output <file>', 'file to write')
        .option('--format <format>', `${exportFormats.join(', ')}; as the file’s name says when left out`)
        .option('--force', 'replace the file'),
  );
  verb<[string]>(
    group,
    'split <dataset>',
    'how rows are parted for training, or into folds; with --output, the part of each row',
    async ({ client }, [id], options) => {
      const [by, column] = ((options['by'] as string | undefined) ?? 'stratified').split('=', 2);
      const view = await client.call('datasets.split', {
        params: { id },
        query: {
          by: by as 'group',
          ...(column === undefined ? {} : { column }),
          ...(options['target'] ? { target: options['target'] as string } : {}),
          ...(options['folds'] === undefined ? {} : { folds: options['folds'] as number }),
          seed: (options['seed'] as number | undefined) ?? 0,
        },
      });
      const file = options['output'] as string | undefined;
      const lines = view.of.map((part, row) => `${row},${view.parts[part]?.name ?? ''}`);
      if (file !== undefined)
        writeFileSync(file, `row,part\n${lines.join('\n')}\n`, {
          flag: options['force'] === true ? 'w' : 'wx',
          mode: 0o600,
        });
      const shown = view.parts.map(({ name, rows, classes = [] }) => [
        name,
        rows,
        classes
          .slice(0, 8)
          .map(({ value, count }) => `${value} ${count}`)
          .join(', '),
      ]);
      const text = table(['part', 'rows', `classes of ${view.target}`], shown);
      return { json: view, text: file === undefined ? text : `${text}\nwrote ${file}` };
    },
    (command) =>
      command
        .option('--folds <k>', 'so many folds in place of parts', whole('--folds', 2))
        .option('--by <way[=column]>', 'stratified, random, group=COLUMN or time=COLUMN')
        .option('--target <column>', 'the column to predict')
        .option('--seed <n>', 'seed', whole('--seed', 0))
        .option('--output <file.csv>', 'write the part of each row (from 0)')
        .option('--force', 'replace the file'),
  );
  verb<[string]>(group, 'delete <dataset>', 'erase a dataset and its key', async ({ client }, [id]) => {
    const answer = await client.call('datasets.delete', { params: { id } });
    return { json: answer, text: `erased ${id}` };
  });
  verb(group, 'clear', 'erase the records of imports that failed', async ({ client }) => {
    const { items } = await client.call('datasets.list', { query: { limit: 500 } });
    const failed = items.filter(({ state }) => state === 'failed');
    for (const { id } of failed) await client.call('datasets.delete', { params: { id } });
    const names = failed.map(({ name }) => name);
    return { json: names, text: names.length === 0 ? 'no import has failed' : `cleared ${names.join(', ')}` };
  });
}
