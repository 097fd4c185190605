// What a graph gave as answers for people, by task: which outputs are read, and how a row of them is told. Runs no model.
import type { Tensor } from '../onnx/index.ts';
import { Fault, type Manifest, type PredictOutput, type Task } from '../schema/index.ts';

type Results = Record<string, Tensor>;

interface Reading {
  /** Outputs of the graph that are read. */
  outputs: readonly string[];
  /** Answer of row `row` of the results; `at` is the input's place in the request. */
  read(manifest: Manifest, results: Results, row: number, at: number): PredictOutput;
}

const numbers = (value: Tensor) => value.data as Float32Array | Float64Array;
const strings = (value: Tensor) => value.data as string[];

const classes: Reading = {
  outputs: ['label', 'probabilities'],
  read(manifest, { label, probabilities }, row, at) {
    const width = manifest.classes.length;
    const scores = manifest.classes.map((name, i) => [name, finite(numbers(probabilities)[row * width + i], at)]);
    return { label: strings(label)[row], scores: Object.fromEntries(scores) as Record<string, number> };
  },
};

/** Scores below this are of items that are not to be shown. */
const shown = -1e29;

const readings: Partial<Record<Task, Reading>> = {
  binary: classes,
  multiclass: classes,
  regression: {
    outputs: ['prediction'],
    read: (_, { prediction }, row, at) => ({ value: finite(numbers(prediction)[row], at) }),
  },
  ranking: {
    outputs: ['items', 'scores'],
    read(_, { items, scores }, row, at) {
      const top = items.dims[1];
      const names = strings(items).slice(row * top, (row + 1) * top);
      const own = names.map((item, i) => ({ item, score: finite(numbers(scores)[row * top + i], at) }));
      return { items: own.filter(({ score }) => score > shown) };
    },
  },
  anomaly: {
    outputs: ['anomaly', 'score', 'error', 'columns', 'shares'],
    read(_, { anomaly, score, error, columns, shares }, row, at) {
      const named = columns.dims[1];
      const names = strings(columns).slice(row * named, (row + 1) * named);
      return {
        anomaly: Boolean((anomaly.data as Uint8Array)[row]),
        score: finite(numbers(score)[row], at),
        error: finite(numbers(error)[row], at),
        why: names.map((column, i) => ({ column, share: finite(numbers(shares)[row * named + i], at) })),
      };
    },
  },
};

/** How answers of a model are read from its graph. Fault `bad_graph` for models that answer otherwise. */
export function readingOf({ task, name }: Manifest): Reading {
  const reading = readings[task];
  if (reading) return reading;
  throw new Fault('bad_graph', `the model of ${name} gives no answers of the task ${task}; train it again`);
}

function finite(value: number, index: number): number {
  if (Number.isFinite(value)) return value;
  throw new Fault(
    'bad_input',
    `inputs[${index}]: the model gave no finite number; its values are too far outside the training data`,
  );
}
