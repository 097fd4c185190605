// Activation functions by the names that Hugging Face gives them (transformers' ACT2FN), as standard operators.
import type { GraphBuilder, Value } from '../../graph/index.ts';
import { Fault } from '../../schema/index.ts';

type Build = (g: GraphBuilder, x: Value) => Value;

/** x/2·(1 + erf(x/√2)) (Hendrycks & Gimpel 2016). */
const gelu: Build = (g, x) => {
  const erf = g.op('Erf', [g.op('Mul', [x, g.constant(Math.SQRT1_2)])]);
  return g.op('Mul', [g.op('Mul', [x, g.constant(0.5)]), g.op('Add', [erf, g.constant(1)])]);
};

/** The same by tanh: x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))). */
const geluTanh: Build = (g, x) => {
  const square = g.op('Mul', [x, x]);
  const slope = g.op('Add', [g.op('Mul', [square, g.constant(0.044715)]), g.constant(1)]);
  const inner = g.op('Mul', [g.op('Mul', [x, slope]), g.constant(Math.sqrt(2 / Math.PI))]);
  return g.op('Mul', [g.op('Mul', [x, g.constant(0.5)]), g.op('Add', [g.op('Tanh', [inner]), g.constant(1)])]);
};

const activations: Readonly<Record<string, Build>> = {
  gelu,
  gelu_new: geluTanh,
  gelu_fast: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  quick_gelu: (g, x) => g.op('Mul', [x, g.op('Sigmoid', [g.op('Mul', [x, g.constant(1.702)])])]),
  relu: (g, x) => g.op('Relu', [x]),
  silu: (g, x) => g.op('Mul', [x, g.op('Sigmoid', [x])]),
  swish: (g, x) => g.op('Mul', [x, g.op('Sigmoid', [x])]),
  tanh: (g, x) => g.op('Tanh', [x]),
  sigmoid: (g, x) => g.op('Sigmoid', [x]),
};

/** The activation that option `option` of config.json names; throws `bad_graph` naming both. */
export function activationOf(option: string, name: string): Build {
  if (Object.hasOwn(activations, name)) return activations[name];
  const known = Object.keys(activations).join(', ');
  throw new Fault(
    'bad_graph',
    `config.json: "${option}": ${JSON.stringify(name)} is not supported; it may be ${known}`,
  );
}
