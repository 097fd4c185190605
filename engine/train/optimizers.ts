// Optimisers as one table: what state they keep, their scalars of a step, and the update as a graph over flat buffers.
// Every operator is element-wise, so the update may be in place and in one pass (runtime/fused.ts).
import { type Graph, type GraphBuilder, graphBuilder, type Value } from '../graph/index.ts';

export type OptimizerSpec =
  | { kind: 'sgd'; momentum?: number; nesterov?: boolean; weightDecay?: number }
  | { kind: 'adam' | 'adamw'; betas?: readonly [number, number]; eps?: number; weightDecay?: number }
  | { kind: 'lion'; betas?: readonly [number, number]; weightDecay?: number };

/** What a step brings: `scale` turns the summed gradient into the (clipped) mean; `step` counts from 1. */
export interface StepScalars {
  lr: number;
  scale: number;
  step: number;
}

interface Update {
  weight: Value;
  slots: Value[];
}

interface Optimizer<S extends OptimizerSpec> {
  /** State buffers as long as the weights, zero at the start. */
  slots(spec: S): readonly string[];
  /** Scalars that enter the graph, computed in double precision. */
  scalars(spec: S, step: StepScalars): Record<string, number>;
  build(
    g: GraphBuilder,
    spec: S,
    weight: Value,
    gradient: Value,
    slots: readonly Value[],
    scalar: Record<string, Value>,
  ): Update;
}

const mul = (g: GraphBuilder, a: Value, b: Value) => g.op('Mul', [a, b]);
const add = (g: GraphBuilder, a: Value, b: Value) => g.op('Add', [a, b]);
const sub = (g: GraphBuilder, a: Value, b: Value) => g.op('Sub', [a, b]);

/** Stochastic gradient descent with momentum (Polyak 1964; Nesterov's form as in Sutskever et al. 2013), L2 decay. */
const sgd: Optimizer<Extract<OptimizerSpec, { kind: 'sgd' }>> = {
  slots: ({ momentum = 0 }) => (momentum === 0 ? [] : ['momentum']),
  scalars: (spec, { lr, scale }) => ({ lr, scale, retained: spec.momentum ?? 0, decay: spec.weightDecay ?? 0 }),
  build(g, { momentum = 0, nesterov = false, weightDecay = 0 }, weight, gradient, [velocity], s) {
    const scaled = mul(g, gradient, s['scale']);
    const direct = weightDecay === 0 ? scaled : add(g, scaled, mul(g, weight, s['decay']));
    if (momentum === 0) return { weight: sub(g, weight, mul(g, direct, s['lr'])), slots: [] };
    const moved = add(g, mul(g, velocity, s['retained']), direct);
    const step = nesterov ? add(g, direct, mul(g, moved, s['retained'])) : moved;
    return { weight: sub(g, weight, mul(g, step, s['lr'])), slots: [moved] };
  },
};

const adamBetas = [0.9, 0.999] as const;

/**
 * Adam (Kingma & Ba 2015) with L2 decay, and AdamW (Loshchilov & Hutter 2019) with decoupled decay. The bias corrections
 * go into scalars: lr·m̂/(√v̂+ε) = rate·m/(√v+ε·√(1−β₂ᵗ)) with rate = lr·√(1−β₂ᵗ)/(1−β₁ᵗ).
 */
const adam: Optimizer<Extract<OptimizerSpec, { kind: 'adam' | 'adamw' }>> = {
  slots: () => ['m', 'v'],
  scalars(
    { kind, betas: [b1, b2] = adamBetas, eps = 1e-8, weightDecay = kind === 'adamw' ? 0.01 : 0 },
    { lr, scale, step },
  ) {
    const root = Math.sqrt(1 - b2 ** step);
    return {
      beta1: b1,
      beta2: b2,
      // The gradient is scaled once, by (1−β₁) as well; its square takes that factor back out.
      fresh1: (1 - b1) * scale,
      fresh2: (1 - b2) / (1 - b1) ** 2,
      rate: (lr * root) / (1 - b1 ** step),
      eps: eps * root,
      decay: kind === 'adamw' ? 1 - lr * weightDecay : weightDecay * (1 - b1),
    };
  },
  build(g, { kind, weightDecay = kind === 'adamw' ? 0.01 : 0 }, weight, gradient, [m, v], s) {
    const scaled = mul(g, gradient, s['fresh1']);
    const fresh = weightDecay === 0 || kind === 'adamw' ? scaled : add(g, scaled, mul(g, weight, s['decay']));
    const kept = weightDecay === 0 || kind === 'adam' ? weight : mul(g, weight, s['decay']);
    const mean = add(g, mul(g, m, s['beta1']), fresh);
    const square = add(g, mul(g, v, s['beta2']), mul(g, mul(g, fresh, fresh), s['fresh2']));
    const step = g.op('Div', [mul(g, mean, s['rate']), add(g, g.op('Sqrt', [square]), s['eps'])]);
    return { weight: sub(g, kept, step), slots: [mean, square] };
  },
};

/** Lion (Chen et al. 2023): the sign of an interpolated momentum, with decoupled decay. */
const lion: Optimizer<Extract<OptimizerSpec, { kind: 'lion' }>> = {
  slots: () => ['m'],
  scalars: ({ betas: [b1, b2] = [0.9, 0.99], weightDecay = 0 }, { lr, scale }) => ({
    lr,
    beta1: b1,
    beta2: b2,
    fresh1: (1 - b1) * scale,
    fresh2: (1 - b2) * scale,
    decay: 1 - lr * weightDecay,
  }),
  build(g, { weightDecay = 0 }, weight, gradient, [m], s) {
    const sign = g.op('Sign', [add(g, mul(g, m, s['beta1']), mul(g, gradient, s['fresh1']))]);
    const kept = weightDecay === 0 ? weight : mul(g, weight, s['decay']);
    const mean = add(g, mul(g, m, s['beta2']), mul(g, gradient, s['fresh2']));
    return { weight: sub(g, kept, mul(g, sign, s['lr'])), slots: [mean] };
  },
};

const optimizers = { sgd, adam, adamw: adam, lion } as const satisfies Record<OptimizerSpec['kind'], unknown>;

const entryOf = (spec: OptimizerSpec): Optimizer<OptimizerSpec> => optimizers[spec.kind];

/** Names of the state buffers that an optimiser keeps. */
export const optimizerSlots = (spec: OptimizerSpec): readonly string[] => entryOf(spec).slots(spec);

/** The scalar inputs of a step of the `apply` program. */
export const optimizerScalars = (spec: OptimizerSpec, step: StepScalars): Record<string, number> =>
  entryOf(spec).scalars(spec, step);

/**
 * The `apply` program: inputs `weight`, `gradient` and one a slot, all float32 [n], and the scalars of `optimizerScalars`,
 * float32 [] each; outputs `next.weight` and `next.SLOT`, which may be the memory of the inputs.
 */
export function applyGraph(spec: OptimizerSpec): Graph {
  const entry = entryOf(spec);
  const g = graphBuilder(`apply ${spec.kind}`);
  const weight = g.input('weight', 'float32', ['n']);
  const gradient = g.input('gradient', 'float32', ['n']);
  const names = entry.slots(spec);
  const slots = names.map((name) => g.input(name, 'float32', ['n']));
  const keys = Object.keys(entry.scalars(spec, { lr: 1, scale: 1, step: 1 }));
  const scalars = Object.fromEntries(keys.map((key) => [key, g.input(key, 'float32', [])]));
  const next = entry.build(g, spec, weight, gradient, slots, scalars);
  g.output(next.weight, 'next.weight');
  next.slots.forEach((slot, i) => {
    g.output(slot, `next.${names[i]}`);
  });
  return g.build();
}
