// Guards of one deployment: how much each key may ask, inputs unlike the training data, rounded answers. It holds counts in
// memory and hands those that must outlive a restart to its owner.
import {
  Fault,
  type FeatureSpec,
  type Manifest,
  type PredictInput,
  type PredictOutput,
  type Protection,
  type WireTensor,
} from '../schema/index.ts';
import { cellsOf, roundTensors } from './cells.ts';

/** Rows that a key asked for: today (days since 1970, UTC) and in all. */
export interface Spent {
  day: number;
  today: number;
  total: number;
}

export interface Guard {
  /** Counts a request or throws `too_many_requests` (with `retryAfter` where waiting helps), `payload_too_large`. */
  admit(key: string, rows: number): void;
  /** Counts rows that are no request of their own, by day and in all; throws `too_many_requests` as `admit` does. */
  spend(key: string, rows: number): void;
  /** Warnings about inputs unlike the training data; throws `bad_input` where the deployment refuses them. */
  check(inputs: readonly PredictInput[]): string[];
  /** The same for rows that come as the model's own tensors, as far as these tell columns. */
  checkTensors(tensors: readonly WireTensor[]): string[];
  /** Outputs with the decimals that are given away. */
  round(outputs: PredictOutput[]): PredictOutput[];
  roundTensors(tensors: WireTensor[]): WireTensor[];
  /** Throws `payload_too_large` for an answer of more bytes than are given away; `size` is asked where there is such a limit. */
  weigh(size: () => number): void;
  /** What each key has spent, to be kept; undefined when nothing is counted or has changed since. */
  changed(): Record<string, Spent> | undefined;
}

const dayMs = 86_400_000;
const mostWarnings = 20;

/** Guards by these rules; `spent` is what was kept. */
export function createGuard(
  rules: Protection,
  manifest: () => Pick<Manifest, 'features' | 'columns'> | undefined,
  spent: Record<string, Spent> = {},
  now: () => number = Date.now,
): Guard {
  const keys = new Map(Object.entries(spent));
  const buckets = new Map<string, { tokens: number; at: number }>();
  const { rowsPerDay, rowBudget, requestsPerMinute } = rules;
  const counts = rowsPerDay !== undefined || rowBudget !== undefined;
  let dirty = false;
  let known: { of: unknown; fields: Map<string, Checked> } | undefined;

  function spend(key: string, rows: number): void {
    if (!counts) return;
    const day = Math.floor(now() / dayMs);
    const held = keys.get(key) ?? { day, today: 0, total: 0 };
    const today = held.day === day ? held.today : 0;
    if (rowsPerDay !== undefined && today + rows > rowsPerDay) {
      const retryAfter = Math.ceil(((day + 1) * dayMs - now()) / 1000);
      throw new Fault(
        'too_many_requests',
        `this key may have ${rowsPerDay} rows a day answered here and has used ${today}; the next day begins in ${Math.ceil(retryAfter / 3600)} h`,
        { retryAfter },
      );
    }
    if (rowBudget !== undefined && held.total + rows > rowBudget) {
      throw new Fault(
        'too_many_requests',
        `this key's budget of ${rowBudget} rows here is used up (${held.total}); ask the owner of the deployment for more`,
      );
    }
    keys.set(key, { day, today: today + rows, total: held.total + rows });
    dirty = true;
  }

  function pace(key: string, perMinute: number): void {
    const at = now();
    const bucket = buckets.get(key) ?? { tokens: perMinute, at };
    bucket.tokens = Math.min(perMinute, bucket.tokens + ((at - bucket.at) * perMinute) / 60_000);
    bucket.at = at;
    buckets.set(key, bucket);
    if (bucket.tokens < 1) {
      const retryAfter = Math.max(1, Math.ceil(((1 - bucket.tokens) * 60) / perMinute));
      throw new Fault(
        'too_many_requests',
        `this key may make ${perMinute} requests a minute here; wait ${retryAfter} s`,
        { retryAfter },
      );
    }
    bucket.tokens--;
  }

  function checks(): ReadonlyMap<string, Checked> {
    const current = manifest();
    if (!current) return new Map();
    if (known?.of !== current) {
      const made = current.features.map((feature) => [feature.column, checkOf(feature, current)] as const);
      known = { of: current, fields: new Map(made.flatMap(([name, check]) => (check ? [[name, check]] : []))) };
    }
    return known.fields;
  }

  function judge({ kind, wrong }: Checked, value: unknown, where: string, warnings: string[]): void {
    if (value === undefined || value === null || value === '') return;
    const what = rules[kind] === 'allow' ? undefined : wrong(value);
    if (what === undefined) return;
    const words = `${where}: ${what}`;
    if (rules[kind] === 'refuse')
      throw new Fault('bad_input', `${words}; this deployment refuses what it was not trained on`);
    if (warnings.length < mostWarnings) warnings.push(words);
  }

  const strict = rules.unseen !== 'allow' || rules.outOfRange !== 'allow';
  return {
    admit(key, rows) {
      if (rules.maxRows !== undefined && rows > rules.maxRows) {
        throw new Fault(
          'payload_too_large',
          `${rows} rows in one request; this deployment takes ${rules.maxRows} at a time`,
        );
      }
      if (requestsPerMinute !== undefined) pace(key, requestsPerMinute);
      spend(key, rows);
    },
    spend,
    check(inputs) {
      if (!strict) return [];
      const warnings: string[] = [];
      const fields = [...checks()];
      for (const [i, input] of inputs.entries()) {
        if (typeof input === 'string') continue;
        for (const [column, checked] of fields) judge(checked, input[column], `inputs[${i}].${column}`, warnings);
      }
      return warnings;
    },
    checkTensors(tensors) {
      if (!strict) return [];
      const warnings: string[] = [];
      const fields = checks();
      for (const { row, column, value } of cellsOf(tensors, manifest()?.features ?? [])) {
        const checked = fields.get(column);
        if (checked) judge(checked, value, `row ${row}, column ${column}`, warnings);
      }
      return warnings;
    },
    round(outputs) {
      const { decimals } = rules;
      if (decimals === undefined) return outputs;
      const cut = (value: number) => Number(value.toFixed(decimals));
      return outputs.map((output) => {
        if ('scores' in output) {
          return {
            ...output,
            scores: Object.fromEntries(Object.entries(output.scores).map(([name, value]) => [name, cut(value)])),
          };
        }
        return 'value' in output && typeof output.value === 'number' ? { ...output, value: cut(output.value) } : output;
      });
    },
    roundTensors: (tensors) => (rules.decimals === undefined ? tensors : roundTensors(tensors, rules.decimals)),
    weigh(size) {
      if (rules.maxAnswer === undefined) return;
      const bytes = size();
      if (bytes > rules.maxAnswer)
        throw new Fault(
          'payload_too_large',
          `the answer would have ${bytes} bytes; this deployment gives ${rules.maxAnswer}; ask for fewer rows at once`,
        );
    },
    changed() {
      if (!dirty) return undefined;
      dirty = false;
      return Object.fromEntries(keys);
    },
  };
}

interface Checked {
  kind: 'unseen' | 'outOfRange';
  /** What is wrong with a value, if something is. */
  wrong: (value: unknown) => string | undefined;
}

function checkOf(feature: FeatureSpec, { columns }: Pick<Manifest, 'columns'>): Checked | undefined {
  const column = columns.find(({ name }) => name === feature.column);
  if (!column) return undefined;
  const { min, max, top, distinct } = column;
  if (feature.as === 'numeric' && min !== undefined && max !== undefined) {
    const wrong = (value: unknown) => {
      const number = feature.type === 'date' ? Date.parse(String(value)) : Number(value);
      if (!Number.isFinite(number) || (number >= min && number <= max)) return undefined;
      return `${String(value).slice(0, 40)} is outside the training data's ${min} to ${max}`;
    };
    return { kind: 'outOfRange', wrong };
  }
  // Where only the most frequent values are known, a rare one cannot be told from a new one.
  if (feature.as !== 'category' || !top || top.length < distinct) return undefined;
  const values = new Set(top.map(({ value }) => value));
  const wrong = (value: unknown) =>
    values.has(String(value)) ? undefined : `"${String(value).slice(0, 40)}" did not occur in the training data`;
  return { kind: 'unseen', wrong };
}
