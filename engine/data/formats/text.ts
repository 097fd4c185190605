// CSV, JSON lines and JSON: text that DuckDB parses, in place or out of a FIFO. What a file is is settled in head.ts, how it
// comes here in source.ts.
import type { Readable } from 'node:stream';
import type { ImportOptions, ImportSource } from '../../schema/index.ts';
import type { Duck } from '../duck.ts';
import type { Form } from '../head.ts';
import { loadFault, loadRaw } from '../load.ts';
import { type OpenSource, openSource } from '../source.ts';
import type { LoadContext, Loader, Table } from './loader.ts';

/** Opens a text; `stdin` is where the bytes of a `stream` come from, `directory` is private and may hold a FIFO. */
export async function openText(
  source: Extract<ImportSource, { kind: 'path' | 'stream' }>,
  options: ImportOptions,
  directory: string,
  stdin: () => Readable,
  close?: () => Promise<void>,
): Promise<Loader> {
  const opened = await openSource(source, options, directory, stdin);
  const { form } = opened;
  return {
    file: form.file,
    total: opened.total,
    seen: () => opened.seen(),
    allow: [opened.path],
    settled: settled(form, options),
    load: async ({ duck, signal }: LoadContext): Promise<Table> => ({ names: await load(duck, opened, signal) }),
    fault: (error) => loadFault(form, error),
    async close() {
      opened.close();
      await close?.();
    },
  };
}

/** DuckDB parses while the source is fed or checked; a bad byte found there explains more than what the parser says. */
async function load(duck: Duck, source: OpenSource, signal: AbortSignal): Promise<string[]> {
  const stop = new AbortController();
  const parsing = loadRaw(duck, source.form, source.path);
  const feeding = source.run(AbortSignal.any([signal, stop.signal])).catch((error: unknown) => {
    // Whoever reads must not wait for bytes that will not come.
    duck.interrupt();
    source.close();
    throw error;
  });
  const [parsed, fed] = await Promise.allSettled([
    parsing.catch((error: unknown) => {
      // The check of a file in place may still find the better reason; a FIFO without reader ends by itself.
      setTimeout(() => stop.abort(), 5_000).unref();
      source.close();
      throw error;
    }),
    feeding,
  ]);
  const fedFault = fed.status === 'rejected' && fed.reason instanceof Error && fed.reason.name === 'Fault';
  if (fedFault) throw fed.reason;
  if (parsed.status === 'rejected') throw parsed.reason;
  if (fed.status === 'rejected') throw fed.reason;
  return parsed.value;
}

function settled(form: Form, { types, decimal }: ImportOptions): ImportOptions {
  const csv = form.format === 'csv' ? { delimiter: form.delimiter, header: form.header } : {};
  const marks = form.format === 'csv' && form.quote !== '"' ? { quote: form.quote } : {};
  return {
    format: form.format,
    encoding: form.encoding,
    ...csv,
    ...marks,
    ...(decimal ? { decimal } : {}),
    ...(types ? { types } : {}),
  };
}
