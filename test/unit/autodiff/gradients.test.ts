// Every gradient rule against central differences of the operator itself, and against PyTorch at special points.
import { describe, expect, test } from 'vitest';
import { backward, gradientTable } from '../../../engine/autodiff/index.ts';
import { rng } from '../../../engine/base/index.ts';
import { type Graph, type GraphBuilder, graphBuilder, type Operand, type Value } from '../../../engine/graph/index.ts';
import { type Tensor, tensor } from '../../../engine/onnx/index.ts';
import { compile } from '../../../engine/runtime/index.ts';
import { type Floats, type Row, rows, sizes, specialPoints } from './rows.ts';

const step = 1e-2;

const isFloats = (input: Row['inputs'][number]): input is Floats => input !== null && 'shape' in input;

function fill({ shape, range = [-2, 2], avoid = [] }: Floats, label: string): Tensor {
  const dims = shape.map((dim) => (typeof dim === 'number' ? dim : sizes[dim]));
  const random = rng(1, label);
  const size = dims.reduce((a, b) => a * b, 1);
  const [low, high] = range;
  // Distinct, well apart values in random order, so that maxima and kinks are further away than the step.
  const order = random.shuffle(Array.from({ length: size }, (_, i) => i));
  const data = Float32Array.from(order, (place) => {
    const value = low + ((place + 0.25 + random.next() / 2) / size) * (high - low);
    const kink = avoid.find((point) => Math.abs(value - point) < 3 * step);
    return kink === undefined ? value : kink + 4 * step;
  });
  return tensor('float32', dims, data);
}

interface Built {
  forward: Graph;
  gradient: Graph;
}

/** The operator weighted by `weight.*` inputs as graph outputs `y*`, and the gradients of that weighted sum. */
function build(make: (g: GraphBuilder) => { inputs: Value[]; outputs: Value[] }): Built {
  const plain = graphBuilder('forward');
  make(plain).outputs.forEach((value, i) => {
    plain.output(value, `y${i}`);
  });
  const g = graphBuilder('gradient');
  const { inputs, outputs } = make(g);
  const floats = outputs.filter((value) => value.dtype === 'float32');
  const seeds = new Map(floats.map((value, i) => [value.name, g.input(`weight.${i}`, 'float32', value.shape)]));
  const gradients = backward(
    g,
    g.nodes(),
    seeds,
    inputs.map((value) => value.name),
  );
  for (const [name, value] of gradients) g.output(value, `d.${name}`);
  return { forward: plain.build(), gradient: g.build() };
}

function buildRow(row: Row): Built {
  return build((g) => {
    const operands: Operand[] = row.inputs.map((input, i) => {
      if (input === null) return null;
      return isFloats(input) ? g.input(`x${i}`, 'float32', input.shape) : g.constant(input, `c${i}`);
    });
    const outputs = g.ops(row.op, operands, row.attributes ?? {}, row.outputs ?? 1);
    return {
      inputs: operands.filter((value, i): value is Value => value !== null && isFloats(row.inputs[i])),
      outputs,
    };
  });
}

const title = (row: Row): string =>
  `${row.op} ${row.inputs.map((input) => (input === null ? '_' : isFloats(input) ? `[${input.shape.join()}]` : input.dtype)).join(' ')} ${JSON.stringify(row.attributes ?? {})}`;

/** Largest difference between the rule and central differences, relative to the largest gradient. */
async function worst(row: Row): Promise<number> {
  const { forward, gradient } = buildRow(row);
  const feeds: Record<string, Tensor> = {};
  row.inputs.forEach((input, i) => {
    if (isFloats(input)) feeds[`x${i}`] = fill(input, `${title(row)} ${i}`);
  });
  const program = await compile(forward);
  const first = await program.run(feeds);
  const floats = Object.values(first).filter((value) => value.dtype === 'float32');
  const weights = floats.map((value, i) => fill({ shape: value.dims }, `${title(row)} weight ${i}`));
  const loss = async (): Promise<number> => {
    const outputs = Object.values(await program.run(feeds)).filter((value) => value.dtype === 'float32');
    let sum = 0;
    outputs.forEach((value, i) => {
      (value.data as Float32Array).forEach((v, k) => {
        sum += v * (weights[i].data as Float32Array)[k];
      });
    });
    return sum;
  };
  const backwards = await compile(gradient);
  const gradients = await backwards.run({
    ...feeds,
    ...Object.fromEntries(weights.map((value, i) => [`weight.${i}`, value])),
  });
  let error = 0;
  let scale = 1e-3;
  for (const [name, feed] of Object.entries(feeds)) {
    const x = feed.data as Float32Array;
    const found = gradients[`d.${name}`];
    expect(found.dims).toEqual(feed.dims);
    for (let i = 0; i < x.length; i++) {
      const at = x[i];
      x[i] = at + step;
      const above = await loss();
      const high = x[i];
      x[i] = at - step;
      const below = await loss();
      const expected = (above - below) / (high - x[i]);
      x[i] = at;
      scale = Math.max(scale, Math.abs(expected));
      error = Math.max(error, Math.abs(expected - (found.data as Float32Array)[i]));
    }
  }
  await Promise.all([program.dispose(), backwards.dispose()]);
  return error / scale;
}

describe('gradient rules agree with finite differences', () => {
  test.each(rows.map((row) => [title(row), row] as const))('%s', async (_, row) => {
    expect(await worst(row)).toBeLessThan(row.tolerance ?? 2e-3);
  });
});

describe('gradients at special points are those of PyTorch', () => {
  test.each(specialPoints.map((point) => [`${point.op} at ${point.x.join(', ')}`, point] as const))(
    '%s',
    async (_, point) => {
      const { gradient } = build((g) => {
        const x = g.input('x', 'float32', [point.x.length]);
        const y = g.op(
          point.op,
          [x, ...(point.more ?? []).map((value, i) => g.constant(value, `c${i}`))],
          point.attributes,
        );
        return { inputs: [x], outputs: [y] };
      });
      const program = await compile(gradient);
      const feeds: Record<string, Tensor> = { x: tensor('float32', [point.x.length], point.x) };
      for (const { name, shape } of gradient.inputs) {
        const dims = shape.map(Number);
        if (name.startsWith('weight.'))
          feeds[name] = tensor('float32', dims, new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(1));
      }
      const results = gradient.outputs.length === 0 ? {} : await program.run(feeds);
      const dx = results['d.x'] ? Array.from(results['d.x'].data as Float32Array) : point.x.map(() => 0);
      expect(dx.map((v) => Math.round(v * 1e5) / 1e5 + 0)).toEqual(point.dx);
      await program.dispose();
    },
  );
});

test.each([
  [
    'side by side',
    { kernel_shape: [2, 2], strides: [2, 2] },
    [1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 0, 0, 0, 0, 0, 0, 0],
  ],
  [
    'overlapping',
    { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] },
    [1, 2, 0, 3, 0, 4, 5, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0],
  ],
] as const)(
  'of equal maxima the first gets the gradient, as in PyTorch: windows %s',
  async (_, attributes, expected) => {
    const { gradient } = build((g) => {
      const x = g.input('x', 'float32', ['batch', 1, 4, 5]);
      return { inputs: [x], outputs: [g.op('MaxPool', [x], attributes)] };
    });
    const program = await compile(gradient);
    const x = tensor('float32', [1, 1, 4, 5], [7, 7, 7, 7, 7, 7, 7, 1, 2, 0, 5, 6, 3, 3, 3, 5, 6, 3, 3, 3]);
    const outs = gradient.inputs.find(({ name }) => name === 'weight.0')?.shape.slice(1) as number[];
    const size = outs.reduce((a, b) => a * b, 1);
    const weight = tensor(
      'float32',
      [1, ...outs],
      Float32Array.from({ length: size }, (_unused, i) => i + 1),
    );
    const { 'd.x': dx } = await program.run({ x, 'weight.0': weight });
    expect(Array.from(dx.data as Float32Array)).toEqual(expected);
    await program.dispose();
  },
);

test('a row that is read many times gets every part of its gradient, on several threads', async () => {
  const [vocabulary, width, reads] = [40, 32, 20000];
  const { gradient } = build((g) => {
    const x = g.input('x', 'float32', [vocabulary, width]);
    return { inputs: [x], outputs: [g.op('Gather', [x, g.input('at', 'int64', [reads])])] };
  });
  const program = await compile(gradient, { threads: 4 });
  const feeds = {
    x: tensor('float32', [vocabulary, width]),
    at: tensor(
      'int64',
      [reads],
      BigInt64Array.from({ length: reads }, (_, i) => BigInt((i * 7919) % vocabulary)),
    ),
    'weight.0': tensor('float32', [reads, width], new Float32Array(reads * width).fill(1)),
  };
  for (let i = 0; i < 10; i++) {
    const wrong = ((await program.run(feeds))['d.x'].data as Float32Array).filter((sum) => sum !== reads / vocabulary);
    expect(wrong.length).toBe(0);
  }
  await program.dispose();
});

test('every operator with a gradient rule has a row or a special point', () => {
  const covered = new Set([...rows.map((row) => row.op), ...specialPoints.map((point) => point.op), 'Ceil', 'Round']);
  expect(Object.keys(gradientTable).filter((op) => !covered.has(op))).toEqual([]);
});
