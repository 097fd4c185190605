// Quick looks at the bodies of predictions: a body that is plainly what its schema wants needs no walk by the schema, which
// took a tenth of a prediction. What is not plain is no fault yet: the schema decides, and says what is wrong.
import type { RouteName } from './routes.ts';

/** By route: true only for a body that the route's schema would give back as it is. */
export const plainBodies: Partial<Record<RouteName, (body: unknown) => boolean>> = {
  'deployments.predict': isPlainRows,
  'models.predict': isPlainRows,
  'v2.infer': isPlainTensors,
  'v2.versionInfer': isPlainTensors,
};

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isPlainRows(body: unknown): boolean {
  if (!isFields(body)) return false;
  for (const name in body) if (name !== 'inputs') return false;
  const { inputs } = body;
  if (!Array.isArray(inputs) || inputs.length === 0) return false;
  for (const input of inputs as unknown[]) if (typeof input !== 'string' && !isPlainRow(input)) return false;
  return true;
}

function isPlainRow(row: unknown): boolean {
  if (!isFields(row)) return false;
  for (const name in row) {
    const value = row[name];
    const type = typeof value;
    if (type === 'string' || type === 'boolean' || value === null) continue;
    if (type !== 'number' || !Number.isFinite(value)) return false;
  }
  // Its meaning to an object that is copied differs from what was sent.
  return !Object.hasOwn(row, '__proto__');
}

function isPlainTensors(body: unknown): boolean {
  if (!isFields(body)) return false;
  for (const name in body) {
    if (name === 'id') {
      if (typeof body[name] !== 'string') return false;
    } else if (name !== 'inputs' && name !== 'outputs') return false;
  }
  const { inputs, outputs } = body;
  if (!Array.isArray(inputs) || inputs.length === 0) return false;
  for (const input of inputs as unknown[]) if (!isPlainTensor(input)) return false;
  if (outputs === undefined) return !('outputs' in body);
  return Array.isArray(outputs) && (outputs as unknown[]).every(isPlainOutput);
}

function isPlainTensor(tensor: unknown): boolean {
  if (!isFields(tensor)) return false;
  for (const name in tensor)
    if (name !== 'name' && name !== 'shape' && name !== 'datatype' && name !== 'data') return false;
  const { name, shape, datatype, data } = tensor;
  if (typeof name !== 'string' || typeof datatype !== 'string') return false;
  if (!Array.isArray(shape) || !Array.isArray(data)) return false;
  for (const size of shape as unknown[]) if (!Number.isSafeInteger(size) || (size as number) < 0) return false;
  return true;
}

function isPlainOutput(output: unknown): boolean {
  if (!isFields(output)) return false;
  for (const name in output) if (name !== 'name') return false;
  return typeof output['name'] === 'string';
}
