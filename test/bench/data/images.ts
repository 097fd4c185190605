// `npm run bench -- data/images [COUNT]`: PNG images of 64 × 64 in two class folders, imported (checked, encrypted, hashed), beside bare
// decoding of the same files in the same run.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { importDataset } from '../../../engine/data/index.ts';

const count = Number(process.argv[2] ?? 20_000);
const directory = mkdtempSync(join(tmpdir(), 'neutrino-bench-'));
sharp.concurrency(1);

/** Runs `work` over 0 … count, eight at a time. */
async function all(work: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (next < count) await work(next++);
    }),
  );
}

const pathOf = (i: number) => join(directory, 'set', i % 2 ? 'odd' : 'even', `${String(i).padStart(6, '0')}.png`);

try {
  for (const name of ['odd', 'even']) mkdirSync(join(directory, 'set', name), { recursive: true });
  await all(async (i) => {
    const data = Buffer.alloc(64 * 64 * 3);
    for (let p = 0; p < data.length; p++) data[p] = (p * (1 + (i % 7)) + i * 31 + ((p * p * i) >> 9)) & 0xff;
    writeFileSync(
      pathOf(i),
      await sharp(data, { raw: { width: 64, height: 64, channels: 3 } })
        .png()
        .toBuffer(),
    );
  });
  const rounds: { decoding: number; importing: number; ratio: number; cpu: number }[] = [];
  for (let round = 0; round < 3; round++) {
    let began = performance.now();
    let cpu = process.cpuUsage();
    await all(async (i) =>
      sharp(await readFile(pathOf(i)))
        .raw()
        .toBuffer(),
    );
    const decoding = (performance.now() - began) / 1000;
    const bare = process.cpuUsage(cpu);
    began = performance.now();
    cpu = process.cpuUsage();
    const { shape } = await importDataset({
      source: { kind: 'path', path: join(directory, 'set') },
      options: {},
      pack: { id: `bench_${round}`, path: join(directory, `bench_${round}.sqlite`), key: randomBytes(32) },
      threads: 4,
      memory: 2 * 1024 ** 3,
      signal: new AbortController().signal,
      progress: () => undefined,
    });
    const importing = (performance.now() - began) / 1000;
    const own = process.cpuUsage(cpu);
    if (shape.rows !== count) throw new Error(`${shape.rows} rows`);
    rounds.push({
      decoding,
      importing,
      ratio: importing / decoding,
      cpu: (own.user + own.system) / (bare.user + bare.system),
    });
  }
  const ratio = rounds.map((round) => round.ratio).sort((a, b) => a - b)[1];
  console.log(JSON.stringify({ count, rounds, ratio }, null, 1));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
