// MLflow's scoring protocol: its forms of a table as inputs, and outputs as its predictions. No HTTP here.
// https://mlflow.org/docs/latest/genai/serving and the `pyfunc` scoring server, `/invocations`.
import { Fault, type Manifest, type PredictInput, type PredictOutput, type RouteInput } from '../schema/index.ts';

type Invocation = RouteInput<'mlflow.invocations'>['body'];

/** The rows of a request in whichever of the forms it is. Fault `bad_request` when it is in none, or in several. */
export function inputsOfInvocation(body: Invocation, manifest: Pick<Manifest, 'features'>): PredictInput[] {
  const forms = (['inputs', 'instances', 'dataframe_split', 'dataframe_records'] as const).filter(
    (name) => body[name] !== undefined,
  );
  if (forms.length !== 1) {
    throw new Fault(
      'bad_request',
      `send one of inputs, instances, dataframe_split, dataframe_records; this has ${forms.length === 0 ? 'none' : forms.join(' and ')}`,
    );
  }
  const columns = manifest.features.map(({ column }) => column);
  const rows = rowsOf(body, columns);
  if (rows.length === 0) throw new Fault('bad_request', `${forms[0]} holds no row`);
  return rows.map((row, i) => rowOf(row, columns, i));
}

function rowsOf(body: Invocation, columns: string[]): unknown[] {
  if (body.dataframe_records) return body.dataframe_records;
  if (body.dataframe_split) {
    const { columns: names, data } = body.dataframe_split;
    return data.map((row, i) => {
      if (row.length !== names.length) {
        throw new Fault(
          'bad_request',
          `dataframe_split.data[${i}] has ${row.length} values for ${names.length} columns`,
        );
      }
      return Object.fromEntries(names.map((name, j) => [name, row[j]]));
    });
  }
  if (body.instances) return body.instances;
  const { inputs } = body;
  if (Array.isArray(inputs)) return inputs;
  if (typeof inputs !== 'object' || inputs === null)
    throw new Fault('bad_request', 'inputs is a list of rows, or an object of columns');
  const given = Object.entries(inputs as Record<string, unknown>);
  const [first] = given;
  if (!first) throw new Fault('bad_request', `inputs has no columns; this model takes ${columns.join(', ')}`);
  const lists = given.map(([name, values]): [string, unknown[]] => [name, Array.isArray(values) ? values : [values]]);
  const length = lists[0]?.[1].length ?? 0;
  const other = lists.find(([, values]) => values.length !== length);
  if (other)
    throw new Fault('bad_request', `inputs.${other[0]} has ${other[1].length} values and inputs.${first[0]} ${length}`);
  return Array.from({ length }, (_, i) => Object.fromEntries(lists.map(([name, values]) => [name, values[i]])));
}

function rowOf(row: unknown, columns: string[], i: number): PredictInput {
  if (typeof row === 'string') return row;
  if (Array.isArray(row)) {
    if (row.length !== columns.length) {
      throw new Fault(
        'bad_request',
        `row ${i} has ${row.length} values; this model takes ${columns.length}: ${columns.join(', ')}`,
      );
    }
    return Object.fromEntries(columns.map((name, j) => [name, row[j] as unknown]));
  }
  if (typeof row === 'object' && row !== null) return row as Record<string, unknown>;
  const [only, another] = columns;
  if (only !== undefined && another === undefined) return { [only]: row };
  throw new Fault('bad_request', `row ${i} is neither an object, a list nor a text`);
}

/** One prediction an output: the label, the value, the text, or the output itself where it is more than that. */
export const predictionOf = (output: PredictOutput): unknown => {
  if ('label' in output) return output.label;
  if ('value' in output) return output.value;
  return 'text' in output ? output.text : output;
};
