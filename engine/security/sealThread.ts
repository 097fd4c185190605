// Entry of a thread that seals: blob after blob under the one key that it was given. Loads nothing more than that takes.
import { createSecretKey } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import type { SealAsk, Sealed } from './sealers.ts';
import { compress, encrypt, free } from './sealing.ts';

const key = createSecretKey(workerData as Uint8Array);

parentPort?.on('message', ({ id, plain, aad }: SealAsk) => {
  const packed = compress(plain);
  const sealed = encrypt(key, plain, packed, aad);
  if (packed) free(packed);
  parentPort?.postMessage({ id, sealed } satisfies Sealed, [sealed.buffer]);
});
