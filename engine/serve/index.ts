// Serving: replicas of model hosts and their traffic (in the appliance), the host's own work (in a child), protocol forms.
export { describeModel } from './describe.ts';
export type { ServedBundle } from './fleet.ts';
export { openBaseHost } from './baseHost.ts';
export { openGgufHost } from './ggufHost.ts';
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
export { createGuard, type Guard, type Spent } from './guard.ts';
export { priorities, type Priority } from './line.ts';
export type { AskOptions } from './ask.ts';
export type { Meter } from './meter.ts';
export { createTraffic, type Traffic, type TrafficOptions, type Variant } from './traffic.ts';
export { binaryOutputs, type BinaryRequest, readBinary, writeBinary } from './binary.ts';
export { deploymentDocument } from './document.ts';
export { inputsOfInvocation, predictionOf } from './invocations.ts';
export { v2Statistics } from './statistics.ts';
export { composeFiles, kubernetesFiles, type Shipment } from './kubernetes.ts';
