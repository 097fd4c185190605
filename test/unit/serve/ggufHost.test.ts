// llama.cpp is an optional package: where it is installed, its host writes with a tiny model; where not, the host says what to do.
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writerManifest } from '../../../engine/bundle/index.ts';
import { openGgufHost } from '../../../engine/serve/index.ts';
import type { ModelHost } from '../../../engine/serve/index.ts';
import { tinyGguf } from '../models/tinyGguf.ts';

const isInstalled = (() => {
  try {
    createRequire(import.meta.url).resolve('node-llama-cpp');
    return true;
  } catch {
    return false;
  }
})();
const template =
  "{% for message in messages %}{{ message.role + ': ' + message.content + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}";
const half = Math.ceil(tinyGguf({ template }).length / 2);
const file = {
  chunks: 2,
  chunk: (i: number) => tinyGguf({ template }).subarray(i * half, (i + 1) * half),
};

test.skipIf(isInstalled)('without llama.cpp the host says what to install', async () => {
  await expect(openGgufHost(writerManifest([], []), file)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('npm install node-llama-cpp'),
  });
});

describe.skipIf(!isInstalled)('with llama.cpp', () => {
  let host: ModelHost;
  beforeAll(async () => {
    host = await openGgufHost(writerManifest([], []), file);
  }, 60_000);
  afterAll(() => host.dispose());

  test('texts are written, the same ones again, and told piece by piece', async () => {
    const generate = { maxTokens: 12 };
    const pieces: string[] = [];
    const [whole] = await host.predict(['hello'], { generate });
    const [told] = await host.predict(['hello'], { generate, piece: (text) => pieces.push(text) });
    expect(told).toEqual(whole);
    expect(whole).toMatchObject({ text: pieces.join(''), tokens: { written: expect.any(Number) } });
    expect('logProbability' in whole && whole.logProbability).toBeLessThan(0);
  });

  test('several are written side by side, and one that nobody waits for ends', async () => {
    const write = async () => {
      const [output] = await host.predict(['one'], { generate: { maxTokens: 4 } });
      return 'text' in output ? output.tokens : undefined;
    };
    const tokens = await write();
    expect(tokens?.written).toBeGreaterThan(0);
    expect(await Promise.all(Array.from({ length: 6 }, write))).toEqual(Array.from({ length: 6 }, () => tokens));
    const [left] = await host.predict(['one'], { generate: { maxTokens: 100 }, cancelled: () => true });
    expect(left).toMatchObject({ tokens: { written: 0 } });
  });

  test('conversations are written as the file says, and stop words end them', async () => {
    const messages = [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: 'hello' },
    ];
    const [said] = await host.predict([{ messages }], { generate: { maxTokens: 10 } });
    if (!('text' in said)) throw new Error('no text');
    expect(said.tokens.prompt).toBeGreaterThan(10);
    const stop = said.text.slice(3, 5);
    const [cut] = await host.predict([{ messages }], { generate: { maxTokens: 10, stop: [stop] } });
    expect(cut).toMatchObject({ text: said.text.slice(0, said.text.indexOf(stop)), finish: 'stop' });
  });

  test('vectors have length 1; what cannot be asked is refused', async () => {
    const [output] = await host.predict(['hello'], { embed: true });
    if (!('embedding' in output)) throw new Error('no vector');
    expect(output.embedding).toHaveLength(64);
    expect(Math.hypot(...output.embedding)).toBeCloseTo(1, 5);
    await expect(host.predict([{ size: 1 }])).rejects.toMatchObject({ code: 'bad_input' });
    await expect(host.predict(['x'.repeat(400)])).rejects.toMatchObject({ code: 'bad_input' });
    await expect(host.predict(['x'], { generate: { beams: 4 } })).rejects.toMatchObject({ code: 'bad_request' });
    await expect(host.infer([])).rejects.toMatchObject({ code: 'bad_input' });
  });
});
