// The one table of what can go wrong: each code's HTTP status and exit code. Adding a code without both does not compile.
// Messages are written where the fault is found; they name the thing and say what to do about it.

export const errorCodes = [
  'bad_request',
  'bad_input',
  'bad_data',
  'bad_target',
  'bad_graph',
  'unsupported_operator',
  'unauthenticated',
  'key_expired',
  'forbidden',
  'host_refused',
  'path_refused',
  'untrusted',
  'pairing_refused',
  'not_found',
  'method_not_allowed',
  'conflict',
  'already_running',
  'payload_too_large',
  'too_many_requests',
  'vault_locked',
  'wrong_passphrase',
  'corrupt',
  'newer_version',
  'no_device',
  'out_of_memory',
  'disk_full',
  'not_writable',
  'port_taken',
  'not_running',
  'unreachable',
  'child_died',
  'diverged',
  'cancelled',
  'timeout',
  'unavailable',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** HTTP status by code (RFC 9110). */
export const httpStatus: Record<ErrorCode, number> = {
  bad_request: 400,
  bad_input: 422,
  bad_data: 422,
  bad_target: 422,
  bad_graph: 422,
  unsupported_operator: 422,
  unauthenticated: 401,
  key_expired: 401,
  forbidden: 403,
  host_refused: 421,
  path_refused: 403,
  untrusted: 403,
  pairing_refused: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  already_running: 409,
  payload_too_large: 413,
  too_many_requests: 429,
  vault_locked: 503,
  wrong_passphrase: 401,
  corrupt: 500,
  newer_version: 409,
  no_device: 422,
  out_of_memory: 507,
  disk_full: 507,
  not_writable: 500,
  port_taken: 500,
  not_running: 503,
  unreachable: 502,
  child_died: 502,
  diverged: 422,
  cancelled: 499,
  timeout: 504,
  unavailable: 503,
  internal: 500,
};

/** Process exit code of the command line by code; 0 is success, 1 stays free for the shell and Node itself. */
export const exitCode: Record<ErrorCode, number> = {
  bad_request: 2,
  bad_input: 3,
  bad_data: 4,
  bad_target: 5,
  bad_graph: 6,
  unsupported_operator: 7,
  unauthenticated: 10,
  key_expired: 11,
  forbidden: 12,
  host_refused: 13,
  path_refused: 14,
  untrusted: 15,
  pairing_refused: 16,
  not_found: 20,
  conflict: 21,
  already_running: 22,
  payload_too_large: 23,
  too_many_requests: 24,
  method_not_allowed: 25,
  vault_locked: 30,
  wrong_passphrase: 31,
  corrupt: 32,
  newer_version: 33,
  no_device: 40,
  out_of_memory: 41,
  disk_full: 42,
  not_writable: 43,
  port_taken: 44,
  not_running: 50,
  unreachable: 51,
  child_died: 52,
  diverged: 53,
  cancelled: 54,
  timeout: 55,
  unavailable: 56,
  internal: 70,
};

/** A failure meant for the user: a code from the table, a message that says what to do, and structured details. */
export class Fault extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, details?: Record<string, unknown>, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Fault';
    this.code = code;
    this.details = details;
  }
}

/** What crosses a process or network boundary in place of a Fault. */
export interface FaultBody {
  code: ErrorCode;
  message: string;
  details?: Record<string, unknown>;
}

/** Any thrown value as a body for the wire; what is not a Fault becomes `internal` with its message. */
export function faultBody(error: unknown): FaultBody {
  if (error instanceof Fault) {
    return { code: error.code, message: error.message, ...(error.details ? { details: error.details } : {}) };
  }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}

/** The inverse of `faultBody`, on the receiving side. */
export function faultFrom(body: FaultBody): Fault {
  return new Fault(body.code, body.message, body.details);
}
