// What a gradient rule is given and what it returns.
import type { GraphBuilder, Node, Value } from '../graph/index.ts';

/** A node under differentiation. Rules build their gradients with `g` from these values. */
export interface GradContext {
  g: GraphBuilder;
  node: Node;
  /** Input values; null where an optional input is left out. */
  inputs: (Value | null)[];
  /** Input `i`, which must be there. */
  x(i: number): Value;
  /** The node's output `i`; one that the node does not yet make is added to it. */
  y(i: number): Value;
  /** Gradient of output 0 (of the only output that has one). */
  dy: Value;
  /** Gradients by output; null where none arrives. */
  dys: (Value | null)[];
  int(name: string, otherwise: number): number;
  ints(name: string): readonly number[] | undefined;
  float(name: string, otherwise: number): number;
  text(name: string, otherwise: string): string;
  /** Throws `unsupported_operator` naming the node: this form of it has no gradient. */
  fail(message: string): never;
}

/** Built only if the input's gradient is wanted; null where no gradient flows. */
export type LazyGradient = (() => Value) | null;

/**
 * Gradients of the loss by each input, one entry an input. An entry may have the shape of the node's output where the
 * input was broadcast: the walker sums it back.
 */
export type GradRule = (context: GradContext) => LazyGradient[];

export interface RuleOptions {
  /** The rule is right for an incoming gradient that still wants broadcasting to the output's shape. */
  pointwise?: boolean;
}

export interface RuleEntry extends RuleOptions {
  rule: GradRule;
}

export type RuleTable = Readonly<Record<string, RuleEntry>>;

export const rule = (rule: GradRule): RuleEntry => ({ rule });
export const pointwise = (rule: GradRule): RuleEntry => ({ rule, pointwise: true });

/** For operators whose derivative is zero wherever it exists. */
export const flat: RuleEntry = pointwise((c) => c.inputs.map(() => null));
