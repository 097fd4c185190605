// Files of predictions: a CSV file comes in, is kept encrypted, predicted row by row at low priority, and leaves as the same
// rows with their predictions. A row that cannot be predicted says why; the others go on.
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
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
import { refineInChild } from './refining.ts';

type Names = 'create' | 'list' | 'show' | 'output' | 'delete';

export interface ScoringJobs {
  handlers: Pick<Handlers, `scoring.${Names}`>;
  /** Files that a dead appliance left behind fail. */
  recover(): void;
  close(): Promise<void>;
}

/** Questions of one file on their way at once. */
const ahead = 4;
/** How often a question is asked again when too many wait. */
const patience = 60;
const entry = 'csv';

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

  /** Has a child read the file: nothing of a stranger's is parsed here. */
  async function parsed(job: Scoring, input: string, signal: AbortSignal): Promise<string> {
    const grant = objects.create('scoring');
    try {
      const read = { do: 'rows' as const, input: objects.grant(input), pack: grant };
      await refineInChild(context, job.id, read, signal, true);
      objects.register(grant.id, { refs: [job.id] });
      return grant.id;
    } catch (error) {
      objects.erase(grant.id);
      throw error;
    }
  }

  async function work(job: Scoring, input: string, size: number, signal: AbortSignal): Promise<void> {
    const done = { rows: 0, failed: 0, bytes: 0, of: size };
    let rows: string | undefined;
    try {
      rows = await parsed(job, input, signal);
      const output = await predicted(job, rows, done, signal);
      done.bytes = size;
      announce(scorings.update(job.id, { state: 'finished', output, done }));
    } catch (error) {
      const fault = faultBody(signal.aborted ? signal.reason : error);
      log.warn({ scoring: job.id, code: fault.code }, 'file of predictions failed');
      if (scorings.look(job.id)) {
        announce(
          scorings.update(job.id, { state: fault.code === 'cancelled' ? 'stopped' : 'failed', error: fault, done }),
        );
      }
    } finally {
      if (rows !== undefined) objects.erase(rows);
    }
  }

  /** Asks for the rows' predictions and writes them, in order; the object that holds them. */
  async function predicted(job: Scoring, rows: string, done: Scoring['done'], signal: AbortSignal): Promise<string> {
    const reader = objects.open(rows);
    const grant = objects.create('scoring');
    const writer = createPack(grant.path, grant);
    const told = throttle(200, () => announce(scorings.update(job.id, { done: { ...done } })));
    type Asked = {
      batch: { columns: string[]; rows: Row[]; bytes: number };
      answers: Promise<(PredictOutput | Fault)[]>;
    };
    const write = ({ batch }: Asked, answers: (PredictOutput | Fault)[]) => {
      const { columns } = batch;
      const head = done.rows === 0 ? lineOf([...columns, ...added]) : '';
      const lines = batch.rows.map((row, i) =>
        lineOf([...columns.map((name) => row[name] ?? ''), ...cellsOf(answers[i])]),
      );
      writer.append(entry, Buffer.from(head + lines.join('')));
      done.rows += batch.rows.length;
      done.failed += answers.filter((answer) => answer instanceof Fault).length;
      done.bytes = batch.bytes;
      told();
    };
    try {
      const asked: Asked[] = [];
      const settle = async () => {
        const first = asked.shift();
        if (first) write(first, await first.answers);
      };
      for await (const batch of batches(reader)) {
        signal.throwIfAborted();
        const answers = ask(job, batch.rows, signal);
        answers.catch(() => undefined);
        asked.push({ batch, answers });
        if (asked.length >= ahead) await settle();
      }
      while (asked.length > 0) await settle();
      writer.finish();
      objects.register(grant.id, { refs: [job.id] });
      return grant.id;
    } catch (error) {
      writer.discard();
      objects.erase(grant.id);
      throw error;
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
        if (store.models.look(deployment.model.id)?.series) {
          throw new Fault(
            'bad_request',
            'a forecast follows from the rows behind, not from one: use neutrino predict, or send them as a history',
          );
        }
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
      for (const { id, input, output } of scorings.list({ state: 'running' }).items) {
        const left = objects.list().filter(({ refs, id: one }) => refs.includes(id) && one !== input && one !== output);
        for (const object of left) objects.erase(object.id);
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

/** The batches that the child made of a file: its columns, rows and how many bytes of it that was. */
async function* batches(reader: PackReader): AsyncGenerator<{ columns: string[]; rows: Row[]; bytes: number }> {
  let columns: string[] | undefined;
  for await (const line of linesOf(reader)) {
    // Our own child wrote it.
    const found = JSON.parse(line) as [number, ...string[][]] | string[];
    if (!columns) {
      columns = found as string[];
      continue;
    }
    const names = columns;
    const [bytes, ...cells] = found as [number, ...string[][]];
    const rows = cells.map((row) => Object.fromEntries(row.map((cell, i) => [names[i] ?? '', cell])));
    yield { columns, rows, bytes };
  }
}

async function* linesOf(reader: PackReader): AsyncGenerator<string> {
  let held: Uint8Array[] = [];
  for await (const chunk of chunksOf(reader)) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      yield Buffer.concat([...held, chunk.subarray(from, end)]).toString('utf8');
      held = [];
      from = end + 1;
    }
    held.push(chunk.subarray(from));
  }
}

const lineOf = (cells: readonly string[]): string => `${cells.map((cell) => csvCell(cell, false)).join(',')}\n`;
