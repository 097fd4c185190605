// Every long-lived thing moves through states, and this is the one table of which move is allowed.

export const transitions = {
  dataset: {
    importing: ['ready', 'failed'],
    ready: ['deleting'],
    failed: ['deleting'],
    deleting: [],
  },
  run: {
    queued: ['preparing', 'stopped', 'failed', 'interrupted'],
    preparing: ['running', 'waiting', 'stopping', 'failed', 'interrupted'],
    running: ['waiting', 'stopping', 'finished', 'failed', 'interrupted'],
    waiting: ['queued', 'running', 'stopping', 'failed', 'interrupted'],
    stopping: ['stopped', 'finished', 'failed', 'interrupted'],
    finished: [],
    stopped: ['queued'],
    failed: ['queued'],
    interrupted: ['queued', 'failed'],
  },
  model: {
    ready: ['deleting'],
    deleting: [],
  },
  deployment: {
    starting: ['ready', 'failed', 'stopping', 'saved'],
    ready: ['starting', 'failed', 'stopping', 'saved'],
    failed: ['starting', 'stopping', 'saved'],
    /** Wanted, but nothing runs it until an appliance stays up. */
    saved: ['starting', 'stopping'],
    stopping: ['stopped', 'saved'],
    stopped: ['starting'],
  },
  scoring: { running: ['finished', 'failed', 'stopped'], finished: [], failed: [], stopped: [] },
  alert: { active: [] },
  label: { open: ['applied'], applied: [] },
  experiment: { open: ['deleting'], deleting: [] },
  principal: { active: ['disabled'], disabled: ['active'] },
  key: { active: ['revoked'], revoked: [] },
  peer: { paired: ['unpaired'], unpaired: ['paired'] },
} as const satisfies Record<string, Record<string, readonly string[]>>;

export type Kind = keyof typeof transitions;
export type StateOf<K extends Kind> = keyof (typeof transitions)[K] & string;
export type DatasetState = StateOf<'dataset'>;
export type RunState = StateOf<'run'>;
export type ModelState = StateOf<'model'>;
export type DeploymentState = StateOf<'deployment'>;

/** All states of a kind, for zod enums and filters. */
export function statesOf<K extends Kind>(kind: K): [StateOf<K>, ...StateOf<K>[]] {
  return Object.keys(transitions[kind]) as [StateOf<K>, ...StateOf<K>[]];
}

/** Whether a record of this kind may go from one state to the other. */
export function mayMove<K extends Kind>(kind: K, from: StateOf<K>, to: StateOf<K>): boolean {
  const row = transitions[kind] as unknown as Record<string, readonly string[]>;
  return row[from]?.includes(to) ?? false;
}

/** A run that will not change by itself any more. */
export function isRunOver(state: RunState): boolean {
  return ['finished', 'stopped', 'failed', 'interrupted'].includes(state);
}
