// neutrino models … and neutrino predict: keep, move and use trained models.
import { createReadStream, createWriteStream, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as WebStream } from 'node:stream/web';
import type { Command } from 'commander';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import {
  Fault,
  type Model,
  type PredictInput,
  type PredictRequest,
  type PredictOutput,
  type PredictResponse,
  type SeriesFacts,
} from '../../engine/schema/index.ts';
import { bytes, figure, table, when } from '../print.ts';
import { pairsOf } from '../pairs.ts';
import type { Session } from '../session.ts';
import { verb, whole } from '../verb.ts';

const header = ['name', 'version', 'task', 'family', 'target', 'score', 'size', 'created'];
/** Figures of a model by the first that it has. */
const scores = [
  ['accuracy', 'acc'],
  ['r2', 'R²'],
  ['mase', 'MASE'],
  ['ndcg', 'NDCG'],
  ['rocAuc', 'AUC'],
  ['flagged', 'unusual'],
  ['exactMatch', 'exact'],
  ['perplexity', 'ppl'],
] as const;
const score = (m: Model) => {
  const best = m.base ? undefined : scores.find(([name]) => m.metrics[name] !== undefined);
  return best ? `${best[1]} ${figure(m.metrics[best[0]])}` : '–';
};
const row = (m: Model) => [
  m.name,
  m.version,
  m.base ? 'base' : m.task,
  m.base?.architecture ?? m.family,
  m.target,
  score(m),
  bytes(m.bytes),
  when(m.createdAt),
];
const batch = 1000;

/** What a pretrained model is, and how to begin from it. */
function baseText({ name, base }: Model): string {
  if (!base) return '';
  const left = base.unused.length > 0 ? `\nnot used: ${base.unused.join(', ')}` : '';
  const train = `\ntrain with it: neutrino train DATASET --target COLUMN --model pretrained --set base=${name}`;
  const tensors = (specs: typeof base.inputs) =>
    (specs ?? []).map(({ name, dtype, shape }) => `${name} ${dtype}[${shape.map((d) => (d < 0 ? '?' : d)).join(',')}]`);
  const served = base.inputs
    ? `\nserve it as it is: neutrino deploy ${name}\ntakes ${tensors(base.inputs).join(', ')}; gives ${tensors(base.outputs).join(', ')}`
    : '';
  if (base.gguf) {
    const talk = base.gguf.chats ? 'it knows how conversations are written' : 'it goes on with texts';
    return `a GGUF file (${base.architecture.slice(5)}), ${base.parameters} parameters; ${talk}\nserve it: neutrino deploy ${name}`;
  }
  if (base.takes === 'tensors') return `an ONNX file${served}`;
  const what = { text: 'texts', image: 'images', table: 'the numbers of rows' }[base.takes];
  const head = base.output === undefined ? '' : `; a new head reads "${base.output}"`;
  const own = base.writes ? `\nit writes texts as it is: neutrino deploy ${name}` : '';
  return `${base.architecture} that reads ${what}, ${base.parameters} parameters${head}${left}${train}${served}${own}`;
}

/** Rows of a CSV, JSON or JSON-lines file, or lines of a text file, as a model takes them. Cells stay text: the model knows its types. */
export function readInputs(file: string): PredictInput[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file === '-' ? 0 : file));
  } catch (error) {
    if (error instanceof TypeError) throw new Fault('bad_input', `${file} is not UTF-8: convert it first`);
    throw new Fault('not_found', `there is no file ${file}: check the path`);
  }
  if (text.trim() === '') throw new Fault('bad_input', `${file} is empty: give at least one row`);
  if (file.endsWith('.txt')) return text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const start = text.trimStart()[0];
  if (start === '[' || start === '{') return jsonInputs(file, text);
  try {
    const rows = parse<Record<string, string>>(text, { columns: true, bom: true, skip_empty_lines: true });
    if (rows.length === 0) throw new Fault('bad_input', `${file} has a header but no row: give at least one`);
    return rows.map((cells) =>
      Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, cell === '' ? null : cell])),
    );
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('bad_input', `${file}: ${(error as Error).message}`);
  }
}

function jsonInputs(file: string, text: string): PredictInput[] {
  try {
    const all = JSON.parse(text) as PredictInput | PredictInput[] | { inputs: PredictInput[] };
    if (Array.isArray(all)) return all;
    if (typeof all === 'object' && Array.isArray(all['inputs'])) return all['inputs'];
    return [all];
  } catch {}
  return text
    .split(/\r?\n/)
    .map((line, i) => ({ line, n: i + 1 }))
    .filter(({ line }) => line.trim() !== '')
    .map(({ line, n }) => {
      try {
        return JSON.parse(line) as PredictInput;
      } catch {
        throw new Fault('bad_input', `${file} line ${n} is not JSON: one row or text a line`);
      }
    });
}

/** A flat row for a table or CSV: what was predicted, and how sure that is. */
function flatOf(output: PredictOutput): Record<string, string | number> {
  const round = (value: number) => Number(value.toPrecision(6));
  if ('value' in output) return { prediction: output.value };
  if ('text' in output) return { text: output.text };
  if ('embedding' in output) return { embedding: output.embedding.join(' ') };
  if ('forecast' in output) return { forecast: output.forecast.map(({ value }) => round(value)).join(' ') };
  if ('items' in output) {
    const { items } = output;
    return { items: items.map(({ item }) => item).join(' '), best: round(items[0]?.score ?? 0) };
  }
  if ('anomaly' in output) {
    const why = output.why.map(({ column }) => column).join(' ');
    return { anomaly: String(output.anomaly), score: round(output.score), error: round(output.error), why };
  }
  return { prediction: output.label, probability: round(output.scores[output.label] ?? 0) };
}

/** Rows for a table: one an output, of forecasts one a step. */
function flat(outputs: PredictOutput[], names: readonly string[] = []): Record<string, string | number>[] {
  return outputs.flatMap((output, i) => {
    if (!('forecast' in output)) return [flatOf(output)];
    const name: Record<string, string> = names[i] ? { series: names[i] } : {};
    return output.forecast.map(({ time, value, low, high }) => ({ ...name, time, forecast: value, low, high }));
  });
}

/** What rows a model forecasts from; undefined for all others, and where nobody may tell. */
async function seriesOf(session: Session, id: string): Promise<SeriesFacts | undefined> {
  try {
    return (await session.client.call('models.show', { params: { id } })).series;
  } catch {}
  try {
    return (await session.client.call('deployments.schema', { params: { name: id } })).series;
  } catch {}
  return undefined;
}

/** The rows of a file as one history a series, each with its latest rows. */
function historiesOf(
  inputs: PredictInput[],
  { series, window }: SeriesFacts,
): { inputs: PredictInput[]; names: string[] } {
  if (inputs.some((input) => typeof input === 'string' || 'history' in input)) return { inputs, names: [] };
  const groups = new Map<string, Record<string, unknown>[]>();
  for (const input of inputs as Record<string, unknown>[]) {
    const given = series === undefined ? undefined : input[series];
    const name = typeof given === 'string' || typeof given === 'number' ? `${given}` : '';
    const own = groups.get(name);
    if (own) own.push(input);
    else groups.set(name, [input]);
  }
  // Files need not be in order of time: the model's side takes the latest ones.
  const most = Math.max(window, mostHistory);
  return {
    inputs: [...groups.values()].map((rows) => ({ history: rows.slice(-most) })),
    names: [...groups.keys()],
  };
}

/** Rows of a series that are sent at most. */
const mostHistory = 50_000;

/** Predicts in batches with a deployment of that name, else with the model itself. */
export async function predictAll(
  session: Session,
  model: string,
  inputs: PredictInput[],
  generate?: PredictRequest['generate'],
): Promise<PredictResponse> {
  const all: PredictResponse['outputs'] = [];
  let last: PredictResponse | undefined;
  for (let at = 0; at < inputs.length; at += batch) {
    const body = {
      inputs: inputs.slice(at, at + batch) as Record<string, string>[],
      ...(generate ? { generate } : {}),
    };
    last = await session.client.call('models.predict', { params: { id: model }, body });
    all.push(...last.outputs);
  }
  if (!last) throw new Fault('bad_input', 'give at least one input');
  return { ...last, outputs: all };
}

export function modelVerbs(program: Command): void {
  const group = program.command('models').description('trained models');
  verb(
    group,
    'list',
    'list models',
    async ({ client }, _args, options) => {
      const page = await client.call('models.list', {
        query: { limit: 1000, ...(options['search'] ? { search: options['search'] as string } : {}) },
      });
      return {
        json: page.items,
        text:
          page.items.length === 0
            ? 'no model yet: neutrino train DATASET --target COLUMN'
            : table(header, page.items.map(row)),
      };
    },
    (command) => command.option('--search <words>', 'only names with these words'),
  );
  verb<[string]>(group, 'show <model>', 'one model: NAME, NAME@VERSION or id', async ({ client }, [id]) => {
    const model = await client.call('models.show', { params: { id } });
    if (model.base) return { json: model, text: `${table(header, [row(model)])}\n\n${baseText(model)}` };
    const figures = Object.entries(model.metrics)
      .map(([name, value]) => `${name} ${figure(value)}`)
      .join('  ');
    const classes = model.classes.length > 0 ? `\nclasses: ${model.classes.join(', ')}` : '';
    return {
      json: model,
      text: `${table(header, [row(model)])}\n\n${figures}${classes}\ntrained by ${model.parentId ?? 'an imported bundle'} on ${model.dataset}`,
    };
  });
  verb<[string, string]>(
    group,
    'export <model> <file>',
    'write a .neutrino bundle: a zip with model.onnx that any ONNX runtime reads',
    async ({ client }, [id, file], options) => {
      if (existsSync(file) && options['force'] !== true)
        throw new Fault('conflict', `${file} exists: name another file or add --force`);
      const { body } = await client.download('models.export', { params: { id } });
      await pipeline(Readable.fromWeb(body as WebStream), createWriteStream(file, { mode: 0o600 })).catch(
        (error: unknown) => {
          rmSync(file, { force: true });
          throw error;
        },
      );
      return { json: { file, bytes: statSync(file).size }, text: `wrote ${file} (${bytes(statSync(file).size)})` };
    },
    (command) => command.option('--force', 'replace the file'),
  );
  verb<[string]>(
    group,
    'import <path>',
    'import a .neutrino bundle, an ONNX or GGUF file, or the folder of a pretrained model (Hugging Face: BERT, DistilBERT, RoBERTa, GPT-2, ViT)',
    async ({ client }, [file], options) => {
      const found = statSync(file, { throwIfNoEntry: false });
      if (found?.isDirectory() || /\.(onnx|gguf)$/i.test(file)) {
        const [name, output] = [options['name'], options['output']] as (string | undefined)[];
        const body = {
          path: resolve(file),
          asIs: options['asIs'] === true,
          ...(name === undefined ? {} : { name }),
          ...(output === undefined ? {} : { output }),
        };
        const base = await client.call('models.adopt', { body });
        return { json: base, text: `${table(header, [row(base)])}\n\n${baseText(base)}` };
      }
      if (!found?.isFile()) throw new Fault('not_found', `there is no file ${file}: check the path`);
      const query = options['name'] ? { name: options['name'] as string } : {};
      const model = await client.upload('models.import', createReadStream(file), { query }, { bytes: found.size });
      return { json: model, text: table(header, [row(model)]) };
    },
    (command) =>
      command
        .option('--name <name>', 'name of the model')
        .option('--output <value>', 'value of an ONNX file that a new head reads: an output, or any value in it')
        .option('--as-is', 'take an ONNX file only to be served, with tensors in and out'),
  );
  verb<[string]>(group, 'delete <model>', 'erase a model and its key', async ({ client }, [id]) => {
    const answer = await client.call('models.delete', { params: { id } });
    return { json: answer, text: `erased ${id}` };
  });
  verb<[string]>(
    program,
    'explain <model>',
    'what one answer rests on: the same input without each word or column',
    async (session, [model], options) => {
      const text = options['text'] as string | undefined;
      if (text === undefined && !options['input']) throw new Fault('bad_request', 'give --input FILE or --text TEXT');
      const input = text ?? readInputs(options['input'] as string)[Number(options['row'] ?? 1) - 1];
      if (input === undefined) throw new Fault('bad_request', `the file has no row ${String(options['row'])}`);
      const answer = await session.client.call('models.explain', {
        params: { id: model },
        body: { input: input as PredictRequest['inputs'][number] },
      });
      const [said] = flat([answer.output]);
      const rows = answer.parts.slice(0, 20).map(({ column, text: word, drop }) => [column, word ?? '', figure(drop)]);
      return {
        json: answer,
        text: `${String(said['prediction'])}\n\n${table(['without', '', 'it loses'], rows)}`,
      };
    },
    (command) =>
      command
        .option('--text <text>', 'a text')
        .option('--input <file>', 'CSV, JSON or JSON lines; its first row is explained')
        .option('--row <n>', 'another row of the file, counted from 1', whole('--row', 1)),
  );
  verb<[string]>(
    program,
    'predict <model>',
    'predict the rows of a file, or what comes after them',
    async (session, [model], options) => {
      const texts = options['text'] as string[] | undefined;
      if (!texts && !options['input']) throw new Fault('bad_request', 'give --input FILE or --text TEXT');
      const generate = pairsOf(options['set'] as string[] | undefined) as PredictRequest['generate'];
      const given = texts ?? readInputs(options['input'] as string);
      const series = await seriesOf(session, model);
      const { inputs, names } = series ? historiesOf(given, series) : { inputs: given, names: [] };
      const answer = await predictAll(session, model, inputs, generate);
      const rows = flat(answer.outputs, names);
      const file = options['output'] as string | undefined;
      if (!file)
        return {
          json: answer,
          text: table(
            ['row', ...Object.keys(rows[0] ?? {})],
            rows.map((r, i) => [i + 1, ...Object.values(r).map((v) => (typeof v === 'number' ? figure(v) : v))]),
          ),
        };
      const text = file.endsWith('.jsonl')
        ? `${answer.outputs.map((o) => JSON.stringify(o)).join('\n')}\n`
        : stringify(rows, { header: true });
      await writeFile(file, text, { mode: 0o600 });
      return {
        json: { file, rows: rows.length, model: answer.model, version: answer.version },
        text: `wrote ${rows.length} predictions of ${answer.model}@${answer.version} to ${file}`,
      };
    },
    (command) =>
      command
        .option('--input <file>', 'CSV, JSON, JSON lines or .txt (a text a line); - for standard input')
        .option('--text <text...>', 'one or more texts')
        .option(
          '--set <name=value...>',
          'of models that write texts: maxTokens, temperature, topK, topP, beams, lengthPenalty, stop, seed',
        )
        .option('--output <file>', 'CSV or .jsonl file to write'),
  );
}
