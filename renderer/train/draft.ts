// What the train dialog holds while it is filled in, and the request it becomes. Pure.
import { type Column, Fault, type Hyper, mayBeSearched, type TrainRequest } from '../../engine/schema/index.ts';

/** Fields as they stand in the form; empty means the default. */
export interface Draft {
  dataset: string | undefined;
  target: string | undefined;
  /** Column of users, for a ranking of the target's items. */
  user: string | undefined;
  /** How far the target is to go on in time, and which columns say so. */
  forecast: TrainRequest['forecast'];
  budget: string | undefined;
  model: TrainRequest['model'];
  epochs: number | undefined;
  batchSize: number | undefined;
  learningRate: number | undefined;
  optimizer: string | undefined;
  schedule: string | undefined;
  seed: number;
  device: string;
  /** Machines that train along, by id; `all` alone for every one. */
  peers: string[];
  wire: string | undefined;
  /** How those machines meet; as the network allows when left out. */
  sync: string | undefined;
  experiment: string;
  name: string;
  test: string | undefined;
  ignore: string[];
  scaling: string | undefined;
  /** How rows are parted, the column that decides where one does, and shares in percent. */
  splitBy: string | undefined;
  splitColumn: string | undefined;
  /** Of a search; as many as the rows allow when left out. */
  folds: number | undefined;
  testShare: number | undefined;
  validationShare: number | undefined;
  /** One `name = value` a line. */
  hyper: string;
}

/** The form for a request that is known in part, such as one to be run again. */
export function draftOf(start: Partial<TrainRequest>): Draft {
  return {
    dataset: start.dataset,
    target: start.target,
    user: start.ranking?.user,
    forecast: start.forecast,
    budget: start.budget,
    model: start.model ?? 'auto',
    epochs: start.epochs,
    batchSize: start.batchSize,
    learningRate: start.learningRate,
    optimizer: start.optimizer?.kind,
    schedule: start.schedule?.kind,
    seed: start.seed ?? 0,
    device: start.device ?? 'auto',
    peers: start.peers ?? [],
    wire: start.wire,
    sync: start.sync,
    experiment: start.experiment ?? 'default',
    name: start.name ?? '',
    test: start.test,
    ignore: start.ignore ?? [],
    scaling: start.scaling,
    splitBy: start.split?.by,
    splitColumn: start.split?.column,
    folds: start.split?.folds,
    testShare: percent(start.split?.test),
    validationShare: percent(start.split?.validation),
    hyper: Object.entries(start.hyper ?? {})
      .map(([name, value]) => `${name} = ${Array.isArray(value) ? value.join(', ') : String(value)}`)
      .join('\n'),
  };
}

const percent = (share: number | undefined) => (share === undefined ? undefined : Math.round(share * 10_000) / 100);

/** The parting that the form asks for; undefined where all of it is the default. */
function splitOf({ folds, splitBy, splitColumn, testShare, validationShare }: Draft): TrainRequest['split'] {
  if (!splitBy && !testShare && !validationShare && !folds) return undefined;
  const by = (splitBy ?? 'stratified') as 'stratified';
  return {
    by,
    ...(splitColumn && (splitBy === 'group' || splitBy === 'time') ? { column: splitColumn } : {}),
    test: (testShare ?? 10) / 100,
    validation: (validationShare ?? 10) / 100,
    ...(folds ? { folds } : {}),
  };
}

/** Whether a target must be named: what is unusual can be told without one, and a language model takes the longest texts. */
export const needsTarget = ({ model }: Pick<Draft, 'model'>): boolean => model !== 'autoencoder' && model !== 'decoder';

const anyColumn: ReadonlySet<string> = new Set(['two-tower', 'decoder', 'seq2seq']);
/** Whether texts and identifiers can be what is learned: items of a ranking, texts to write. */
export const takesAnyColumn = ({ model }: Pick<Draft, 'model'>): boolean => anyColumn.has(model);

/** Whether nothing beyond the three choices was set, so that the rest may stay folded. */
export function isPlain(draft: Draft): boolean {
  const plain = draftOf({});
  return (Object.keys(plain) as (keyof Draft)[]).every(
    (name) =>
      ['dataset', 'target', 'budget'].includes(name) || JSON.stringify(draft[name]) === JSON.stringify(plain[name]),
  );
}

/** Whether families are searched for, within a time; a line that cannot be read is told when the form is sent. */
export function isSearched(draft: Draft, columns: readonly Column[]): boolean {
  if (draft.hyper.trim() !== '') return false;
  return mayBeSearched(requestOf({ ...draft, dataset: draft.dataset ?? '' }), columns);
}

/** Lines such as `hidden = 128, 64` as hyper-parameters. Throws `bad_request` naming the line. */
export function hyperOf(text: string): Hyper {
  const hyper: Hyper = {};
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const match = /^\s*([\w.-]+)\s*[=:]\s*(.+?)\s*$/.exec(line);
    if (!match) throw new Fault('bad_request', `line ${index + 1} of the hyper-parameters: write “name = value”`);
    const [, name, value] = match as unknown as [string, string, string];
    const parts = value
      .replace(/^\[|\]$/g, '')
      .split(/[,\s]+/)
      .filter(Boolean);
    if (value === 'true' || value === 'false') hyper[name] = value === 'true';
    else if (parts.every((part) => Number.isFinite(Number(part)))) {
      hyper[name] = parts.length > 1 || value.startsWith('[') ? parts.map(Number) : Number(value);
    } else hyper[name] = value;
  }
  return hyper;
}

/** The request that the form asks for; fields left empty are left out. */
export function requestOf(draft: Draft & { dataset: string }): TrainRequest {
  const hyper = hyperOf(draft.hyper);
  const split = splitOf(draft);
  return {
    dataset: draft.dataset,
    ...(draft.target === undefined ? {} : { target: draft.target }),
    ...(draft.user && draft.model === 'two-tower' ? { ranking: { user: draft.user } } : {}),
    ...(draft.forecast ? { forecast: draft.forecast } : {}),
    model: draft.model,
    device: draft.device,
    ...(draft.peers.length > 0 ? { peers: draft.peers } : {}),
    ...(draft.wire && draft.peers.length > 0 ? { wire: draft.wire as 'fp16' } : {}),
    ...(draft.sync && draft.peers.length > 0 ? { sync: draft.sync as 'local' } : {}),
    experiment: draft.experiment.trim() || 'default',
    seed: draft.seed,
    ...(draft.budget ? { budget: draft.budget } : {}),
    ...(draft.epochs ? { epochs: draft.epochs } : {}),
    ...(draft.batchSize ? { batchSize: draft.batchSize } : {}),
    ...(draft.learningRate ? { learningRate: draft.learningRate } : {}),
    ...(draft.optimizer ? { optimizer: { kind: draft.optimizer as 'adam' } } : {}),
    ...(draft.schedule ? { schedule: { kind: draft.schedule as 'cosine' } } : {}),
    ...(draft.name.trim() ? { name: draft.name.trim() } : {}),
    ...(draft.test ? { test: draft.test } : {}),
    ...(draft.ignore.length > 0 ? { ignore: draft.ignore } : {}),
    ...(draft.scaling ? { scaling: draft.scaling as 'quantile' } : {}),
    ...(split ? { split } : {}),
    ...(Object.keys(hyper).length > 0 ? { hyper } : {}),
  };
}
