// Who is let in and who is not, over real sockets: roles, wrong and old keys, forged Host and Origin, paths, sizes, ports.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findAppliance } from '../../engine/appliance.ts';
import { createClient } from '../../engine/client/index.ts';
import type { FaultBody, Role } from '../../engine/schema/index.ts';
import { faultOf, importPath, launch, makePlace, type Place, type Running } from './parts/appliance.ts';
import { flowers } from './parts/data.ts';

let place: Place;
let appliance: Running;
let outside: string;
let inside: string;
beforeAll(async () => {
  place = makePlace();
  const folder = join(place.root, 'shared');
  mkdirSync(folder);
  outside = flowers(place, 30, 'outside.csv');
  inside = flowers(place, 30, join('shared', 'inside.csv'));
  symlinkSync(outside, join(folder, 'link.csv'));
  appliance = await launch(place, { importFolders: [folder], limits: { body: 65_536, upload: 100_000, freeDisk: 0 } });
});
afterAll(async () => {
  await appliance?.stop();
  place.remove();
});

async function clientOf(role: Role, more: Record<string, unknown> = {}) {
  const made = await appliance.client.call('keys.create', { body: { role, name: role, ...more } });
  return { client: createClient({ url: appliance.url, key: made.secret }), ...made };
}

/** A raw request, for headers that a client would not send. */
function raw(path: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const ask = httpRequest(new URL(path, appliance.url), { headers }, (answer) => {
      let body = '';
      answer.on('data', (chunk: Buffer) => (body += chunk.toString()));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    ask.on('error', reject);
    ask.end();
  });
}

describe('roles', () => {
  it('let a predictor predict and nothing else, a trainer train, a deployer deploy', async () => {
    const [predictor, trainer, deployer] = await Promise.all(
      ['predictor', 'trainer', 'deployer'].map((r) => clientOf(r as Role)),
    );
    const codes = async (client: ReturnType<typeof createClient>) =>
      Promise.all([
        client.call('datasets.list', {}).then(
          () => 'ok',
          (e: FaultBody) => e.code,
        ),
        client.call('runs.create', { body: { dataset: 'none' } }).then(
          () => 'ok',
          (e: FaultBody) => e.code,
        ),
        client.call('deployments.create', { body: { model: 'none' } }).then(
          () => 'ok',
          (e: FaultBody) => e.code,
        ),
        client.call('keys.list', {}).then(
          () => 'ok',
          (e: FaultBody) => e.code,
        ),
        client.call('audit.list', {}).then(
          () => 'ok',
          (e: FaultBody) => e.code,
        ),
      ]);
    expect(await codes(predictor.client)).toEqual(Array(5).fill('forbidden'));
    expect(await codes(trainer.client)).toEqual(['ok', 'not_found', 'forbidden', 'forbidden', 'forbidden']);
    expect(await codes(deployer.client)).toEqual(['forbidden', 'forbidden', 'not_found', 'forbidden', 'forbidden']);
    const { entries } = await appliance.client.call('audit.list', { query: { limit: 1000 } });
    expect(entries.filter(({ outcome }) => outcome === 'refused').length).toBeGreaterThanOrEqual(11);
  });

  it('end with the key: revoked, expired, unknown or malformed', async () => {
    const { client, key } = await clientOf('trainer');
    await client.call('datasets.list', {});
    await appliance.client.call('keys.revoke', { params: { id: key.id } });
    expect(await faultOf(client.call('datasets.list', {}))).toMatchObject({ code: 'unauthenticated' });
    const short = await clientOf('trainer', { days: 1 / 86_400_000 });
    expect(await faultOf(short.client.call('datasets.list', {}))).toMatchObject({ code: 'key_expired' });
    for (const wrong of [`nk_${'0'.repeat(16)}_${'0'.repeat(64)}`, 'nonsense']) {
      const stranger = createClient({ url: appliance.url, key: wrong });
      expect(await faultOf(stranger.call('datasets.list', {}))).toMatchObject({ code: 'unauthenticated' });
    }
  });
});

describe('forged requests', () => {
  it('are refused by Host and by Origin', async () => {
    const authorization = `Bearer ${appliance.token}`;
    const path = '/api/v1/datasets';
    expect((await raw(path, { authorization })).status).toBe(200);
    for (const headers of [
      { host: 'evil.example' },
      { host: 'neutrino.evil.example:7317' },
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { host: 'evil.example', origin: 'http://evil.example' },
    ]) {
      const answer = await raw(path, { authorization, ...(headers as Record<string, string>) });
      expect([answer.status, JSON.parse(answer.body)]).toMatchObject([421, { error: { code: 'host_refused' } }]);
    }
  });
});

describe('paths on the server', () => {
  it('are for the same user, or below the listed folders', async () => {
    const { client } = await clientOf('admin');
    expect(await importPath(client, inside)).toMatchObject({ state: 'ready', name: 'inside' });
    for (const path of [
      outside,
      join(place.root, 'shared', 'link.csv'),
      join(place.root, 'shared/../outside.csv'),
      '/etc/passwd',
    ]) {
      expect(await faultOf(client.call('datasets.import', { body: { path } }))).toMatchObject({ code: 'path_refused' });
    }
    expect(await importPath(appliance.client, outside)).toMatchObject({ state: 'ready', name: 'outside' });
    expect(await importPath(appliance.client, outside)).toMatchObject({ state: 'ready', name: 'outside-2' });
  });
});

describe('sizes', () => {
  it('that are too great are refused before they fill anything', async () => {
    const inputs = Array.from({ length: 20_000 }, () => 'text');
    const body = await faultOf(appliance.client.call('models.predict', { params: { id: 'none' }, body: { inputs } }));
    expect(body.code).toBe('payload_too_large');
    const upload = appliance.client.upload('datasets.upload', new Uint8Array(200_000).fill(48), {
      query: { filename: 'big.csv', name: 'big' },
    });
    expect(await faultOf(upload)).toMatchObject({ code: 'payload_too_large' });
    // The same, when the length is not told beforehand.
    const pieces = async function* () {
      yield Buffer.from('a,b\n');
      for (let i = 0; i < 200; i++) yield Buffer.from('1,2\n'.repeat(250));
    };
    const streamed = appliance.client.upload('datasets.upload', pieces(), {
      query: { filename: 'big.csv', name: 'big' },
    });
    expect(await faultOf(streamed)).toMatchObject({ code: 'payload_too_large' });
    const left = await appliance.client.call('datasets.list', { query: { search: 'big' } });
    expect(left.items.filter(({ state }) => state !== 'failed')).toEqual([]);
  });
});

describe('starting', () => {
  const start = (settings: Record<string, unknown>, at = makePlace()) =>
    launch(at, settings)
      .then(
        async (running) => {
          await running.stop();
          return 'started';
        },
        (fault: FaultBody) => fault,
      )
      .finally(() => at.remove());

  it('says when the port is taken', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    const fault = await start({ port });
    server.close();
    expect(fault).toMatchObject({ code: 'port_taken', message: expect.stringContaining(String(port)) });
  });

  it('says when the data directory cannot be written', async () => {
    const at = makePlace();
    writeFileSync(join(at.root, 'file'), '');
    chmodSync(join(at.root, 'file'), 0o400);
    const fault = await start({ dataDir: join(at.root, 'file', 'data') }, at);
    expect(fault).toMatchObject({ code: 'not_writable' });
  });

  it('asks for a passphrase once there is one, and takes no wrong one', async () => {
    const at = makePlace();
    const withPhrase = (phrase: string) => ({ ...at, env: { ...at.env, TEST_PASSPHRASE: phrase } });
    const first = await launch(withPhrase('correct horse battery'));
    await first.stop();
    expect(await launch(at).catch((fault: unknown) => fault)).toMatchObject({ code: 'vault_locked' });
    expect(await launch(withPhrase('wrong horse battery')).catch((fault: unknown) => fault)).toMatchObject({
      code: 'wrong_passphrase',
    });
    const again = await launch(withPhrase('correct horse battery'));
    await again.stop();
    at.remove();
  });
});

describe('https by the appliance’s own authority', () => {
  it('is how anything but plain loopback is served, and clients of the machine find what to trust', async () => {
    const at = makePlace();
    // Still this machine only, but not by a name that may go in clear.
    const running = await launch(at, { host: '::ffff:127.0.0.1' });
    try {
      expect(running.url).toMatch(/^https:/);
      const found = findAppliance(at.dataDir);
      expect(found).toMatchObject({ url: running.url, pid: running.pid });
      const ask = (ca?: string) =>
        new Promise<number | string>((resolve) => {
          const url = new URL('/api/v1/datasets', running.url);
          url.hostname = '127.0.0.1';
          const headers = { authorization: `Bearer ${running.token}` };
          tlsRequest(url, { ca, headers }, (answer) => {
            answer.resume();
            resolve(answer.statusCode ?? 0);
          })
            .on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
            .end();
        });
      expect(await ask(found?.ca)).toBe(200);
      expect(await ask()).toBe('SELF_SIGNED_CERT_IN_CHAIN');
    } finally {
      await running.stop();
      at.remove();
    }
  });
});
