// Graphs run where they are asked to, write where they are told to, and say clearly when they cannot.
import { expect, test } from 'vitest';
import { graphBuilder } from '../../../engine/graph/index.ts';
import { tensor } from '../../../engine/onnx/index.ts';
import { compile, listDevices } from '../../../engine/runtime/index.ts';

function doubling() {
  const g = graphBuilder('doubling');
  const x = g.input('x', 'float32', ['n']);
  g.output(g.op('Add', [x, x]), 'twice');
  g.output(g.op('Neg', [x]), 'negative');
  return g.build();
}

const x = tensor('float32', [3], [1, 2, 3]);

test('all outputs come by name, or only those asked for', async () => {
  const program = await compile(doubling());
  expect(await program.run({ x })).toEqual({
    twice: tensor('float32', [3], [2, 4, 6]),
    negative: tensor('float32', [3], [-1, -2, -3]),
  });
  expect(await program.run({ x }, ['negative'])).toEqual({ negative: tensor('float32', [3], [-1, -2, -3]) });
  await program.dispose();
});

test('outputs are written into the given memory, which may be that of an input', async () => {
  const program = await compile(doubling());
  const own = tensor('float32', [3], [1, 2, 3]);
  await program.run({ x: own }, { twice: own });
  expect(own).toEqual(tensor('float32', [3], [2, 4, 6]));
  const bound = program.bind({ x: own }, { twice: own });
  await bound({});
  await bound({});
  expect(own).toEqual(tensor('float32', [3], [8, 16, 24]));
  await program.dispose();
});

test('a training program writes into bound memory without handing copies out, and still tells what went wrong', async () => {
  const program = await compile(doubling(), { training: true });
  const [twice, negative] = [tensor('float32', [3]), tensor('float32', [3])];
  const bound = program.bind({}, { twice, negative });
  await bound({ x });
  expect([twice, negative]).toEqual([tensor('float32', [3], [2, 4, 6]), tensor('float32', [3], [-1, -2, -3])]);
  await expect(bound({ x: tensor('int64', [3]) })).rejects.toThrow('Unexpected input data type');
  await expect(bound({})).rejects.toThrow('onnxruntime:');
  await program.dispose();
});

test('strings go in and out', async () => {
  const g = graphBuilder('labels');
  const label = g.input('label', 'string', ['n']);
  g.output(
    g.op('LabelEncoder', [label], { keys_strings: ['a', 'b'], values_int64s: [10, 20], default_int64: -1 }),
    'id',
  );
  const program = await compile(g.build());
  expect(await program.run({ label: tensor('string', [3], ['b', 'ü', 'a']) })).toEqual({
    id: tensor('int64', [3], [20, -1, 10]),
  });
  await program.dispose();
});

test('a device that nobody knows is refused with the list', async () => {
  await expect(compile(doubling(), { device: 'abacus' })).rejects.toThrow(
    'there is no device "abacus": use one of cpu, webgpu, cuda, dml, coreml, tfjs',
  );
});

test('a device that is missing says what to do, and the list agrees', async () => {
  const devices = await listDevices();
  expect(devices.find((device) => device.id === 'cpu')).toEqual({ id: 'cpu', name: 'CPU', available: true });
  for (const { id, available, why } of devices) {
    if (available) continue;
    expect(why).toBeTypeOf('string');
    await expect(compile(doubling(), { device: id })).rejects.toThrow(expect.objectContaining({ code: 'no_device' }));
  }
});
