// Bodies of answers, never taken on trust: no more bytes than were asked for, and none that drip in for hours. Knows nothing of
// what they hold.
import { Readable } from 'node:stream';
import { Fault } from '../../../schema/index.ts';

/** A sender must bring this many bytes in each of these spans, ms. */
const [leastBytes, spanMs] = [4096, 30_000];

const tooSlow = (host: string): Fault =>
  new Fault('unreachable', `${host} has stopped sending. Check the network and import it again.`);

/** The pieces of a body as they come. Throws `unreachable` when they stop coming. */
async function* piecesOf(response: Response, host: string): AsyncGenerator<Buffer> {
  if (!response.body) return;
  const reader = response.body.getReader();
  let [since, got] = [performance.now(), 0];
  try {
    for (;;) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(tooSlow(host)), spanMs);
      });
      const { done, value } = await Promise.race([reader.read(), late])
        .catch((error: unknown) => {
          if (error instanceof Fault) throw error;
          const why = `${host} broke off before everything had arrived. Import it again.`;
          throw new Fault('unreachable', why, undefined, error);
        })
        .finally(() => clearTimeout(timer));
      if (done) return;
      got += value.length;
      const passed = performance.now() - since;
      if (passed > spanMs) {
        if (got < leastBytes) throw tooSlow(host);
        [since, got] = [performance.now(), 0];
      }
      yield Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The body as a stream. */
export const bodyOf = (response: Response, host: string): Readable =>
  Readable.from(piecesOf(response, host), { objectMode: false });

/** The whole body; undefined when it is longer than `most`, of which no more is taken. */
export async function bytesOfBody(response: Response, host: string, most: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const piece of piecesOf(response, host)) {
    size += piece.length;
    if (size > most) return undefined;
    parts.push(piece);
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

/** Greatest list or status of a store, bytes. */
const mostWords = 16 * 1024 * 1024;

/** A list or status as text. Throws `bad_data` when it has no end. */
export async function wordsOf(response: Response, host: string): Promise<string> {
  const bytes = await bytesOfBody(response, host, mostWords);
  if (!bytes)
    throw new Fault('bad_data', `${host} answers with more than 16 MiB where a list was asked for. Check the address.`);
  return bytes.toString('utf8');
}
