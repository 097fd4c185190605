// Gradients of normalisations.
import type { Value } from '../../graph/index.ts';
import { type GradContext, rule, type RuleTable } from '../rule.ts';
import { expandLike, sumTo } from '../shapes.ts';
import { scalar } from './elementwise.ts';

/** The per-channel vector against [batch, channels, ...space]. */
const aligned = (c: GradContext, value: Value): Value =>
  c.g.op('Reshape', [
    value,
    c.g.ints([
      1,
      -1,
      ...c
        .x(0)
        .shape.slice(2)
        .map(() => 1),
    ]),
  ]);

const perChannel = (c: GradContext, value: Value): Value =>
  c.g.op('ReduceSum', [value, c.g.ints([0, ...value.shape.slice(2).map((_, i) => i + 2)])], { keepdims: 0 });

/** dx of x̂ = (x − mean)·inverse over `axes`, given dx̂ and x̂ (Ioffe & Szegedy 2015, section 3). */
function normalised(c: GradContext, dHat: Value, hat: Value, inverse: Value, axes: number[]): Value {
  const mean = (value: Value) => c.g.op('ReduceMean', [value], { axes, keepdims: 1 });
  const centred = c.g.op('Sub', [dHat, mean(dHat)]);
  const turned = c.g.op('Sub', [centred, c.g.op('Mul', [hat, mean(c.g.op('Mul', [dHat, hat]))])]);
  return c.g.op('Mul', [turned, inverse]);
}

export const normRules: RuleTable = {
  // With fixed statistics; train/ rewrites the training mode before differentiating.
  BatchNormalization: rule((c) => {
    if (c.int('training_mode', 0) === 1) c.fail('training_mode: export the model for inference');
    const deviation = c.g.op('Sqrt', [c.g.op('Add', [c.x(4), c.g.constant(c.float('epsilon', 1e-5))])]);
    const hat = () => c.g.op('Div', [c.g.op('Sub', [c.x(0), aligned(c, c.x(3))]), aligned(c, deviation)]);
    return [
      () => c.g.op('Mul', [c.dy, aligned(c, c.g.op('Div', [c.x(1), deviation]))]),
      () => perChannel(c, c.g.op('Mul', [c.dy, hat()])),
      () => perChannel(c, c.dy),
      null,
      null,
    ];
  }),
  InstanceNormalization: rule((c) => {
    const x = c.x(0);
    const axes = x.shape.slice(2).map((_, i) => i + 2);
    const mean = c.g.op('ReduceMean', [x], { axes, keepdims: 1 });
    const centred = c.g.op('Sub', [x, mean]);
    const variance = c.g.op('ReduceMean', [c.g.op('Mul', [centred, centred])], { axes, keepdims: 1 });
    const deviation = c.g.op('Sqrt', [c.g.op('Add', [variance, scalar(c, c.float('epsilon', 1e-5), x)])]);
    const hat = c.g.op('Div', [centred, deviation]);
    return [
      () => normalised(c, c.g.op('Mul', [c.dy, aligned(c, c.x(1))]), hat, c.g.op('Reciprocal', [deviation]), axes),
      () => perChannel(c, c.g.op('Mul', [c.dy, hat])),
      () => perChannel(c, c.dy),
    ];
  }),
  LayerNormalization: rule((c) => {
    const [x, scale] = [c.x(0), c.x(1)];
    const given = c.int('axis', -1);
    const axis = given < 0 ? given + x.shape.length : given;
    const axes = x.shape.map((_, i) => i).slice(axis);
    const [mean, inverse] = [c.y(1), c.y(2)];
    const hat = c.g.op('Mul', [c.g.op('Sub', [x, mean]), inverse]);
    return [
      () => normalised(c, c.g.op('Mul', [c.dy, scale]), hat, inverse, axes),
      () => sumTo(c.g, expandLike(c.g, c.g.op('Mul', [c.dy, hat]), x), scale.shape),
      () => c.dy,
    ].slice(0, c.inputs.length);
  }),
};
