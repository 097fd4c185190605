// What the headers and parameters of a request say about how it is asked, whatever it asks for. Nothing is asked here.
import { type ApplianceConfig, type Call, Fault, type PredictRequest } from '../schema/index.ts';
import { type AskOptions, priorities, type Priority } from '../serve/index.ts';

/** How a model that writes is asked. */
export interface Writing extends Pick<AskOptions, 'onPiece'> {
  generate?: PredictRequest['generate'];
  embed?: boolean;
}

export interface Asked {
  /** Header, path, or the key's own limits. */
  version?: string | undefined;
  key: string;
  options: AskOptions & Writing;
}

/** What headers and parameters say about how a request is asked. */
export function askedBy(
  { caller, header, signal }: Call,
  { limits }: Pick<ApplianceConfig, 'limits'>,
  parameters: Record<string, unknown> = {},
): Asked {
  const options: AskOptions = { signal };
  const deadline =
    header('x-deadline-ms') ??
    (typeof parameters['timeout'] === 'number' ? String(parameters['timeout'] / 1000) : undefined);
  if (deadline !== undefined) {
    const ms = Number(deadline);
    if (!(ms > 0)) throw new Fault('bad_request', `X-Deadline-Ms is ${deadline}; it must be milliseconds above 0`);
    options.deadlineMs = Math.min(ms, limits.predictSeconds * 1000);
  }
  const priority = header('x-priority');
  if (priority !== undefined) {
    const known = priorities.find((one) => one === priority.toLowerCase());
    if (!known) throw new Fault('bad_request', `X-Priority is ${priority}; it must be ${priorities.join(', ')}`);
    options.priority = known;
  } else {
    const own = priorityOf(parameters['priority']);
    if (own) options.priority = own;
  }
  return { version: header('x-model-version'), key: caller.key, options };
}

/** Triton's numbers: 1 is the highest; 0 says nothing. */
function priorityOf(value: unknown): Priority | undefined {
  if (typeof value !== 'number' || value === 0) return undefined;
  return value === 1 ? 'high' : value === 2 ? 'normal' : 'low';
}

/** A shadow is nobody's answer: it goes last and outlives the client. */
export const shadowed = ({
  signal: _signal,
  onPiece: _onPiece,
  ...rest
}: AskOptions & Writing): AskOptions & Writing => ({
  ...rest,
  priority: 'low',
});
