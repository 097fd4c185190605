import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { reasonOf, reasonOver, tell } from '../../../engine/monitor/index.ts';
import { alertChannel } from '../../../engine/schema/monitoring.ts';
import type { AlertCondition } from '../../../engine/schema/index.ts';

const telling = {
  alert: 'too many spam',
  deployment: 'mail',
  at: 1_700_000_000_000,
  value: 12,
  message: '“spam” was answered 12 times in 60 s',
};

test('a webhook gets the alert as JSON, again after a failure', async () => {
  const heard: unknown[] = [];
  const server = createHttp((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      heard.push(JSON.parse(Buffer.concat(chunks).toString()));
      res.writeHead(heard.length === 1 ? 500 : 204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await tell({ to: 'webhook', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` }, telling);
  server.close();
  expect(heard).toEqual([telling, telling]);
});

test.each(['http://169.254.169.254/', 'http://[fe80::1]/', 'http://[::ffff:169.254.169.254]/', 'http://2852039166/'])(
  'nothing is told to the link-local address %s',
  async (url) => {
    await expect(tell({ to: 'webhook', url }, telling)).rejects.toThrow('link-local');
    await expect(tell({ to: 'email', address: 'a@b', server: url.replace('http', 'smtp') }, telling)).rejects.toThrow();
  },
);

test('an address of a webhook has no name and password, which would be shown with it', () => {
  const of = (url: string) => alertChannel.safeParse({ to: 'webhook', url });
  expect(of('http://u:SECRET@sink.lab/').error?.issues.map(({ message }) => message)).toEqual([
    'leave name and password out of the address of a webhook',
  ]);
  expect(of('http://sink.lab/hook').success).toBe(true);
});

test('a mail server takes the alert over SMTP', async () => {
  const lines: string[] = [];
  const server = createServer((socket) => {
    let data = false;
    let rest = '';
    socket.write('220 sink\r\n');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      rest += chunk.toString();
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        lines.push(line);
        if (data) {
          if (line === '.') {
            data = false;
            socket.write('250 taken\r\n');
          }
        } else if (line === 'DATA') {
          data = true;
          socket.write('354 go on\r\n');
        } else if (line === 'QUIT') socket.end('221 bye\r\n');
        else socket.write('250 ok\r\n');
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await tell({ to: 'email', address: 'ada@example.org', server: address, from: 'lab@example.org' }, telling);
  server.close();
  expect(lines).toEqual(
    expect.arrayContaining([
      'MAIL FROM:<lab@example.org>',
      'RCPT TO:<ada@example.org>',
      'Subject: [neutrino] too many spam: mail',
      'Value: 12',
    ]),
  );
});

test('a channel that cannot be reached says why', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  await expect(tell({ to: 'webhook', url: `http://127.0.0.1:${port}/` }, telling)).rejects.toThrow();
});

const recent = (figures: Partial<ReturnType<Parameters<typeof reasonOver>[1]>>) => () => ({
  requests: 100,
  errors: 0,
  p95: 5,
  classes: new Map<string, number>(),
  ...figures,
});

test.each<[string, AlertCondition, Parameters<typeof recent>[0], string | undefined]>([
  ['failures', { on: 'errors', above: 0.1, seconds: 60 }, { errors: 11 }, '11 of 100 requests failed in 60 s'],
  ['few failures', { on: 'errors', above: 0.1, seconds: 60 }, { errors: 10 }, undefined],
  ['failures of too few requests', { on: 'errors', above: 0.1, seconds: 60 }, { requests: 3, errors: 3 }, undefined],
  ['slowness', { on: 'latency', above: 20, seconds: 60 }, { p95: 25 }, 'the 95th percentile is 25.0 ms over 60 s'],
  [
    'a burst of a class',
    { on: 'burst', class: 'spam', above: 10, seconds: 60 },
    { classes: new Map([['spam', 12]]) },
    '“spam” was answered 12 times in 60 s',
  ],
  ['no burst', { on: 'burst', class: 'spam', above: 12, seconds: 60 }, { classes: new Map([['spam', 12]]) }, undefined],
])('%s', (_name, when, figures, message) => {
  expect(reasonOver(when, recent(figures))?.message).toBe(message);
});

test('a threshold speaks of values and of the scores of a class', () => {
  const label = { label: 'spam', scores: { spam: 0.97, ham: 0.03 } };
  expect(reasonOf({ on: 'threshold', class: 'spam', above: 0.9 }, [label])?.value).toBe(0.97);
  expect(reasonOf({ on: 'threshold', class: 'ham', above: 0.9 }, [label])).toBeUndefined();
  expect(reasonOf({ on: 'threshold', below: 2 }, [{ value: 3 }, { value: 1.5 }])?.value).toBe(1.5);
  expect(reasonOf({ on: 'threshold', above: 2 }, [label])).toBeUndefined();
});

test('what is on its way is given up at once when its owner stops', async () => {
  const held = createServer((socket) => void socket.on('error', () => undefined));
  held.listen(0, '127.0.0.1');
  await once(held, 'listening');
  const { port } = held.address() as AddressInfo;
  const stopping = new AbortController();
  const told = [
    tell({ to: 'webhook', url: `http://127.0.0.1:${port}/` }, telling, stopping.signal),
    tell({ to: 'email', address: 'a@b', server: `smtp://127.0.0.1:${port}` }, telling, stopping.signal),
  ];
  const ended = Promise.allSettled(told);
  const connected = [once(held, 'connection'), once(held, 'connection')];
  await Promise.race(connected);
  const began = performance.now();
  stopping.abort(new Error('the appliance stops'));
  expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(performance.now() - began).toBeLessThan(5000);
  held.close();
});
