// Files of predictions: a CSV file comes in, is kept encrypted, predicted row by row at low priority, and leaves as the same
// rows with their predictions. A row that cannot be predicted says why; the others go on.
import { pipeline } from 'node:stream/promises';
import { pipeline as pipe, Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { parse } from 'csv-parse';
import {
  type Call,
  Fault,
  faultBody,
  type Handlers,
  type PredictInput,
  type PredictOutput,
  type Scoring,
} from '../schema/index.ts';
import { csvCell } from '../data/index.ts';
import { createPack, type PackReader } from '../store/index.ts';
import { type JobContext, needDisk, throttle } from './context.ts';
import type { Predicting } from './predicting.ts';

type Names = 'create' | 'list' | 'show' | 'output' | 'delete';

export interface ScoringJobs {
  handlers: Pick<Handlers, `scoring.${Names}`>;
  /** Files that a dead appliance left behind fail. */
  recover(): void;
  close(): Promise<void>;
}

/** Rows of one question, and questions of one file on their way at once. */
const batchRows = 256;
const ahead = 4;
/** How often a question is asked again when too many wait. */
const patience = 60;
const entry = 'csv';
const mostRecord = 1024 * 1024;

interface Running {
  cancel: AbortController;
  done: Promise<void>;
}

type Row = Record<string, string>;

/** The files of an appliance. */
export function createScoring(context: JobContext, predicting: Predicting): ScoringJobs {
  const { store, events, log, closing } = context;
  const { scorings, objects } = store;
  const running = new Map<string, Running>();

  const announce = (job: Scoring): Scoring => {
    events.emit('scoring.changed', job.id, job);
    return job;
  };

  /** A file is its asker's; an admin sees all. */
  function own(name: string, id: string, { caller }: Call): Scoring {
    const job = scorings.look(id);
    if (!job || job.deployment !== name || (job.key !== caller.key && caller.role !== 'admin')) {
      throw new Fault('not_found', `There is no file of predictions ${id} of ${name}.`);
    }
    return job;
  }

  async function keep(stream: Readable, job: string): Promise<{ object: string; bytes: number }> {
    const grant = objects.create('scoring');
    const writer = createPack(grant.path, grant);
    let bytes = 0;
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        writer.append(entry, chunk);
        bytes += chunk.length;
      }
      if (bytes === 0) throw new Fault('bad_data', 'The file is empty; send CSV with a header line.');
      writer.finish();
      objects.register(grant.id, { refs: [job] });
      return { object: grant.id, bytes };
    } catch (error) {
      writer.discard();
      objects.erase(grant.id);
      throw error;
    }
  }

  async function ask(job: Scoring, rows: Row[], signal: AbortSignal): Promise<(PredictOutput | Fault)[]> {
    const inputs = rows.map(inputOf);
    for (let n = 0; ; n++) {
      try {
        return await predicting.rows(job.deployment, inputs, job.key, signal);
      } catch (error) {
        const fault = error instanceof Fault ? error : new Fault('internal', String(error));
        if (fault.code === 'too_many_requests' && typeof fault.details?.['retryAfter'] === 'number' && n < patience) {
          await pause(Math.min(fault.details['retryAfter'], 60) * 1000, undefined, { signal });
          continue;
        }
        if (fault.code !== 'bad_input') throw fault;
        if (rows.length === 1) return [fault];
        const answers: (PredictOutput | Fault)[] = [];
        for (const row of rows) answers.push(...(await ask(job, [row], signal)));
        return answers;
      }
    }
  }

  async function work(job: Scoring, input: string, size: number, signal: AbortSignal): Promise<void> {
    const reader = objects.open(input);
    const grant = objects.create('scoring');
    const writer = createPack(grant.path, grant);
    const done = { rows: 0, failed: 0, bytes: 0, of: size };
    const told = throttle(200, () => announce(scorings.update(job.id, { done: { ...done } })));
    let columns: string[] | undefined;
    const write = (rows: Row[], answers: (PredictOutput | Fault)[]) => {
      columns ??= Object.keys(rows[0] ?? {});
      const names = columns;
      const head = done.rows === 0 ? lineOf([...names, ...added]) : '';
      const lines = rows.map((row, i) => lineOf([...names.map((name) => row[name] ?? ''), ...cellsOf(answers[i])]));
      writer.append(entry, Buffer.from(head + lines.join('')));
      done.rows += rows.length;
      done.failed += answers.filter((answer) => answer instanceof Fault).length;
      told();
    };
    try {
      const asked: { rows: Row[]; answers: Promise<(PredictOutput | Fault)[]> }[] = [];
      const settle = async () => {
        const first = asked.shift();
        if (first) write(first.rows, await first.answers);
      };
      for await (const rows of batches(reader, (bytes) => (done.bytes = bytes))) {
        signal.throwIfAborted();
        const answers = ask(job, rows, signal);
        answers.catch(() => undefined);
        asked.push({ rows, answers });
        if (asked.length >= ahead) await settle();
      }
      while (asked.length > 0) await settle();
      if (done.rows === 0) throw new Fault('bad_data', 'The file has a header line only; there is nothing to predict.');
      writer.finish();
      objects.register(grant.id, { refs: [job.id] });
      done.bytes = size;
      announce(scorings.update(job.id, { state: 'finished', output: grant.id, done }));
    } catch (error) {
      writer.discard();
      objects.erase(grant.id);
      const fault = faultBody(signal.aborted ? signal.reason : error);
      log.warn({ scoring: job.id, code: fault.code }, 'file of predictions failed');
      if (scorings.look(job.id)) {
        announce(
          scorings.update(job.id, { state: fault.code === 'cancelled' ? 'stopped' : 'failed', error: fault, done }),
        );
      }
    } finally {
      reader.close();
    }
  }

  function start(job: Scoring, input: string, size: number): void {
    const cancel = new AbortController();
    const stop = () => cancel.abort(new Fault('cancelled', 'The appliance was stopped; send the file again.'));
    closing.addEventListener('abort', stop, { once: true });
    const done = work(job, input, size, cancel.signal).finally(() => {
      closing.removeEventListener('abort', stop);
      running.delete(job.id);
    });
    running.set(job.id, { cancel, done });
  }

  return {
    handlers: {
      async 'scoring.create'({ params, query }, { upload, caller }) {
        const deployment = store.deployments.find(params.name);
        if (!upload) throw new Fault('bad_request', 'Send the CSV file as the body of the request.');
        await needDisk(context, 'A file of predictions');
        const job = scorings.insert({
          state: 'running',
          name: query.filename,
          deployment: deployment.name,
          key: caller.key,
          done: { rows: 0, failed: 0, bytes: 0, of: upload.bytes ?? 0 },
        });
        try {
          const { object, bytes } = await keep(upload.stream, job.id);
          const kept = announce(scorings.update(job.id, { input: object, done: { ...job.done, of: bytes } }));
          start(kept, object, bytes);
          return kept;
        } catch (error) {
          scorings.remove(job.id);
          throw error;
        }
      },
      'scoring.list'({ params }, { caller }) {
        const { name } = store.deployments.find(params.name);
        const where = (job: Scoring) => job.deployment === name && (caller.role === 'admin' || job.key === caller.key);
        return { items: scorings.list({ where, limit: 1000 }).items };
      },
      'scoring.show': ({ params }, call) => own(params.name, params.id, call),
      async 'scoring.output'({ params }, call) {
        const job = own(params.name, params.id, call);
        if (job.output === undefined) {
          if (job.error) throw new Fault('conflict', `There are no predictions: ${job.error.message}`);
          throw new Fault('conflict', `${job.done.rows} rows are done; the file is not ready yet.`);
        }
        const reader = objects.open(job.output);
        try {
          const filename = job.name.replace(/(\.csv)?$/i, '-predictions.csv');
          const to = call.download({ type: 'text/csv; charset=utf-8', filename, bytes: reader.size(entry) });
          await pipeline(Readable.from(chunksOf(reader), { objectMode: false }), to, { signal: call.signal });
        } finally {
          reader.close();
        }
        return undefined;
      },
      async 'scoring.delete'({ params }, call) {
        const { id } = own(params.name, params.id, call);
        const held = running.get(id);
        held?.cancel.abort(new Fault('cancelled', 'It was stopped.'));
        await held?.done;
        const { input, output } = scorings.get(id);
        store.transaction(() => {
          for (const object of [input, output]) if (object !== undefined) objects.erase(object);
          scorings.remove(id);
        });
        return { ok: true as const };
      },
    },
    recover() {
      for (const { id } of scorings.list({ state: 'running' }).items) {
        scorings.update(id, {
          state: 'failed',
          error: faultBody(new Fault('cancelled', 'The appliance ended during this file; send it again.')),
        });
      }
    },
    async close() {
      await Promise.all([...running.values()].map(({ done }) => done));
    },
  };
}

/** Columns that the predictions add. */
const added = ['prediction', 'score', 'error'];

function cellsOf(answer: PredictOutput | Fault | undefined): string[] {
  if (answer === undefined) return ['', '', ''];
  if (answer instanceof Fault) return ['', '', answer.message];
  if ('label' in answer) return [answer.label, String(answer.scores[answer.label] ?? ''), ''];
  if ('value' in answer) return [String(answer.value), '', ''];
  if ('text' in answer) return [answer.text, '', ''];
  return [JSON.stringify(answer), '', ''];
}

/** An empty cell is a missing value. */
const inputOf = (row: Row): PredictInput =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === '' ? null : value]));

async function* chunksOf(reader: PackReader): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < reader.chunkCount(entry); i++) {
    yield reader.readChunk(entry, i);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function* batches(reader: PackReader, at: (bytes: number) => void): AsyncGenerator<Row[]> {
  const parser = parse({ columns: true, bom: true, skip_empty_lines: true, max_record_size: mostRecord });
  // Whichever ends first ends the other: chunks that nobody reads any more would be asked of a reader that is closed. The
  // parser's error reaches the loop.
  pipe(Readable.from(chunksOf(reader), { objectMode: false }), parser, () => undefined);
  let rows: Row[] = [];
  try {
    for await (const row of parser as AsyncIterable<Row>) {
      rows.push(row);
      if (rows.length < batchRows) continue;
      at(parser.info.bytes);
      yield rows;
      rows = [];
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    const line = error instanceof Error ? error.message : String(error);
    throw new Fault('bad_data', `The file cannot be read as CSV: ${line}`, undefined, error);
  }
  if (rows.length > 0) yield rows;
}

const lineOf = (cells: readonly string[]): string => `${cells.map((cell) => csvCell(cell, false)).join(',')}\n`;
