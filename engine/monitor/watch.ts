// The eyes on one deployment: windows of inputs and predictions compared with the training data, requests by the second for
// alerts, the last answers for labels that come back. Everything is bounded, and nothing leaves memory from here.
import type { DriftWindow, PredictInput, PredictOutput } from '../schema/index.ts';
import { compareAll, type Comparer, type Values } from './reference.ts';

/** What was answered. */
export interface Answered {
  id: string;
  model: string;
  version: number;
  inputs: readonly PredictInput[];
  outputs: readonly PredictOutput[];
  ms: number;
}

export interface Reference {
  /** Where it comes from. */
  is: 'rows' | 'figures' | 'none';
  comparers: Comparer[];
}

export interface WatchOptions {
  /** Rows of a window. */
  window: number;
  now?: () => number;
  /** A window is full and compared. */
  onWindow?: (window: DriftWindow) => void;
}

/** Requests of a stretch of time. */
export interface Recent {
  requests: number;
  errors: number;
  /** 95th percentile, ms. */
  p95: number;
  classes: ReadonlyMap<string, number>;
}

export interface Quality {
  labels: number;
  accuracy?: number;
  mae?: number;
}

export interface Watch {
  answered(answer: Answered): void;
  /** A failure that is the caller's own is a request like any other. */
  failed(ms: number, code: string): void;
  /** Rows of the windows that begin from now on. */
  resize(rows: number): void;
  /** Sets or replaces what windows are compared with; the window that is being filled begins anew. */
  compareWith(reference: Reference): void;
  readonly reference: Reference['is'];
  /** Newest first. */
  readonly windows: readonly DriftWindow[];
  readonly filling: number;
  recent(seconds: number): Recent;
  /** Counts a label for an answer that is still known; one that was labelled before counts once, by its last label. */
  label(id: string, index: number, label: string | number | boolean): boolean;
  readonly quality: Quality;
}

const keptWindows = 100;
/** Answered rows that labels may still come back for, over all requests: so many, up to twice as many. */
const keptRows = 50_000;
const keptSeconds = 3600;
const mostTimes = 512;
/** Rows of one request that a window takes at most, so that one file does not fill it alone. */
const mostRows = 10_000;

/** Faults of requests, not of the deployment. */
const callers: ReadonlySet<string> = new Set([
  'bad_input',
  'bad_request',
  'cancelled',
  'payload_too_large',
  'not_found',
]);

interface Said {
  rows: (string | number | null)[];
  /** Labels that came back for them. */
  labels?: Map<number, string | number | boolean>;
}

interface Second {
  at: number;
  requests: number;
  errors: number;
  times: number[];
  classes: Map<string, number>;
}

/** A watch that compares with nothing yet. */
export function createWatch({ window, now = Date.now, onWindow }: WatchOptions): Watch {
  let size = window;
  let reference: Reference = { is: 'none', comparers: [] };
  let values = new Map<string, Values>();
  let rows = 0;
  let began = now();
  let closed = 0;
  const windows: DriftWindow[] = [];
  const seconds: Second[] = [];
  /**
   * What was answered lately and before, by id: the label or value of each row. The older half goes at once: taking the
   * oldest out of one map, answer by answer, would walk over all that was taken out before.
   */
  let said = new Map<string, Said>();
  let saidBefore = new Map<string, Said>();
  let saidRows = 0;
  const labelled = { labels: 0, right: 0, classed: 0, off: 0, valued: 0 };

  function count(was: string | number, label: string | number | boolean, sign: 1 | -1): void {
    labelled.labels += sign;
    if (typeof was === 'number') {
      labelled.valued += sign;
      labelled.off += sign * Math.abs(was - Number(label));
    } else {
      labelled.classed += sign;
      if (was === String(label)) labelled.right += sign;
    }
  }

  function second(): Second {
    const at = Math.floor(now() / 1000);
    const last = seconds.at(-1);
    if (last?.at === at) return last;
    while (seconds.length > 0 && at - (seconds[0]?.at ?? at) > keptSeconds) seconds.shift();
    const made: Second = { at, requests: 0, errors: 0, times: [], classes: new Map() };
    seconds.push(made);
    return made;
  }

  function time(ms: number): Second {
    const entry = second();
    // Of a busy second every so many a request is a fair sample.
    if (entry.times.length < mostTimes) entry.times.push(ms);
    else entry.times[entry.requests % mostTimes] = ms;
    entry.requests++;
    return entry;
  }

  function clear(): void {
    values = new Map(reference.comparers.map(({ subject }) => [subject.name, []]));
    rows = 0;
    began = now();
  }

  function close(model: string, version: number): void {
    const figures = compareAll(reference.comparers, values);
    const done: DriftWindow = {
      window: ++closed,
      rows,
      from: began,
      to: now(),
      model,
      version,
      drifted: figures.some(({ drifted }) => drifted),
      figures,
    };
    windows.unshift(done);
    windows.length = Math.min(windows.length, keptWindows);
    clear();
    onWindow?.(done);
  }

  function take(input: PredictInput, output: PredictOutput | undefined): void {
    for (const { subject } of reference.comparers) {
      const list = values.get(subject.name);
      if (subject.name === predictionName) list?.push(output ? saidOf(output) : null);
      else list?.push(read(typeof input === 'string' ? input : input[subject.name], subject.kind));
    }
    rows++;
  }

  return {
    answered({ id, model, version, inputs, outputs, ms }) {
      const entry = time(ms);
      for (const output of outputs) {
        if ('label' in output) entry.classes.set(output.label, (entry.classes.get(output.label) ?? 0) + 1);
      }
      if (id !== '') {
        if (saidRows >= keptRows) {
          saidBefore = said;
          said = new Map();
          saidRows = 0;
        }
        said.set(id, { rows: outputs.slice(0, mostRows).map(saidOf) });
        saidRows += Math.min(outputs.length, mostRows);
      }
      if (reference.comparers.length === 0) return;
      for (let i = 0; i < Math.min(inputs.length, mostRows); i++) {
        take(inputs[i] ?? '', outputs[i]);
        if (rows >= size) close(model, version);
      }
    },
    failed(ms, code) {
      const entry = time(ms);
      if (!callers.has(code)) entry.errors++;
    },
    resize(next) {
      size = next;
    },
    compareWith(next) {
      reference = next;
      clear();
    },
    get reference() {
      return reference.is;
    },
    windows,
    get filling() {
      return rows;
    },
    recent(within) {
      const from = Math.floor(now() / 1000) - within;
      const own = seconds.filter(({ at }) => at > from);
      const classes = new Map<string, number>();
      for (const entry of own) for (const [name, n] of entry.classes) classes.set(name, (classes.get(name) ?? 0) + n);
      const times = Float64Array.from(own.flatMap((entry) => entry.times)).sort();
      return {
        requests: own.reduce((sum, { requests }) => sum + requests, 0),
        errors: own.reduce((sum, { errors }) => sum + errors, 0),
        p95: times[Math.min(times.length - 1, Math.floor(0.95 * times.length))] ?? 0,
        classes,
      };
    },
    label(id, index, label) {
      const answer = said.get(id) ?? saidBefore.get(id);
      const was = answer?.rows[index];
      if (!answer || was === undefined || was === null) return false;
      const known = (answer.labels ??= new Map());
      // A label that is sent again is the same one, or corrects it.
      const before = known.get(index);
      if (before !== undefined) count(was, before, -1);
      known.set(index, label);
      count(was, label, 1);
      return true;
    },
    get quality() {
      const { labels, right, classed, off, valued } = labelled;
      return {
        labels,
        ...(classed > 0 ? { accuracy: right / classed } : {}),
        ...(valued > 0 ? { mae: off / valued } : {}),
      };
    },
  };
}

/** The subject that stands for what the model answers. */
export const predictionName = 'prediction';

/** What an output says in one word or number; null for what is neither. */
export function saidOf(output: PredictOutput): string | number | null {
  if ('label' in output) return output.label;
  if ('value' in output) return typeof output.value === 'number' ? output.value : null;
  return null;
}

/** A cell as its subject's kind compares it. */
export function read(value: unknown, kind: 'number' | 'category' | 'text'): number | string | null {
  if (value === null || value === undefined || value === '') return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (kind !== 'number') return text;
  if (typeof value === 'number') return value;
  const number = Number(value);
  if (Number.isFinite(number)) return number;
  const date = Date.parse(text);
  return Number.isFinite(date) ? date : null;
}
