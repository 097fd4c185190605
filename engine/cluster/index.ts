// The only surface of cluster/: this machine in its room. PROTOCOL.md says what goes over the wire.
export { type Cluster, type ClusterOptions, openCluster, type TrustBook } from './cluster.ts';
export { type FederatedSum, type Hub, openHub } from './federated/hub.ts';
export { type Heard, openSpoke, type Spoke } from './federated/spoke.ts';
export type { Numbers } from './federated/fixed.ts';
export { allFinite } from './ring/kernels.ts';
export { type JobNode, openJobNode, type Place, rowsOf, type Turn } from './job/node.ts';
export type { Trusted } from './peers.ts';
export type { DenseEncoding } from './ring/codec.ts';
export { between, copyRows, numbersOf, type TouchedTable } from './ring/tableRows.ts';
