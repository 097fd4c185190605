import { expect, test } from 'vitest';
import {
  errorBody,
  errorCodes,
  exitCode,
  Fault,
  faultBody,
  faultFrom,
  httpStatus,
} from '../../../engine/schema/index.ts';

test('every code has an HTTP status of an error and an exit code, and nothing else has', () => {
  const codes = [...errorCodes].sort();
  expect(Object.keys(httpStatus).sort()).toEqual(codes);
  expect(Object.keys(exitCode).sort()).toEqual(codes);
  expect(Object.values(httpStatus).filter((status) => status < 400 || status > 599)).toEqual([]);
});

test('exit codes tell the codes apart and leave 0, 1 and those of signals alone', () => {
  const found = Object.values(exitCode);
  expect(new Set(found).size).toBe(found.length);
  expect(found.filter((code) => code < 2 || code > 125)).toEqual([]);
});

test('the statuses that clients act upon', () => {
  const { unauthenticated, key_expired, forbidden, host_refused, not_found, method_not_allowed } = httpStatus;
  expect([unauthenticated, key_expired, forbidden, host_refused, not_found, method_not_allowed]).toEqual([
    401, 401, 403, 421, 404, 405,
  ]);
  const { bad_request, bad_input, payload_too_large, too_many_requests, unavailable, internal } = httpStatus;
  expect([bad_request, bad_input, payload_too_large, too_many_requests, unavailable, internal]).toEqual([
    400, 422, 413, 429, 503, 500,
  ]);
});

test('a fault crosses a boundary and comes back the same', () => {
  const fault = new Fault('bad_data', 'line 3: five fields, four expected', { line: 3 });
  const body = JSON.parse(JSON.stringify(faultBody(fault))) as ReturnType<typeof faultBody>;
  expect(errorBody.parse({ error: body }).error).toEqual(body);
  const back = faultFrom(body);
  expect([back.code, back.message, back.details]).toEqual([fault.code, fault.message, fault.details]);
});

test('what is not a fault crosses as internal', () => {
  expect(faultBody(new TypeError('x is undefined'))).toEqual({ code: 'internal', message: 'x is undefined' });
  expect(faultBody('text')).toEqual({ code: 'internal', message: 'text' });
});
