// The only surface of cluster/: this machine in its room. PROTOCOL.md says what goes over the wire.
export { type Cluster, type ClusterOptions, openCluster, type TrustBook } from './cluster.ts';
export type { Trusted } from './peers.ts';
