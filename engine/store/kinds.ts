// What the store knows of each kind of record: the prefix of its ids, what people call it, what a search looks at, and in
// which states its name must be its own.
import type { Kind, RecordOf } from '../schema/index.ts';

interface KindRow<R> {
  prefix: string;
  plural: string;
  /** Texts that a search looks at, beside the id. */
  texts: (record: R) => (string | undefined)[];
  /** States in which no other record in these states may have the same name. */
  unique?: readonly string[];
}

export const kindTable: { [K in Kind]: KindRow<RecordOf[K]> } = {
  dataset: {
    prefix: 'ds',
    plural: 'datasets',
    texts: (d) => [d.name, d.source, ...(d.shape?.columns.map((column) => column.name) ?? [])],
    unique: ['importing', 'ready'],
  },
  label: { prefix: 'lbl', plural: 'labels', texts: (l) => [l.column, l.by] },
  experiment: { prefix: 'exp', plural: 'experiments', texts: (e) => [e.name], unique: ['open'] },
  run: {
    prefix: 'run',
    plural: 'runs',
    texts: (r) => [r.name, r.state, r.dataset.name, r.request.target, r.request.model, r.plan?.family, r.model?.name],
  },
  model: {
    prefix: 'mdl',
    plural: 'models',
    texts: (m) => [m.name, `${m.name}@${m.version}`, m.task, m.family, m.target],
  },
  deployment: {
    prefix: 'dep',
    plural: 'deployments',
    texts: (d) => [d.name, d.state, d.model.name],
    unique: ['starting', 'ready', 'failed', 'saved', 'stopping', 'stopped'],
  },
  scoring: { prefix: 'job', plural: 'files of predictions', texts: (j) => [j.name, j.deployment] },
  alert: { prefix: 'alr', plural: 'alerts', texts: (a) => [a.name, a.deployment], unique: ['active'] },
  principal: { prefix: 'prn', plural: 'principals', texts: (p) => [p.name, p.is], unique: ['active', 'disabled'] },
  peer: { prefix: 'peer', plural: 'peers', texts: (p) => [p.name, p.id, ...p.addresses.map((a) => a.host)] },
  key: { prefix: 'key', plural: 'keys', texts: (k) => [k.name, k.role] },
};
