// Recurrent layers over [time, batch, features].
import type { InferContext, OpRule, OpTable, ValueType } from '../rule.ts';

const directions = { forward: 1, reverse: 1, bidirectional: 2 } as const;

/** Outputs Y [time, directions, batch, hidden], Y_h and, for LSTM, Y_c. */
function recurrent(c: InferContext, gates: number, cell: boolean): ValueType[] {
  const x = c.input(0);
  const hidden = c.int('hidden_size', 0);
  if (x.shape.length !== 3 || hidden <= 0) c.fail('needs input of rank 3 and hidden_size');
  if (c.int('layout', 0) !== 0) c.fail('layout 1 is not supported: transpose around the layer');
  const count = directions[c.text('direction', 'forward') as keyof typeof directions];
  const want = [count, gates * hidden, x.shape[2]].join();
  if (c.input(1).shape.join() !== want) c.fail(`W has shape [${c.input(1).shape.join(',')}], not [${want}]`);
  const state: ValueType = { dtype: x.dtype, shape: [count, x.shape[1], hidden] };
  return [{ dtype: x.dtype, shape: [x.shape[0], count, x.shape[1], hidden] }, state, ...(cell ? [state] : [])];
}

const attributes = {
  activations: 'strings',
  activation_alpha: 'floats',
  activation_beta: 'floats',
  clip: 'float',
  direction: 'string',
  hidden_size: 'int',
  layout: 'int',
} as const;

const layer = (gates: number, inputs: number, extra: OpRule['attributes']): OpRule => ({
  inputs: [3, inputs],
  outputs: [1, inputs === 8 ? 3 : 2],
  attributes: { ...attributes, ...extra },
  infer: (c) => recurrent(c, gates, inputs === 8),
});

/** A loop over the leading axis; the body's own outputs say the types. */
const scan: OpRule = {
  inputs: [1, 64],
  outputs: [1, 64],
  attributes: {
    body: 'graph',
    num_scan_inputs: 'int',
    scan_input_axes: 'ints',
    scan_input_directions: 'ints',
    scan_output_axes: 'ints',
    scan_output_directions: 'ints',
  },
  infer: (c) => {
    const body = c.node.attributes['body'];
    if (body?.type !== 'graph') return c.fail('body is missing');
    if (c.ints('scan_input_axes') ?? c.ints('scan_output_axes')) c.fail('scan axes other than 0 are not supported');
    const states = c.node.inputs.length - c.int('num_scan_inputs', 0);
    const [time] = c.input(states).shape;
    return body.value.outputs.map(({ dtype, shape }, i) => ({
      dtype,
      shape: i < states ? c.input(i).shape : [time, ...shape],
    }));
  },
};

export const recurrentOps: OpTable = {
  Scan: scan,
  RNN: layer(1, 6, {}),
  GRU: layer(3, 6, { linear_before_reset: 'int' }),
  LSTM: layer(4, 8, { input_forget: 'int' }),
};
