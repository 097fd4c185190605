// What went wrong between client and appliance, as a Fault that says what to do.
import { type ErrorCode, errorBody, errorCodes, Fault, httpStatus } from '../schema/index.ts';

/** The fault that an error answer carries. */
export async function faultOf(response: Response): Promise<Fault> {
  const text = await response.text().catch(() => '');
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return stranger(response);
  }
  const parsed = errorBody.safeParse(body);
  if (parsed.success) {
    const { code, message, details } = parsed.data.error;
    return new Fault(isCode(code) ? code : codeOf(response.status), message, details);
  }
  const message = (body as { error?: unknown } | null)?.error;
  return typeof message === 'string' ? new Fault(codeOf(response.status), message) : stranger(response);
}

/** Why no answer came at all. */
export function networkFault(error: unknown, url: string, signal: AbortSignal | undefined): Fault {
  if (error instanceof Fault) return error;
  if (signal?.aborted) {
    return signal.reason instanceof Fault ? signal.reason : new Fault('cancelled', 'cancelled', undefined, error);
  }
  const code = systemCode(error);
  if (code === 'ECONNREFUSED') {
    return new Fault(
      'not_running',
      `nothing answers at ${url}; start the appliance with: neutrino start`,
      { url },
      error,
    );
  }
  if (code !== undefined && /CERT|SELF_SIGNED|TLS|SSL|UNABLE_TO/.test(code)) {
    const remedy = 'trust its authority with NODE_EXTRA_CA_CERTS=FILE';
    return new Fault('unreachable', `the certificate of ${url} is not trusted (${code}); ${remedy}`, { url }, error);
  }
  const why = code === undefined ? '' : ` (${code})`;
  const remedy = 'check the address, the network and that the appliance runs';
  return new Fault('unreachable', `${url} cannot be reached${why}; ${remedy}`, { url }, error);
}

/** Node hides the system's error code in a chain of causes, or in a list when it tried several addresses. */
function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  if ('errors' in error && Array.isArray(error.errors)) return systemCode(error.errors[0]);
  return 'cause' in error ? systemCode(error.cause) : undefined;
}

function stranger(response: Response): Fault {
  const message = `HTTP ${response.status} without a Neutrino answer; is ${response.url} an appliance?`;
  return new Fault(response.status >= 500 ? 'unreachable' : codeOf(response.status), message);
}

const isCode = (code: string): code is ErrorCode => (errorCodes as readonly string[]).includes(code);

/** The first code with this status, for answers that carry none. */
const codeOf = (status: number): ErrorCode => errorCodes.find((code) => httpStatus[code] === status) ?? 'internal';
