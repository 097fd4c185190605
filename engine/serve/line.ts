// The waiting line in front of a fleet: by priority, then by age; it gives out batches of questions that may run together.
import type { Question } from './ask.ts';
import type { Ask } from './ask.ts';

export const priorities = ['high', 'normal', 'low'] as const;
export type Priority = (typeof priorities)[number];

export interface Line {
  /** Asks, and the rows in them. */
  readonly size: number;
  readonly rows: number;
  add(ask: Ask): void;
  /** True when it was waiting. */
  remove(ask: Ask): boolean;
  /** The ask that goes next. */
  first(): Ask | undefined;
  /** The one that has waited longest. */
  oldest(): Ask | undefined;
  /** Takes out the next ask and those that may run with it, at most `most` rows unless the first has more. */
  take(most: number): Ask[];
  /** Rows that could run with the next ask, itself included. */
  companions(): number;
  clear(): Ask[];
}

/** Every so many batches the lowest priority that waits goes first, so that it is slowed and never starved. */
const turnOfLowest = 8;

/** An empty line. */
export function createLine(): Line {
  const lines: Record<Priority, Set<Ask>> = { high: new Set(), normal: new Set(), low: new Set() };
  /** Rows that wait, by bucket. */
  const buckets = new Map<string, number>();
  let size = 0;
  let rows = 0;
  let batches = 0;
  const order = (): readonly Priority[] =>
    batches % turnOfLowest === turnOfLowest - 1 ? priorities.toReversed() : priorities;
  const first = (): Ask | undefined => {
    for (const priority of order()) {
      for (const ask of lines[priority]) return ask;
    }
    return undefined;
  };
  const remove = (ask: Ask): boolean => {
    if (!lines[ask.priority].delete(ask)) return false;
    size--;
    rows -= ask.rows;
    const left = (buckets.get(ask.bucket) ?? 0) - ask.rows;
    if (left > 0) buckets.set(ask.bucket, left);
    else buckets.delete(ask.bucket);
    return true;
  };
  return {
    get size() {
      return size;
    },
    get rows() {
      return rows;
    },
    add(ask) {
      lines[ask.priority].add(ask);
      size++;
      rows += ask.rows;
      buckets.set(ask.bucket, (buckets.get(ask.bucket) ?? 0) + ask.rows);
    },
    remove,
    first,
    oldest() {
      let found: Ask | undefined;
      for (const priority of priorities) {
        for (const ask of lines[priority]) {
          if (!found || ask.askedAt < found.askedAt) found = ask;
          break;
        }
      }
      return found;
    },
    take(most) {
      const head = first();
      if (!head) return [];
      const batch: Ask[] = [];
      let taken = 0;
      for (const priority of order()) {
        for (const ask of lines[priority]) {
          if (ask.bucket !== head.bucket) continue;
          if (batch.length > 0 && (taken + ask.rows > most || !head.joins)) break;
          batch.push(ask);
          taken += ask.rows;
        }
      }
      for (const ask of batch) remove(ask);
      batches++;
      return batch;
    },
    companions() {
      const head = first();
      return head ? (buckets.get(head.bucket) ?? 0) : 0;
    },
    clear() {
      const all = priorities.flatMap((priority) => [...lines[priority]]);
      for (const ask of all) remove(ask);
      return all;
    },
  };
}

/** Characters of a text from which each further bucket begins: half as much again. */
const textStep = 1.5;
const textFirst = 48;

/**
 * What a question may share a run with: texts of about one length (padding costs as much as text), tensors of one shape
 * but for the batch. `joins` is false for what must run alone.
 */
export function bucketOf(question: Question): { bucket: string; rows: number; joins: boolean } {
  if (question.type === 'infer') {
    const { tensors, outputs } = question;
    const rows = tensors[0]?.dims[0] ?? 1;
    const joins = tensors.every(({ dims }) => dims.length > 0 && dims[0] === rows);
    const shape = tensors.map(({ name, dims }) => `${name}:${dims.slice(1).join('x')}`).join(' ');
    return { bucket: `tensors ${shape} ${outputs?.join(' ') ?? ''}`, rows: Math.max(1, rows), joins };
  }
  const rows = question.inputs.length;
  if (question.generate !== undefined || question.stream || question.embed)
    return { bucket: 'generate', rows, joins: false };
  let longest = 0;
  for (const input of question.inputs) {
    if (typeof input === 'string') longest = Math.max(longest, input.length);
    else
      for (const value of Object.values(input))
        if (typeof value === 'string') longest = Math.max(longest, value.length);
  }
  const step = longest <= textFirst ? 0 : Math.ceil(Math.log(longest / textFirst) / Math.log(textStep));
  return { bucket: `rows ${step}`, rows, joins: true };
}
