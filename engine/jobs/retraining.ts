// Training a deployment's model again with the requests whose right answers came back: the dataset it was trained on and
// those rows become a new dataset, and its run is asked for once more.
import { Readable } from 'node:stream';
import { csvCell, exportDataset, openDataset } from '../data/index.ts';
import { type Call, type Column, Fault, type Handlers, type Run } from '../schema/index.ts';
import type { JobContext } from './context.ts';
import type { Live } from './lives.ts';
import type { Samples } from './samples.ts';

/** Trains the stable model's run again, on its rows and these after them; `conflict` where that cannot be. */
export async function retrain(
  { store, now }: Pick<JobContext, 'store' | 'now'>,
  sources: Pick<Handlers, 'datasets.upload' | 'runs.create'>,
  { name, traffic }: Pick<Live, 'name' | 'traffic'>,
  rows: ReturnType<Samples['labelled']>,
  call: Call,
): Promise<Run> {
  if (rows.length === 0) {
    throw new Fault(
      'conflict',
      `No row of ${name} is kept with its right answer. Set watching.sample above 0 and send labels to its feedback first.`,
    );
  }
  const { stable } = traffic;
  const model = store.models.get(stable?.model.id ?? '');
  const run = model.parentId === undefined ? undefined : store.runs.look(model.parentId);
  if (!run)
    throw new Fault(
      'conflict',
      `${model.name}@${model.version} was not trained here, so that its training cannot be repeated.`,
    );
  const dataset = store.datasets.look(model.dataset);
  const source = dataset?.state === 'ready' ? dataset : undefined;
  const columns = source?.shape?.columns.map((column) => column.name) ?? [
    ...new Set([...(stable?.set.manifest?.features.map(({ column }) => column) ?? []), model.target]),
  ];
  const only = stable?.set.manifest?.features[0]?.column ?? '';
  const lines = rows.map(({ input, label }) => {
    const row = { ...(typeof input === 'string' ? { [only]: input } : input), [model.target]: label };
    return `${columns.map((column) => cellOf((row as Record<string, unknown>)[column])).join(',')}\n`;
  });
  async function* bytes(): AsyncGenerator<Uint8Array> {
    if (source?.object) {
      const reader = openDataset(store.objects.open(source.object));
      try {
        yield* exportDataset(reader, 'csv');
      } finally {
        reader.close();
      }
    } else yield Buffer.from(`${columns.map(cellOf).join(',')}\n`);
    yield Buffer.from(lines.join(''));
  }
  const base = (source?.name ?? model.name).replace(/ with feedback.*$/, '');
  const title = `${base} with feedback ${new Date(now()).toISOString().slice(0, 19).replace('T', ' ')}`;
  const types = Object.fromEntries((source?.shape?.columns ?? []).map((column: Column) => [column.name, column.type]));
  const { 'datasets.upload': upload, 'runs.create': create } = sources;
  const made = await upload(
    {
      params: undefined,
      query: { filename: `${base}.csv`, name: title, options: JSON.stringify({ format: 'csv', types }) },
      body: undefined,
    },
    { ...call, upload: { stream: Readable.from(bytes(), { objectMode: false }) } },
  );
  return create({ params: undefined, query: undefined, body: { ...run.request, dataset: made.id } }, call);
}

const cellOf = (value: unknown): string =>
  value === null || value === undefined ? '' : csvCell(typeof value === 'string' ? value : JSON.stringify(value), true);
