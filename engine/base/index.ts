// Small things that every folder needs and none owns. The list is closed: see ARCHITECTURE.md before adding to it.
export { assert, must } from './assert.ts';
export { type BackoffOptions, backoffMs } from './backoff.ts';
export { bytesOf, concat, equalBytes, fromUtf8, hex, newId, residentBytes, sha256, utf8 } from './bytes.ts';
export { type Clock, systemClock } from './clock.ts';
export { type Log, openLog, silentLog } from './log.ts';
export { type Rng, rng } from './rng.ts';
export { wasm, wasmAddresses, type WasmCode, wasmModule, wasmType } from './wasm.ts';
