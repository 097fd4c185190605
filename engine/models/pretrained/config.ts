// config.json of a Hugging Face folder, read option by option. What a model does not implement is refused by name: a
// model that silently computes something else is worse than none.
import { Fault } from '../../schema/index.ts';

type Plain = string | number | boolean;

/** Options of one config.json. Every reader throws `bad_graph` naming the option, what it found and what it takes. */
export interface Config {
  /** `model_type`. */
  readonly kind: string;
  /** Name of the class that saved the model, such as `BertForSequenceClassification`; '' when the folder does not say. */
  readonly saved: string;
  has(name: string): boolean;
  /** A whole number of at least 1. */
  count(name: string, otherwise?: number): number;
  /** A number of at least 0. */
  real(name: string, otherwise?: number): number;
  text(name: string, otherwise?: string): string;
  flag(name: string, otherwise: boolean): boolean;
  /** Refuses values other than these; an option that is absent passes. */
  only(name: string, values: readonly Plain[]): void;
}

/** Greatest size that any option may name: beyond it a file is damaged or hostile. */
const mostCount = 16_777_216;

const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 80) ?? 'nothing';

/** Reads a parsed config.json; throws `bad_graph` when it is no object or names no model type. */
export function openConfig(raw: unknown): Config {
  const wrong = (message: string) => new Fault('bad_graph', `config.json: ${message}`);
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw wrong('is not an object');
  const options = raw as Record<string, unknown>;
  // null stands for an option that was left out.
  const read = (name: string): unknown => (Object.hasOwn(options, name) ? (options[name] ?? undefined) : undefined);
  const kind = read('model_type');
  if (typeof kind !== 'string') throw wrong('has no "model_type"; save the model with save_pretrained');
  const present = <T>(name: string, otherwise: T | undefined): unknown => {
    const value = read(name) ?? otherwise;
    if (value === undefined) throw wrong(`has no "${name}", which a model of type ${kind} needs`);
    return value;
  };
  const saved = read('architectures');
  return {
    kind,
    saved: Array.isArray(saved) && typeof saved[0] === 'string' ? saved[0] : '',
    has: (name) => read(name) !== undefined,
    count(name, otherwise) {
      const value = present(name, otherwise);
      if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= mostCount) return value;
      throw wrong(`"${name}" must be a whole number from 1 to ${mostCount}, found ${shown(value)}`);
    },
    real(name, otherwise) {
      const value = present(name, otherwise);
      if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value;
      throw wrong(`"${name}" must be a number of at least 0, found ${shown(value)}`);
    },
    text(name, otherwise) {
      const value = present(name, otherwise);
      if (typeof value === 'string') return value;
      throw wrong(`"${name}" must be a text, found ${shown(value)}`);
    },
    flag(name, otherwise) {
      const value = present(name, otherwise);
      if (typeof value === 'boolean') return value;
      throw wrong(`"${name}" must be true or false, found ${shown(value)}`);
    },
    only(name, values) {
      const value = read(name);
      if (value === undefined || values.includes(value as Plain)) return;
      const wanted = values.map(shown).join(' or ');
      throw wrong(`"${name}": ${shown(value)} is not supported by Neutrino's ${kind}, which takes ${wanted}`);
    },
  };
}

/** Classes of a head in the order of its outputs, from `id2label`; `count` names them when the folder does not. */
export function labelsOf(raw: unknown, count: number): string[] {
  const table = (raw as { id2label?: unknown }).id2label;
  return Array.from({ length: count }, (_, i) => {
    const label =
      typeof table === 'object' && table !== null ? (table as Record<string, unknown>)[String(i)] : undefined;
    return typeof label === 'string' ? label : `LABEL_${i}`;
  });
}
