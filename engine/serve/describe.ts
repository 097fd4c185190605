// What a deployment takes and gives, told from its manifest: for people, the try-it box and OpenAPI. Runs no model.
import type { Column, FeatureSpec, Manifest, PredictRequest, RouteAnswer } from '../schema/index.ts';

type DeploymentSchema = RouteAnswer<'deployments.schema'>;
type Cell = DeploymentSchema['inputs'][number]['example'];

/** One row a column that the model reads, with allowed or usual values, and a request that can be sent as it is. */
export function describeModel(manifest: Manifest): DeploymentSchema {
  const columns = new Map(manifest.columns.map((column) => [column.name, column]));
  const inputs = manifest.features.map((feature) => {
    const column = columns.get(feature.column);
    const values = valuesOf(feature, column);
    return {
      column: feature.column,
      type: feature.type,
      ...(values ? { values } : {}),
      example: exampleOf(feature, column),
    };
  });
  const { task } = manifest;
  return {
    inputs,
    classes: manifest.classes,
    example: { inputs: [exampleInput(manifest, inputs)] },
    ...(task === 'language-model' || task === 'text-to-text' ? { writes: task } : {}),
    ...(manifest.series ? { series: manifest.series } : {}),
  };
}

/** Rows of an example of a history. */
const exampleSteps = 4;

function exampleInput(manifest: Manifest, inputs: DeploymentSchema['inputs']): PredictRequest['inputs'][number] {
  const { series } = manifest;
  if (series) {
    const row = Object.fromEntries(inputs.map((input) => [input.column, input.example]));
    const last = manifest.columns.find(({ name }) => name === series.time)?.max ?? 0;
    const stepMs = series.step.unit === 'month' ? 0 : series.step.size;
    const history = Array.from({ length: exampleSteps }, (_, i) => {
      const back = exampleSteps - 1 - i;
      const month = new Date(last);
      month.setUTCMonth(month.getUTCMonth() - back * series.step.size, 1);
      const time = series.step.unit === 'month' ? month.getTime() : last - back * stepMs;
      return {
        ...row,
        [series.time]:
          series.step.unit === 'number' ? time : new Date(time).toISOString().replace('T00:00:00.000Z', ''),
      };
    });
    return { history };
  }
  const only = manifest.features.length === 1 ? manifest.features[0] : undefined;
  if (only?.as === 'text') return exampleText;
  return Object.fromEntries(inputs.map((input) => [input.column, input.example]));
}

function valuesOf(feature: FeatureSpec, column: Column | undefined): string[] | undefined {
  if (feature.type === 'boolean') return ['true', 'false'];
  if (feature.as !== 'category' || !column?.top) return undefined;
  return column.top.map((entry) => entry.value);
}

/** Training texts are the user's, so the example is none of them. */
const exampleText = 'A short text to try';

function exampleOf(feature: FeatureSpec, column: Column | undefined): Cell {
  if (feature.as === 'text') return exampleText;
  const middle = column?.quantiles?.[2] ?? column?.mean;
  const top = column?.top?.[0]?.value;
  switch (feature.type) {
    case 'number':
      return middle === undefined ? Number(top ?? 0) || 0 : Number(middle.toPrecision(6));
    case 'date':
      return new Date(middle ?? 0).toISOString();
    case 'boolean':
      return top === 'true' || top === undefined;
    case 'category':
    case 'text':
    case 'identifier':
      return top ?? '';
    // Files are the user's; a missing one is what the middle of them would be.
    case 'image':
    case 'audio':
      return null;
  }
}
