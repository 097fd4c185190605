// The Open Inference Protocol over real HTTP: every example of its specification and of the binary extension, against a model
// with the example's own inputs and output, and what malformed requests get.
// github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphBuilder, modelOf } from '../../engine/graph/index.ts';
import { encodeModel, tensor } from '../../engine/onnx/index.ts';
import { launch, makePlace, type Place, type Running } from './parts/appliance.ts';

let place: Place;
let appliance: Running;

/** `output0` is input1 as numbers, one a row, plus the first row of input0 and the constants of the example's answer. */
function example(): Uint8Array {
  const g = graphBuilder('mymodel');
  const numbers = g.input('input0', 'uint32', [2, 2]);
  const flags = g.input('input1', 'bool', [3]);
  const row = g.op('Slice', [g.op('Cast', [numbers], { to: 1 }), g.ints([0]), g.ints([1]), g.ints([0])]);
  const column = g.op('Reshape', [g.op('Cast', [flags], { to: 1 }), g.ints([3, 1])]);
  const constant = g.constant(tensor('float32', [3, 2], [-1, -1.9, 1, 0.1, 1, 1.1]));
  g.output(g.op('Add', [g.op('Add', [column, row]), constant]), 'output0');
  return encodeModel(modelOf(g.build()));
}

beforeAll(async () => {
  place = makePlace();
  appliance = await launch(place);
  const path = join(place.root, 'mymodel.onnx');
  writeFileSync(path, example());
  await appliance.client.call('models.adopt', { body: { path, name: 'mymodel', asIs: true } });
  await appliance.client.call('deployments.create', { body: { model: 'mymodel' } });
}, 60_000);
afterAll(async () => {
  await appliance?.stop();
  place.remove();
});

interface Reply {
  status: number;
  type: string | null;
  jsonBytes: string | null;
  bytes: Buffer;
}

async function send(method: string, path: string, body?: Buffer, headers: Record<string, string> = {}): Promise<Reply> {
  const response = await fetch(`${appliance.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${appliance.token}`, ...headers },
    ...(body ? { body: new Uint8Array(body) } : {}),
  });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    jsonBytes: response.headers.get('inference-header-content-length'),
    bytes: Buffer.from(await response.arrayBuffer()),
  };
}
const read = ({ bytes }: Reply): unknown => JSON.parse(bytes.toString());
const get = async (path: string) => {
  const reply = await send('GET', path);
  return [reply.status, read(reply)];
};
const asJson = { 'content-type': 'application/json' };
const infer = (body: unknown, at = '/v2/models/mymodel/infer') =>
  send('POST', at, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), asJson);
const binary = (head: unknown, tails: Uint8Array[], length?: number) => {
  const json = Buffer.from(JSON.stringify(head));
  return send('POST', '/v2/models/mymodel/infer', Buffer.concat([json, ...tails]), {
    'content-type': 'application/octet-stream',
    'inference-header-content-length': String(length ?? json.length),
  });
};

const input0 = { name: 'input0', shape: [2, 2], datatype: 'UINT32', data: [1, 2, 3, 4] as unknown[] };
const input1 = { name: 'input1', shape: [3], datatype: 'BOOL', data: [true, false, true] as unknown[] };
const request = { id: '42', inputs: [input0, input1], outputs: [{ name: 'output0' }] };
const answered = [1, 1.1, 2, 2.1, 3, 4.1];
const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 5) as number);
const metadata = {
  name: 'mymodel',
  versions: ['1'],
  platform: 'onnxruntime_onnx',
  inputs: [
    { name: 'input0', datatype: 'UINT32', shape: [2, 2] },
    { name: 'input1', datatype: 'BOOL', shape: [3] },
  ],
  outputs: [{ name: 'output0', datatype: 'FP32', shape: [3, 2] }],
};

describe('the examples of the specification', () => {
  it('server: live, ready, metadata with its extensions', async () => {
    expect(await get('/v2/health/live')).toEqual([200, { live: true, ready: true }]);
    expect(await get('/v2/health/ready')).toEqual([200, { live: true, ready: true }]);
    const [status, server] = await get('/v2');
    expect([status, server]).toEqual([
      200,
      {
        name: 'neutrino',
        version: expect.any(String) as string,
        extensions: ['binary_tensor_data', 'model_repository', 'statistics'],
      },
    ]);
  });

  it('model: metadata and readiness, with and without a version', async () => {
    expect(await get('/v2/models/mymodel')).toEqual([200, metadata]);
    expect(await get('/v2/models/mymodel/versions/1')).toEqual([200, metadata]);
    expect(await get('/v2/models/mymodel/ready')).toEqual([200, { name: 'mymodel', ready: true }]);
    expect(await get('/v2/models/mymodel/versions/1/ready')).toEqual([200, { name: 'mymodel', ready: true }]);
    expect(await get('/v2/models/nobody')).toEqual([404, { error: expect.stringContaining('nobody') as string }]);
    expect(await get('/v2/models/mymodel/versions/7')).toEqual([
      404,
      { error: expect.stringContaining('version 7 of mymodel is not served') as string },
    ]);
  });

  it.each([['/v2/models/mymodel/infer'], ['/v2/models/mymodel/versions/1/infer']])(
    'inference in JSON at %s',
    async (at) => {
      const reply = await infer(request, at);
      expect([reply.status, reply.type]).toEqual([200, 'application/json; charset=utf-8']);
      expect(read(reply)).toEqual({
        model_name: 'mymodel',
        model_version: '1',
        id: '42',
        outputs: [{ name: 'output0', shape: [3, 2], datatype: 'FP32', data: close(answered) }],
      });
    },
  );

  it('nested data, no id, no outputs named: all are given', async () => {
    const nested = {
      ...input0,
      data: [
        [1, 2],
        [3, 4],
      ],
    };
    const reply = await infer({ inputs: [input1, nested] });
    expect(read(reply)).toEqual({
      model_name: 'mymodel',
      model_version: '1',
      outputs: [{ name: 'output0', shape: [3, 2], datatype: 'FP32', data: close(answered) }],
    });
  });

  const numbers = new Uint8Array(new Uint32Array([1, 2, 3, 4]).buffer);
  const flags = new Uint8Array([1, 0, 1]);
  const sized = ({ data: _data, ...rest }: typeof input0, binary_data_size: number) => ({
    ...rest,
    parameters: { binary_data_size },
  });
  const byBytes = [sized(input0, 16), sized(input1, 3)];

  it('binary tensors both ways, with the example’s own field model_name', async () => {
    const outputs = [{ name: 'output0', parameters: { binary_data: true } }];
    const reply = await binary({ model_name: 'mymodel', inputs: byBytes, outputs }, [numbers, flags]);
    const length = Number(reply.jsonBytes);
    expect([reply.status, reply.type, reply.bytes.length - length]).toEqual([200, 'application/octet-stream', 24]);
    expect(JSON.parse(reply.bytes.toString('utf8', 0, length))).toEqual({
      model_name: 'mymodel',
      model_version: '1',
      outputs: [{ name: 'output0', shape: [3, 2], datatype: 'FP32', parameters: { binary_data_size: 24 } }],
    });
    expect(Array.from(new Float32Array(new Uint8Array(reply.bytes.subarray(length)).buffer))).toEqual(close(answered));
  });

  it('bytes for one input and JSON for another; binary_data_output, overridden by binary_data', async () => {
    const head = { parameters: { binary_data_output: true }, inputs: [input0, sized(input1, 3)] };
    const bytes = await binary(head, [flags]);
    expect([bytes.status, bytes.bytes.length - Number(bytes.jsonBytes)]).toEqual([200, 24]);
    const outputs = [{ name: 'output0', parameters: { binary_data: false } }];
    const json = await binary({ ...head, outputs }, [flags]);
    expect(read(json)).toMatchObject({ outputs: [{ data: close(answered) }] });
  });

  it('statistics, index, unload and load', async () => {
    const [, stats] = await get('/v2/models/mymodel/versions/1/stats');
    expect(stats).toMatchObject({ model_stats: [{ name: 'mymodel', version: '1' }] });
    const index = async () => read(await infer({}, '/v2/repository/index'));
    expect(await index()).toEqual([{ name: 'mymodel', version: '1', state: 'READY', reason: '' }]);
    expect((await infer({}, '/v2/repository/models/mymodel/unload')).status).toBe(200);
    expect(await get('/v2/models/mymodel/ready')).toEqual([200, { name: 'mymodel', ready: false }]);
    expect((await infer(request)).status).toBe(503);
    expect((await infer({}, '/v2/repository/models/mymodel/load')).status).toBe(200);
    expect((await infer(request)).status).toBe(200);
  });

  it.each<[string, () => Promise<Reply>, number, RegExp]>([
    [
      'fewer elements than the shape, as the specification’s own example has',
      () => infer({ inputs: [input0, { ...input1, data: [true] }] }),
      422,
      /input1" of shape \[3\] needs 3 elements of data, but has 1/,
    ],
    [
      'a wrong shape',
      () => infer({ inputs: [{ ...input0, shape: [4] }, input1] }),
      422,
      /input0" must have shape \[2,2\], not \[4\]/,
    ],
    [
      'a wrong datatype',
      () => infer({ inputs: [{ ...input0, datatype: 'FP32' }, input1] }),
      422,
      /must be UINT32, not FP32/,
    ],
    [
      'an unknown datatype',
      () => infer({ inputs: [{ ...input0, datatype: 'COMPLEX' }, input1] }),
      422,
      /must be UINT32, not COMPLEX/,
    ],
    ['a negative dimension', () => infer({ inputs: [{ ...input0, shape: [-1, 2] }, input1] }), 400, /shape/],
    ['no input', () => infer({ inputs: [] }), 400, /inputs/],
    ['a missing input', () => infer({ inputs: [input0] }), 422, /input1" is missing/],
    [
      'an unknown input',
      () => infer({ inputs: [input0, input1, { ...input0, name: 'x' }] }),
      422,
      /"x" is not an input/,
    ],
    ['an input twice', () => infer({ inputs: [input0, input0, input1] }), 422, /was sent twice/],
    ['an unknown output', () => infer({ ...request, outputs: [{ name: 'y' }] }), 422, /"y" is not an output/],
    [
      'ragged data',
      () => infer({ inputs: [{ ...input0, data: [[1], [2, 3, 4]] }, input1] }),
      422,
      /does not match shape/,
    ],
    [
      'a number that is no UINT32',
      () => infer({ inputs: [{ ...input0, data: [1, 2, 3, -4] }, input1] }),
      422,
      /element 3 must be an integer/,
    ],
    ['null', () => infer({ inputs: [{ ...input0, data: [1, 2, 3, null] }, input1] }), 422, /element 3 .*not null/],
    [
      'NaN, which JSON does not have',
      () => infer('{"inputs":[{"name":"input0","shape":[2,2],"datatype":"UINT32","data":[1,2,3,NaN]}]}'),
      400,
      /not JSON.*column/,
    ],
    ['no JSON at all', () => infer('hello'), 400, /not JSON/],
    [
      'a claim of 4 GB',
      () => infer({ inputs: [{ ...input0, shape: [32768, 32768] }, input1] }),
      413,
      /claims shape \[32768,32768\]/,
    ],
    [
      'a claim beyond all numbers',
      () => infer({ inputs: [{ ...input0, shape: [2 ** 52, 2 ** 52] }, input1] }),
      413,
      /claims shape/,
    ],
    [
      'half a million numbers too many',
      () => infer(`{"inputs":[{"name":"input0","shape":[2,2],"datatype":"UINT32","data":[${'1,'.repeat(600_000)}1]}]}`),
      413,
      /tensors as bytes \(binary_data_size/,
    ],
    [
      'a claim of 1 GB of bytes',
      () => binary({ inputs: [sized(input0, 2 ** 30), input1] }, []),
      400,
      /claims 1073741824 bytes of binary data, but 0 are left/,
    ],
    [
      'too few bytes',
      () => binary({ inputs: [sized(input0, 12), input1] }, [numbers.subarray(0, 12)]),
      422,
      /needs 16 bytes of binary data, but has 12/,
    ],
    [
      'bytes of nobody',
      () => binary({ inputs: byBytes }, [numbers, flags, flags]),
      400,
      /3 bytes of the body belong to no input/,
    ],
    ['a byte that is no BOOL', () => binary({ inputs: byBytes }, [numbers, new Uint8Array([1, 0, 2])]), 422, /no BOOL/],
    [
      'a size that is no number',
      () => binary({ inputs: [{ ...sized(input0, 0), parameters: { binary_data_size: 'x' } }, input1] }, []),
      400,
      /claims "x" bytes/,
    ],
    [
      'a length beyond the body',
      () => binary({ inputs: byBytes }, [], 99_999),
      400,
      /Inference-Header-Content-Length is 99999/,
    ],
    [
      'data and bytes at once',
      () => binary({ inputs: [{ ...input0, parameters: { binary_data_size: 16 } }, input1] }, [numbers]),
      400,
      /both data and binary_data_size/,
    ],
  ])('refuses %s in clear words', async (_what, ask, status, words) => {
    const reply = await ask();
    expect([reply.status, read(reply)]).toEqual([status, { error: expect.stringMatching(words) as string }]);
  });
});
