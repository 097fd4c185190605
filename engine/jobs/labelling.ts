// The labelling table: rows that want a person's eye, labels set by people, their history, and versions made of them. Labels are
// kept as records of their own until a version holds them; nothing of the stored rows changes before.
import { type DatasetReader, nearest, openDataset } from '../data/index.ts';
import {
  type Caller,
  Fault,
  type Handlers,
  type Label,
  type LabelPage,
  type LabelRow,
  type PredictInput,
  type PredictOutput,
  type RecipeStep,
} from '../schema/index.ts';
import type { JobContext } from './context.ts';
import type { Refinery } from './refinery.ts';
import type { WarmModels } from './serving.ts';
import { refineInChild } from './refining.ts';
import { needReady, pendingOf, presentOf, type Ready } from './versions.ts';

type Names = `labels.${'list' | 'set' | 'history' | 'apply'}`;

export interface Labelling {
  handlers: (refinery: Refinery) => Pick<Handlers, `datasets.${Names}`>;
  /** Steps that hold the labels set on the present version. */
  steps: (dataset: Ready) => RecipeStep[];
  /** Marks them as held by a version. */
  applied: (dataset: Ready) => void;
}

/** Rows that a model looks at in one request, spread evenly over the dataset. */
const mostScored = 5000;
const batchRows = 500;

/** The labels of an appliance; `warm` loads models that score rows. */
export function createLabelling(context: JobContext, warm: () => WarmModels): Labelling {
  const { store, events } = context;
  const { datasets, objects, labels, models } = store;

  const readyOf = (idOrName: string): Ready => needReady(datasets.find(idOrName));

  const columnOf = (dataset: Ready, asked: string | undefined): string => {
    const name = asked ?? dataset.shape?.target;
    const names = dataset.shape?.columns.map((column) => column.name) ?? [];
    if (name === undefined)
      throw new Fault('bad_request', `Dataset ${dataset.name} has no likely target: name the column to label.`);
    if (names.includes(name)) return name;
    const [near] = nearest(name, names);
    throw new Fault(
      'bad_request',
      `Dataset ${dataset.name} has no column ${JSON.stringify(name)}.${near ? ` Did you mean ${JSON.stringify(near)}?` : ''}`,
    );
  };

  /** Labels set on the present version, oldest first. */
  const openOf = (dataset: Ready): Label[] =>
    labels
      .list({ parentId: dataset.id, state: 'open', sort: 'createdAt', limit: 100_000 })
      .items.filter(({ version }) => version === presentOf(dataset).version)
      .sort((a, b) => a.seq - b.seq);

  const setOf = (dataset: Ready, column: string): Map<number, string | null> =>
    new Map(
      openOf(dataset)
        .filter((label) => label.column === column)
        .flatMap(({ values }) => values.map(({ row, to }) => [row, to] as const)),
    );

  const pendingCount = (dataset: Ready): number =>
    new Set(openOf(dataset).flatMap(({ column, values }) => values.map(({ row }) => `${column} ${row}`))).size;

  async function withReader<T>(dataset: Ready, use: (reader: DatasetReader) => Promise<T> | T): Promise<T> {
    const reader = openDataset(objects.open(dataset.object));
    try {
      return await use(reader);
    } finally {
      reader.close();
    }
  }

  interface Query {
    column?: string | undefined;
    show: 'missing' | 'unsure' | 'disagree' | 'all';
    model?: string | undefined;
    below?: number | undefined;
    offset: number;
    limit: number;
  }

  async function list(dataset: Ready, query: Query, signal: AbortSignal): Promise<LabelPage> {
    const column = columnOf(dataset, query.column);
    const needsModel = query.show === 'unsure' || query.show === 'disagree';
    if (needsModel && query.model === undefined)
      throw new Fault('bad_request', 'Name the model that shall score the rows: model=NAME.');
    const { model, offset, limit, show } = query;
    const { looked } = await refineInChild(
      context,
      dataset.id,
      {
        do: 'labels',
        dataset: objects.grant(dataset.object),
        look: {
          column,
          set: [...setOf(dataset, column)],
          missing: show === 'missing',
          ...(model === undefined ? { offset, limit, spread: false } : { offset: 0, limit: mostScored, spread: true }),
        },
      },
      signal,
      true,
    );
    const all = dataset.shape?.rows ?? 0;
    const base = {
      column,
      labels: looked.labels,
      version: presentOf(dataset).version,
      of: all,
      pending: pendingCount(dataset),
    };
    if (model === undefined) return { ...base, rows: looked.rows, total: looked.matching, scanned: all };
    const told = await score(looked.rows, model, signal);
    let found = looked.rows.map((row, i) => ({ ...row, predicted: told[i].label, confidence: told[i].confidence }));
    const below = query.below ?? Number.POSITIVE_INFINITY;
    found = found.filter(({ confidence }) => confidence < below);
    if (show === 'disagree') found = found.filter(({ label, predicted }) => label !== null && label !== predicted);
    const sure = show === 'disagree' ? -1 : 1;
    if (needsModel) found.sort((a, b) => sure * (a.confidence - b.confidence) || a.row - b.row);
    return { ...base, rows: found.slice(offset, offset + limit), total: found.length, scanned: looked.rows.length };
  }

  interface Told {
    label: string;
    confidence: number;
  }

  async function score(rows: readonly Pick<LabelRow, 'cells'>[], name: string, signal: AbortSignal): Promise<Told[]> {
    const model = models.find(name);
    if (model.classes.length === 0) throw new Fault('bad_request', `Model ${model.name} predicts no labels.`);
    const serving = await warm().get(model);
    const told: Told[] = [];
    for (let from = 0; from < rows.length; from += batchRows) {
      const inputs: PredictInput[] = rows.slice(from, from + batchRows).map(({ cells }) => cells);
      const { outputs } = await serving.predict(inputs, { signal });
      told.push(...outputs.map(toldBy));
    }
    return told;
  }

  function set(
    dataset: Ready,
    asked: string | undefined,
    values: { row: number; value: string | null }[],
    caller: Caller,
  ) {
    const column = columnOf(dataset, asked);
    if (!pendingOf(dataset))
      throw new Fault(
        'conflict',
        `Steps of ${dataset.name}’s recipe were taken back. Apply the recipe first: neutrino datasets recipe ${dataset.name} apply`,
      );
    const type = dataset.shape?.columns.find(({ name }) => name === column)?.type;
    return withReader(dataset, (reader) => {
      const beyond = values.find(({ row }) => row >= reader.rows);
      if (beyond)
        throw new Fault('bad_request', `There is no row ${beyond.row}: the dataset has rows 0 to ${reader.rows - 1}.`);
      const wrong =
        type === 'number' ? values.find(({ value }) => value !== null && !Number.isFinite(Number(value))) : undefined;
      if (wrong)
        throw new Fault(
          'bad_request',
          `Column ${JSON.stringify(column)} holds numbers; ${JSON.stringify(wrong.value)} is none.`,
        );
      const before = setOf(dataset, column);
      const record = labels.insert({
        state: 'open',
        parentId: dataset.id,
        column,
        version: presentOf(dataset).version,
        values: values.map(({ row, value }) => ({
          row,
          from: before.has(row) ? (before.get(row) ?? null) : (reader.texts(column, row, row + 1)[0] ?? null),
          to: value,
        })),
        by: caller.principal,
      });
      events.emit('dataset.changed', dataset.id, datasets.get(dataset.id));
      return { set: record.values.length, pending: pendingCount(dataset) };
    });
  }

  const steps = (dataset: Ready): RecipeStep[] => {
    const columns = [...new Set(openOf(dataset).map(({ column }) => column))];
    return columns.map((column) => ({
      op: 'label' as const,
      column,
      values: [...setOf(dataset, column)].map(([row, value]) => ({ row, value })).sort((a, b) => a.row - b.row),
    }));
  };
  const applied = (dataset: Ready): void => {
    const open = openOf(dataset);
    store.transaction(() => {
      for (const { id } of open) labels.update(id, { state: 'applied' });
    });
  };

  return {
    steps,
    applied,
    handlers: (refinery) => ({
      'datasets.labels.list': ({ params, query }, { signal }) => list(readyOf(params.id), query, signal),
      'datasets.labels.set'({ params, body }, { caller }) {
        const dataset = readyOf(params.id);
        // A version that is being made does not hold it, and would be taken to.
        refinery.needQuiet(dataset);
        return set(dataset, body.column, body.values, caller);
      },
      'datasets.labels.history'({ params, query }) {
        const dataset = readyOf(params.id);
        const all = labels
          .list({ parentId: dataset.id, limit: 1_000_000 })
          .items.sort((a, b) => b.seq - a.seq)
          .flatMap(({ values, column, version, by, createdAt, state }) =>
            values.map(({ row, from, to }) => ({
              row,
              column,
              from,
              to,
              version,
              by,
              at: createdAt,
              applied: state === 'applied',
            })),
          )
          .filter(({ row }) => query.row === undefined || row === query.row);
        return { items: all.slice(0, query.limit), total: all.length };
      },
      async 'datasets.labels.apply'({ params }) {
        const dataset = readyOf(params.id);
        const made = steps(dataset);
        if (made.length === 0) throw new Fault('conflict', `No label of ${dataset.name} waits to be applied.`);
        const pending = pendingOf(dataset);
        if (!pending || pending.length > 0) {
          throw new Fault(
            'conflict',
            `The recipe of ${dataset.name} has steps that are not applied; apply it, and the labels go with it: neutrino datasets recipe ${dataset.name} apply`,
          );
        }
        const version = await refinery.extend(dataset, made);
        applied(dataset);
        return version;
      },
    }),
  };
}

function toldBy(output: PredictOutput): { label: string; confidence: number } {
  if (!('label' in output)) throw new Fault('bad_request', 'The model predicts no labels.');
  return { label: output.label, confidence: output.scores[output.label] ?? 0 };
}
