import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { readFrames, type WireMessage, writeFrame } from '../../../engine/serve/wire.ts';

async function pair(): Promise<{ near: Socket; far: Socket; close(): void }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [Socket];
  return {
    near,
    far,
    close() {
      near.destroy();
      far.destroy();
      server.close();
    },
  };
}

test('batches with small, large, empty and text tensors arrive whole and in order', async () => {
  const sockets = await pair();
  const large = new Uint8Array(3_000_000).map((_, i) => i % 251);
  const tensor = (data: Uint8Array | string[]) => ({ name: 'x', dtype: 'uint8', dims: [data.length], data });
  const frames: WireMessage[][] = [
    [{ type: 'predict', id: 1, inputs: [{ size: 1.5, note: 'größer “x”' }, 'text'] }],
    [
      { type: 'infer', id: 2, tensors: [tensor(large), tensor(['ä', ''])], outputs: ['y'] },
      { type: 'infer', id: 3, tensors: [tensor(new Uint8Array(0)), tensor(large.subarray(0, 5))] },
    ],
    [{ type: 'refused', id: 4, fault: { code: 'bad_input', message: 'no' } }],
    ...Array.from({ length: 50 }, (_, i): WireMessage[] => [
      { type: 'inferred', id: 10 + i, tensors: [tensor(large.subarray(0, i * 7))], computeMs: 1 },
    ]),
  ];
  const heard: WireMessage[][] = [];
  const all = new Promise<void>((resolve) => {
    readFrames(sockets.far, (messages) => {
      heard.push(messages);
      if (heard.length === frames.length) resolve();
    });
  });
  for (const frame of frames) expect(writeFrame(sockets.near, frame)).toBe(true);
  await all;
  expect(heard.length).toBe(frames.length);
  const bytesOf = (messages: WireMessage[]) =>
    messages.map((message) =>
      'tensors' in message
        ? {
            ...message,
            tensors: message.tensors.map(({ data, ...rest }) => ({
              ...rest,
              data: Array.isArray(data) ? data : Buffer.from(data).toString('latin1'),
            })),
          }
        : message,
    );
  expect(heard.map(bytesOf)).toEqual(frames.map(bytesOf));
  sockets.close();
});

test('nothing is sent on a closed socket', async () => {
  const sockets = await pair();
  sockets.close();
  await once(sockets.near, 'close');
  expect(writeFrame(sockets.near, [])).toBe(false);
});
