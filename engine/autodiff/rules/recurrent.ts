// Gradients of recurrent layers (Hochreiter & Schmidhuber 1997; Cho et al. 2014) by backpropagation through time. All
// gates of all steps are computed again at once from the layer's outputs; only what depends on the next step runs in a
// Scan, and the weights' gradients are single products over all steps.
import { graphBuilder, type GraphBuilder, optimise, type Value } from '../../graph/index.ts';
import { type GradContext, type GradRule, rule, type RuleTable } from '../rule.ts';
import { shapeValue } from '../shapes.ts';

/** One direction of a layer. Sequences are [time, batch, ...], states [batch, hidden]. */
interface Direction {
  c: GradContext;
  g: GraphBuilder;
  hidden: number;
  reverse: boolean;
  x: Value;
  /** [gates·hidden, inputs] and [gates·hidden, hidden]. */
  w: Value;
  r: Value;
  /** Biases of W and of R, [gates·hidden] each; null without B. */
  biases: [Value, Value] | null;
  /** Outputs of every step, and of the step before it in the direction's order. */
  y: Value;
  before: Value;
  /** Initial cell state (LSTM). */
  cell: Value;
  dy: Value;
  dLast: Value;
  dCell: Value;
}

interface Gradients {
  x: Value;
  w: Value;
  r: Value;
  /** [2·gates·hidden] */
  b: Value;
  h: Value;
  cell: Value | null;
}

/** [time, batch, k] as [time·batch, k], and back. */
const rows = (d: Direction, value: Value): Value => d.g.op('Flatten', [value], { axis: 2 });
const steps = (d: Direction, value: Value): Value => {
  const shape = [d.x.shape[0], d.x.shape[1], value.shape[1]];
  return d.g.op('Reshape', [value, shapeValue(d.g, shape, [d.x])]);
};

const mul = (g: GraphBuilder, a: Value, b: Value) => g.op('Mul', [a, b]);
const add = (g: GraphBuilder, a: Value, b: Value) => g.op('Add', [a, b]);
const sub = (g: GraphBuilder, a: Value, b: Value) => g.op('Sub', [a, b]);
const join = (g: GraphBuilder, parts: Value[]) => g.op('Concat', parts, { axis: -1 });
const oneMinus = (g: GraphBuilder, a: Value) => g.op('Sub', [g.constant(1), a]);
/** σ′ and tanh′ by the value of the function. */
const sigmoidSlope = (g: GraphBuilder, y: Value) => mul(g, y, oneMinus(g, y));
const tanhSlope = (g: GraphBuilder, y: Value) => oneMinus(g, mul(g, y, y));

const linear = (g: GraphBuilder, x: Value, w: Value, bias: Value | null): Value =>
  g.op('Gemm', bias ? [x, w, bias] : [x, w], { transB: 1 });

const pieces = (g: GraphBuilder, value: Value, sizes: number[]): Value[] =>
  g.ops('Split', [value, g.ints(sizes)], { axis: value.shape.length - 1 }, sizes.length);

const total = (g: GraphBuilder, value: Value): Value => g.op('ReduceSum', [value, g.ints([0])], { keepdims: 0 });
const outer = (g: GraphBuilder, d: Value, x: Value): Value => g.op('Gemm', [d, x], { transA: 1 });

/** A loop over time: `body` gets states and this step's slices, and gives next states and slices to stack. */
function scan(
  g: GraphBuilder,
  reverse: boolean,
  states: Value[],
  sequences: Value[],
  captured: Value[],
  body: (b: GraphBuilder, states: Value[], slices: Value[]) => { states: Value[]; slices: Value[] },
): Value[] {
  const own = g.unique('scan');
  const b = graphBuilder('step', `${own}.`);
  for (const value of captured) b.capture(value);
  const stateIn = states.map((value, i) => b.input(`${own}.state${i}`, value.dtype, value.shape));
  const sliceIn = sequences.map((value, i) => b.input(`${own}.slice${i}`, value.dtype, value.shape.slice(1)));
  const next = body(b, stateIn, sliceIn);
  next.states.forEach((value, i) => {
    b.output(value, `${own}.next${i}`);
  });
  next.slices.forEach((value, i) => {
    b.output(value, `${own}.out${i}`);
  });
  const backwards = reverse ? 1 : 0;
  return g.ops(
    'Scan',
    [...states, ...sequences],
    {
      // Without the copies that outputs of their own names begin as: they would be made at every step.
      body: optimise(b.build()),
      num_scan_inputs: sequences.length,
      scan_input_directions: sequences.map(() => backwards),
      scan_output_directions: next.slices.map(() => backwards),
    },
    next.states.length + next.slices.length,
  );
}

function lstm(d: Direction): Gradients {
  const { g, hidden } = d;
  const before = rows(d, d.before);
  const bias = d.biases && add(g, ...d.biases);
  const gates = add(g, linear(g, rows(d, d.x), d.w, bias), linear(g, before, d.r, null));
  const [gated, candidate] = pieces(g, gates, [3 * hidden, hidden]);
  const [i, o, f] = pieces(g, steps(d, g.op('Sigmoid', [gated])), [hidden, hidden, hidden]);
  const n = steps(d, g.op('Tanh', [candidate]));
  const [, cells, cellsBefore] = scan(g, d.reverse, [d.cell], [f, mul(g, i, n)], [], (b, [cell], [keep, fresh]) => {
    const next = add(b, mul(b, keep, cell), fresh);
    return { states: [next], slices: [b.op('Identity', [next]), b.op('Identity', [cell])] };
  });
  const squashed = g.op('Tanh', [cells]);
  const intoCell = mul(g, o, tanhSlope(g, squashed));
  const slopes = join(g, [
    mul(g, n, sigmoidSlope(g, i)),
    mul(g, squashed, sigmoidSlope(g, o)),
    mul(g, cellsBefore, sigmoidSlope(g, f)),
    mul(g, i, tanhSlope(g, n)),
  ]);
  const [dh, dc, dGates] = scan(
    g,
    !d.reverse,
    [d.dLast, d.dCell],
    [d.dy, intoCell, f, slopes],
    [d.r],
    (b, [carry, cell], [dy, into, keep, slope]) => {
      const dh = add(b, dy, carry);
      const dc = add(b, mul(b, dh, into), cell);
      const dGate = mul(b, join(b, [dc, dh, dc, dc]), slope);
      return { states: [b.op('MatMul', [dGate, d.r]), mul(b, dc, keep)], slices: [dGate] };
    },
  );
  const flat = rows(d, dGates);
  const b = total(g, flat);
  return {
    x: steps(d, g.op('MatMul', [flat, d.w])),
    w: outer(g, flat, rows(d, d.x)),
    r: outer(g, flat, before),
    b: g.op('Concat', [b, b], { axis: 0 }),
    h: dh,
    cell: dc,
  };
}

function gru(d: Direction): Gradients {
  const { g, hidden } = d;
  const linearFirst = d.c.int('linear_before_reset', 0) === 1;
  const before = rows(d, d.before);
  const fromInput = steps(d, linear(g, rows(d, d.x), d.w, d.biases?.[0] ?? null));
  const [inputGates, inputNew] = pieces(g, fromInput, [2 * hidden, hidden]);
  const [rGates, rNew] = g.ops('Split', [d.r, g.ints([2 * hidden, hidden])], { axis: 0 }, 2);
  const [bGates, bNew] = d.biases
    ? g.ops('Split', [d.biases[1], g.ints([2 * hidden, hidden])], { axis: 0 }, 2)
    : [null, null];
  const stateGates = steps(d, linear(g, before, rGates, bGates));
  const [z, r] = pieces(g, g.op('Sigmoid', [add(g, inputGates, stateGates)]), [hidden, hidden]);
  const reset = mul(g, r, d.before);
  const stateNew = steps(d, linear(g, linearFirst ? before : rows(d, reset), rNew, bNew));
  const n = g.op('Tanh', [add(g, inputNew, linearFirst ? mul(g, r, stateNew) : stateNew)]);
  // Slopes of h = (1−z)·n + z·h₋₁ by the gates before their squashing.
  const byZ = mul(g, sub(g, d.before, n), sigmoidSlope(g, z));
  const byNew = mul(g, oneMinus(g, z), tanhSlope(g, n));
  const rSlope = sigmoidSlope(g, r);

  const finish = (h: Value, dInput: Value, dState: Value, dR: Value): Gradients => ({
    x: steps(d, g.op('MatMul', [dInput, d.w])),
    w: outer(g, dInput, rows(d, d.x)),
    r: dR,
    b: g.op('Concat', [total(g, dInput), total(g, dState)], { axis: 0 }),
    h,
    cell: null,
  });

  if (linearFirst) {
    const byR = mul(g, mul(g, byNew, stateNew), rSlope);
    const slopes = join(g, [byZ, byR, mul(g, byNew, r)]);
    const [h, dState, dh] = scan(
      g,
      !d.reverse,
      [d.dLast],
      [d.dy, slopes, z],
      [d.r],
      (b, [carry], [dy, slope, keep]) => {
        const dh = add(b, dy, carry);
        const dGate = mul(b, join(b, [dh, dh, dh]), slope);
        return { states: [add(b, b.op('MatMul', [dGate, d.r]), mul(b, dh, keep))], slices: [dGate, dh] };
      },
    );
    const flat = rows(d, dState);
    const dInput = rows(
      d,
      join(g, [g.op('Slice', [dState, g.ints([0]), g.ints([2 * hidden]), g.ints([2])]), mul(g, dh, byNew)]),
    );
    return finish(h, dInput, flat, outer(g, flat, before));
  }
  const [h, dGates] = scan(
    g,
    !d.reverse,
    [d.dLast],
    [d.dy, byZ, byNew, mul(g, d.before, rSlope), z, r],
    [rGates, rNew],
    (b, [carry], [dy, zSlope, newSlope, rBefore, keep, open]) => {
      const dh = add(b, dy, carry);
      const dNew = mul(b, dh, newSlope);
      const dReset = b.op('MatMul', [dNew, rNew]);
      const dGate = join(b, [mul(b, dh, zSlope), mul(b, dReset, rBefore)]);
      const back = add(b, b.op('MatMul', [dGate, rGates]), mul(b, dReset, open));
      return { states: [add(b, back, mul(b, dh, keep))], slices: [join(b, [dGate, dNew])] };
    },
  );
  const flat = rows(d, dGates);
  const [dGate, dNew] = pieces(g, flat, [2 * hidden, hidden]);
  return finish(h, flat, flat, g.op('Concat', [outer(g, dGate, before), outer(g, dNew, rows(d, reset))], { axis: 0 }));
}

function rnn(d: Direction): Gradients {
  const { g } = d;
  const [h, dPre] = scan(g, !d.reverse, [d.dLast], [d.dy, tanhSlope(g, d.y)], [d.r], (b, [carry], [dy, slope]) => {
    const pre = mul(b, add(b, dy, carry), slope);
    return { states: [b.op('MatMul', [pre, d.r])], slices: [pre] };
  });
  const flat = rows(d, dPre);
  const b = total(g, flat);
  return {
    x: steps(d, g.op('MatMul', [flat, d.w])),
    w: outer(g, flat, rows(d, d.x)),
    r: outer(g, flat, rows(d, d.before)),
    b: g.op('Concat', [b, b], { axis: 0 }),
    h,
    cell: null,
  };
}

const standard: Readonly<Record<string, readonly string[]>> = {
  RNN: ['Tanh'],
  GRU: ['Sigmoid', 'Tanh'],
  LSTM: ['Sigmoid', 'Tanh', 'Tanh'],
};

function refuse(c: GradContext, count: number): void {
  const want = Array.from({ length: count }, () => standard[c.node.op]).flat();
  const given = c.node.attributes['activations']?.value as string[] | undefined;
  if (given && given.join() !== want.join()) c.fail(`activations ${given.join(', ')}`);
  if (c.node.attributes['clip']) c.fail('clip');
  if (c.int('input_forget', 0) !== 0) c.fail('input_forget');
  if (c.inputs[4]) c.fail('sequence_lens: mask the outputs instead');
  if (c.inputs[7]) c.fail('peepholes');
}

const recurrent =
  (layer: (d: Direction) => Gradients): GradRule =>
  (c) => {
    const { g } = c;
    const hidden = c.int('hidden_size', 0);
    const count = c.text('direction', 'forward') === 'bidirectional' ? 2 : 1;
    refuse(c, count);
    const x = c.x(0);
    /** Part `k` of a value along an axis with one entry a direction. */
    const part = (value: Value, axis: number, k: number): Value => {
      const cut = count === 1 ? value : g.op('Slice', [value, g.ints([k]), g.ints([k + 1]), g.ints([axis])]);
      return g.op('Squeeze', [cut, g.ints([axis])]);
    };
    const zeroState = (): Value => g.op('ConstantOfShape', [shapeValue(g, [x.shape[1], hidden], [x])]);
    const stateOr = (value: Value | null | undefined, k: number): Value => (value ? part(value, 0, k) : zeroState());
    const direction = (k: number): Gradients => {
      const reverse = c.text('direction', 'forward') === 'reverse' || k === 1;
      const y = part(c.y(0), 1, k);
      const initial = g.op('Unsqueeze', [stateOr(c.inputs[5], k), g.ints([0])]);
      const but = reverse ? [1, 2 ** 31 - 1] : [0, -1];
      const kept = g.op('Slice', [y, g.ints([but[0]]), g.ints([but[1]]), g.ints([0])]);
      const joined = g.op('Concat', reverse ? [kept, initial] : [initial, kept], { axis: 0 });
      const bias = c.inputs[3] ? part(c.inputs[3], 0, k) : null;
      const gates = c.x(1).shape[1] as number;
      return layer({
        c,
        g,
        hidden,
        reverse,
        x,
        w: part(c.x(1), 0, k),
        r: part(c.x(2), 0, k),
        biases: bias && (g.ops('Split', [bias, g.ints([gates, gates])], { axis: 0 }, 2) as [Value, Value]),
        y,
        before: g.assume(joined, y.shape),
        cell: stateOr(c.inputs[6], k),
        dy: c.dys[0] ? part(c.dys[0], 1, k) : g.op('Mul', [y, g.constant(0)]),
        dLast: stateOr(c.dys[1], k),
        dCell: stateOr(c.dys[2], k),
      });
    };
    let parts: Gradients[] | undefined;
    const all = () => {
      parts ??= Array.from({ length: count }, (_, k) => direction(k));
      return parts;
    };
    const stacked = (pick: (gradients: Gradients) => Value): Value => {
      const lifted = all().map((one) => g.op('Unsqueeze', [pick(one), g.ints([0])]));
      return count === 1 ? lifted[0] : g.op('Concat', lifted, { axis: 0 });
    };
    return [
      () =>
        count === 1
          ? all()[0].x
          : g.op(
              'Sum',
              all().map((one) => one.x),
            ),
      () => stacked((one) => one.w),
      () => stacked((one) => one.r),
      () => stacked((one) => one.b),
      null,
      () => stacked((one) => one.h),
      () => stacked((one) => one.cell as Value),
    ].slice(0, c.inputs.length);
  };

export const recurrentRules: RuleTable = {
  LSTM: rule(recurrent(lstm)),
  GRU: rule(recurrent(gru)),
  RNN: rule(recurrent(rnn)),
};
