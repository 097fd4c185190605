// Datasets: imports by a child, from a path or an upload; rows and exports from our own encrypted packs; deletion.
// A failed import leaves its record, state `failed` with the reason, until it is deleted or tried again; its name is free.
import { basename, parse } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { deathFault } from '../children/index.ts';
import { type DatasetReader, openDataset } from '../data/index.ts';
import {
  type Caller,
  type ChildPort,
  type Dataset,
  type DatasetGrant,
  type ExportFormat,
  Fault,
  faultBody,
  type FromImporter,
  faultFrom,
  type Handlers,
  type ImportOptions,
  type ImportSource,
  importOptions,
  isRunOver,
  nameFrom,
} from '../schema/index.ts';
import { type JobContext, needDisk, pageOf, throttle } from './context.ts';
import { createCredentials, type Credentials } from './credentials.ts';
import { importablePath } from './paths.ts';
import { createUploads, type Uploads } from './uploads.ts';
import { maskSecret } from './refinery.ts';
import { exportInChild } from './refining.ts';
import { createSpareImporter } from './spare.ts';
import { needReady, numbered, objectsOf, presentOf, type Ready, versionsOf } from './versions.ts';

type Names = 'list' | 'import' | 'upload' | 'show' | 'rows' | 'export' | 'delete';

export interface Datasets {
  handlers: Pick<Handlers, `datasets.${Names}`> & Uploads['handlers'] & Credentials['handlers'];
  /** What a trainer needs of a dataset: its present version, `name@2`, or the one of this content. Faults: `not_found`, `conflict` when it is not ready. */
  grant(idOrName: string, sha256?: string): DatasetGrant;
  /** Imports that a dead appliance left behind fail. */
  recover(): void;
  /** Ends the imports that are going on. */
  close(): Promise<void>;
}

interface Import {
  cancel: AbortController;
  done: Promise<void>;
}

/** The datasets of an appliance. */
export function createDatasets(context: JobContext): Datasets {
  const { config, store, events, leases, log } = context;
  const { datasets, objects } = store;
  const imports = new Map<string, Import>();
  const spare = createSpareImporter(context);
  const uploads = createUploads(context);
  const credentials = createCredentials(context);
  const failedHere = new Set<string>();

  const announce = (dataset: Dataset) => events.emit('dataset.changed', dataset.id, dataset);

  function begin(
    source: ImportSource,
    given: { name?: string | undefined; options?: ImportOptions | undefined },
  ): Dataset {
    // Looked at again: another import may have taken it since the request came.
    needFree(given.name);
    const file = nameFrom(fileOf(source), 'data');
    const name = given.name ?? freeName(nameFrom(parse(file).name || file, 'dataset'));
    const dataset = datasets.insert({ state: 'importing', name, source: file, options: given.options ?? {} });
    // Trying again replaces what went wrong before.
    for (const { id } of datasets.list({ state: 'failed', where: (one) => one.name === name }).items) {
      datasets.remove(id);
      events.emit('dataset.removed', id, { id });
    }
    announce(dataset);
    return dataset;
  }

  /** `begin`, or what was spooled for it is removed. */
  async function beginOr(remove: (() => Promise<void>) | undefined, ...given: Parameters<typeof begin>) {
    try {
      return begin(...given);
    } catch (error) {
      await remove?.();
      throw error;
    }
  }

  /** Refuses a name that is taken before anything is done for it: what was uploaded stays for another try. */
  function needFree(name: string | undefined): void {
    if (name === undefined) return;
    const taken = datasets.list({ state: ['importing', 'ready'], where: (one) => one.name === name }).items[0];
    if (taken)
      throw new Fault('conflict', `there is a dataset called ${taken.name} already; choose another name or delete it`);
  }

  /** A name that no dataset has, from the file's: iris, iris-2, iris-3. */
  function freeName(base: string): string {
    const taken = new Set(datasets.list({ state: ['importing', 'ready'] }).items.map((dataset) => dataset.name));
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}-${n}`;
    return name;
  }

  /** Runs the importer to its end. Never rejects: what went wrong stands in the record. */
  function start(
    dataset: Dataset,
    source: ImportSource,
    after: () => Promise<void> = async () => undefined,
  ): Promise<void> {
    const cancel = new AbortController();
    const stop = () =>
      cancel.abort(new Fault('cancelled', 'The appliance was stopped during this import. Import it again.'));
    context.closing.addEventListener('abort', stop, { once: true });
    const whole = async () => {
      try {
        await work(dataset, source, cancel.signal);
      } finally {
        context.closing.removeEventListener('abort', stop);
        imports.delete(dataset.id);
        await after();
      }
    };
    const done = whole();
    imports.set(dataset.id, { cancel, done });
    return done;
  }

  async function work(dataset: Dataset, source: ImportSource, signal: AbortSignal) {
    const { id } = dataset;
    let object: string | undefined;
    try {
      await needDisk(context, `Importing ${dataset.source}`);
      const memory = config.limits.importerMemory;
      const lease = await leases.wait({ kind: 'importer', holder: id, device: 'cpu', memory }, signal);
      try {
        const pack = objects.create('dataset');
        object = pack.id;
        const child = spare.take(lease.memory);
        const secret = dataset.options.mask ? { secret: maskSecret(context) } : {};
        child.send({ type: 'import', source, options: dataset.options, pack, lease, ...secret });
        const told = throttle(100, (progress: unknown) => events.emit('dataset.progress', id, progress));
        const result = await outcome(child, signal, told);
        const ready = store.transaction(() => {
          const { stored } = objects.register(pack.id, { refs: [id] });
          const { shape, sha256, options, bytes } = result;
          return datasets.update(id, {
            state: 'ready',
            shape,
            sha256,
            options,
            bytes: { source: bytes.source, stored },
            object: pack.id,
          });
        });
        log.info({ dataset: id, rows: result.shape.rows, columns: result.shape.columns.length }, 'imported');
        announce(ready);
      } finally {
        leases.release(lease.id);
        spare.wish();
      }
    } catch (error) {
      const fault = faultBody(signal.aborted ? signal.reason : error);
      log.warn({ dataset: id, code: fault.code, err: error }, 'import failed');
      if (!datasets.look(id)) return;
      const failed = store.transaction(() => {
        if (object) objects.erase(object);
        return datasets.update(id, { state: 'failed', error: fault });
      });
      failedHere.add(id);
      announce(failed);
    }
  }

  const of = (idOrName: string) => datasets.find(idOrName);
  const readyOf = (idOrName: string): Ready => needReady(of(idOrName));
  /** A dataset, or a version of it: `name@2`. */
  const versioned = (text: string): [Ready, number | undefined] => {
    const found = /^(.+)@(\d+)$/.exec(text);
    if (!found || datasets.look(text)) return [readyOf(text), undefined];
    return [readyOf(found[1]), Number(found[2])];
  };
  const shapeIn = (object: string) => {
    const reader = openDataset(objects.open(object));
    try {
      return reader.shape;
    } finally {
      reader.close();
    }
  };
  const withReader = async <T>(dataset: Ready, use: (reader: DatasetReader) => T | Promise<T>) => {
    const reader = openDataset(objects.open(dataset.object));
    try {
      return await use(reader);
    } finally {
      reader.close();
    }
  };

  type Request = Parameters<Handlers['datasets.import']>[0]['body'];
  /** What is to be imported: exactly one of the forms that a request can have. */
  async function sourceOf(
    body: Request,
    caller: Caller,
  ): Promise<{ source: ImportSource; remove?: () => Promise<void> }> {
    const { path, upload, url, text } = body;
    if ([path, upload, url, text].filter((form) => form !== undefined).length !== 1) {
      throw new Fault('bad_request', 'Name one source: path, upload, url or text.');
    }
    if (upload !== undefined) return uploads.take(upload, caller);
    if (url !== undefined) return { source: credentials.sourceOf(url, body.credential, body.query) };
    if (text !== undefined)
      return uploads.take(await uploads.receive(caller, 'pasted.csv', Readable.from([Buffer.from(text)])), caller);
    return { source: { kind: 'path', path: await importablePath(path ?? '', caller, config.importFolders) } };
  }

  return {
    handlers: {
      ...uploads.handlers,
      ...credentials.handlers,
      'datasets.list'({ query }) {
        spare.wish();
        return pageOf<'dataset'>(datasets, query);
      },
      'datasets.show': ({ params }) => of(params.id),
      async 'datasets.import'({ body }, { caller }) {
        needFree(body.name);
        const { source, remove } = await sourceOf(body, caller);
        const dataset = await beginOr(remove, source, body);
        void start(dataset, source, remove);
        return dataset;
      },
      async 'datasets.upload'({ query }, { upload, caller }) {
        if (!upload) throw new Fault('bad_request', 'Send the file as the body of the request.');
        const options = optionsFrom(query.options);
        needFree(query.name);
        spare.wish();
        const id = await uploads.receive(caller, query.filename, upload.stream);
        const { source, remove } = await uploads.take(id, caller);
        const dataset = await beginOr(remove, source, { name: query.name, options });
        await start(dataset, source, remove);
        const after = datasets.get(dataset.id);
        if (after.error) throw faultFrom(after.error as Parameters<typeof faultFrom>[0]);
        return after;
      },
      'datasets.rows': ({ params, query }) => {
        const dataset = readyOf(params.id);
        return withReader(dataset, (reader) => ({ ...reader.preview(query.offset, query.limit), total: reader.rows }));
      },
      'datasets.export': async ({ params, query }, call) => {
        const dataset = readyOf(params.id);
        const type = exportTypes[query.format];
        const grant = objects.grant(dataset.object);
        await exportInChild(context, dataset.id, grant, query.format, call.signal, (bytes) =>
          pipeline(bytes, call.download({ type, filename: `${dataset.name}.${query.format}` }), {
            signal: call.signal,
          }),
        );
        return undefined;
      },
      async 'datasets.delete'({ params }) {
        const dataset = of(params.id);
        const { id } = dataset;
        const user = store.runs.list({
          where: (run) => !isRunOver(run.state) && (run.dataset.id === id || run.test?.id === id),
        });
        const run = user.items[0];
        if (run)
          throw new Fault(
            'conflict',
            `Run ${run.id} is using dataset ${dataset.name}. Stop it first: neutrino runs stop ${run.id}`,
          );
        const running = imports.get(id);
        running?.cancel.abort(new Fault('cancelled', 'The dataset was deleted during its import.'));
        await running?.done;
        store.transaction(() => {
          for (const object of objectsOf(datasets.get(id))) objects.erase(object);
          for (const label of store.labels.list({ parentId: id, limit: 1_000_000 }).items)
            store.labels.remove(label.id);
          datasets.remove(id);
        });
        events.emit('dataset.removed', id, { id });
        return { ok: true as const };
      },
    },
    grant(idOrName, content) {
      const [dataset, asked] = versioned(idOrName);
      const { id, name, shape } = dataset;
      const present = presentOf(dataset);
      const wanted =
        content !== undefined
          ? versionsOf(dataset).find((one) => one.sha256 === content)
          : asked === undefined
            ? present
            : numbered(dataset, asked);
      if (!wanted) {
        throw new Fault('conflict', `Dataset ${name} no longer has the version that is meant.`);
      }
      const { version, sha256, object } = wanted;
      if (!shape) throw new Fault('internal', `dataset ${id} has no shape`);
      return {
        id,
        name,
        sha256,
        version,
        shape: object === dataset.object ? shape : shapeIn(object),
        pack: objects.grant(object),
      };
    },
    recover() {
      spare.wish();
      for (const dataset of datasets.list({ state: 'importing' }).items) {
        const error = faultBody(new Fault('cancelled', 'The appliance ended during this import. Import it again.'));
        datasets.update(dataset.id, { state: 'failed', error });
      }
    },
    async close() {
      spare.close();
      await Promise.all([...imports.values()].map(({ done }) => done));
      await uploads.close();
      // An appliance that lives for one command has told its only caller why.
      for (const id of context.lasting ? [] : failedHere) if (datasets.look(id)) datasets.remove(id);
    },
  };
}

/** The name of what is imported, without where it lies. */
function fileOf(source: ImportSource): string {
  if (source.kind === 'path') return basename(source.path);
  if (source.kind === 'remote')
    return basename(decodeURIComponent(new URL(source.url).pathname)) || new URL(source.url).host;
  return basename(source.name.replaceAll('\\', '/'));
}

/** What the importer found, or why it found nothing. The child is gone, or going, when this settles. */
function outcome(
  child: ChildPort<'importer'>,
  signal: AbortSignal,
  onProgress: (progress: unknown) => void,
): Promise<Extract<FromImporter, { type: 'imported' }>> {
  return new Promise((resolve, reject) => {
    let result: Extract<FromImporter, { type: 'imported' }> | undefined;
    let fault: Error | undefined;
    const cancel = () => {
      fault ??= signal.reason as Error;
      child.kill();
    };
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    child.onMessage((message) => {
      if (message.type === 'progress') onProgress(message.progress);
      if (message.type === 'imported') result = message;
      if (message.type === 'failed') fault ??= faultFrom(message.fault);
      // Its work is done and on disk; it must not linger.
      if (message.type !== 'progress' && message.type !== 'alive') child.kill();
    });
    child.onExit((exit) => {
      signal.removeEventListener('abort', cancel);
      if (fault) reject(fault);
      else if (result) resolve(result);
      else
        reject(deathFault('importer', exit, 'Nothing was imported. Try it again, with a smaller file if it persists.'));
    });
  });
}

const exportTypes: Record<ExportFormat, string> = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/jsonl; charset=utf-8',
  json: 'application/json; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.file',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  sqlite: 'application/vnd.sqlite3',
  zip: 'application/zip',
};

function optionsFrom(text: string | undefined): ImportOptions | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Fault('bad_request', 'The query parameter options is not JSON.');
  }
  const parsed = importOptions.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Fault('bad_request', `options.${issue?.path.join('.')}: ${issue?.message}`);
}
