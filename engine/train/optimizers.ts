// Optimisers as one table.

export type OptimizerSpec =
  | { kind: 'sgd'; momentum?: number; nesterov?: boolean; weightDecay?: number }
  | { kind: 'adam' | 'adamw'; betas?: readonly [number, number]; eps?: number; weightDecay?: number }
  | { kind: 'lion'; betas?: readonly [number, number]; weightDecay?: number };
