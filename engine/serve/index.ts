// Serving: replicas of model hosts and their traffic (in the appliance), the host's own work (in a child), protocol forms.
export { describeModel } from './describe.ts';
export type { ServedBundle } from './fleet.ts';
export { type ModelHost, openModelHost } from './host.ts';
export { openTensorHost } from './tensorHost.ts';
export { inferFromV2, inferToV2, v2Metadata } from './protocol.ts';
export {
  createReplicaSet,
  type ReplicaSet,
  type ReplicaSetOptions,
  type ReplicaSetStatus,
} from './replicaSet.ts';
export { type Awake, createAwake } from './awake.ts';
export { readFrames, type WireMessage, writeFrame } from './wire.ts';
export { answerFrame } from './work.ts';
